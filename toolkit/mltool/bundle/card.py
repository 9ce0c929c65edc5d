"""The model card: what people said about a model and what was measured, each number with the file it stands in.

Markdown with the front matter of Hugging Face: https://huggingface.co/docs/hub/model-cards.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mltool.bundle import layout
from mltool.bundle.check import is_pickle
from mltool.release.model import File, Input, Manifest, Metric
from mltool.serving.schema import Input as Field
from mltool.serving.schema import Schema
from mltool.snapshot.model import Leaf

HUMAN: Final = {"intended_use": "Intended use", "limits": "Limits", "owner": "Owner", "license": "Licence"}
TASKS: Final = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}
SHOWN: Final = 20
JUDGED: Final = (
    "What was judged row by row and slice by slice, where it was, stands with what was accepted in the event that "
    "registered it and in the notes of the release."
)
MADE_FROM: Final = {"data": "Data", "params": "Parameters", "code": "Code"}


def render(manifest: Manifest, schema: Schema, *, digest: str) -> str:
    """Return the card of a release; `digest` is its manifest's, `schema` what the model takes and gives."""
    parts = (
        _front(manifest, schema),
        _head(manifest, digest),
        *(f"## {title}\n\n{_prose(manifest.card[key])}" for key, title in HUMAN.items() if manifest.card.get(key)),
        _metrics(manifest),
        _verdicts(manifest),
        _loading(manifest, schema),
        _inputs(schema),
        *(_sources(title, getattr(manifest, name)) for name, title in MADE_FROM.items() if getattr(manifest, name)),
        _environment(manifest),
        _files(manifest),
    )
    return "\n\n".join(parts) + "\n"


def _front(manifest: Manifest, schema: Schema) -> str:
    """Return the front matter; every value is JSON, which YAML reads as it is."""
    task = TASKS[schema.task]
    metrics = [
        {"type": metric.key, "value": metric.value, "name": f"{metric.path}:{metric.key}"}
        for metric in manifest.metrics
        if isinstance(metric.value, int | float)
    ]
    dataset = {"type": "dvc", "name": next((data.path for data in manifest.data), manifest.model)}
    values: Mapping[str, object] = {
        "license": manifest.card.get("license", "").lower(),
        "library_name": "sklearn" if schema.backend == "sklearn" else schema.backend,
        "pipeline_tag": task,
        "tags": ["mltool", task],
        "model-index": [
            {"name": manifest.model, "results": [{"task": {"type": task}, "dataset": dataset, "metrics": metrics}]}
        ],
    }
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value)
    return "\n".join(["---", *lines, "---"])


def _head(manifest: Manifest, digest: str) -> str:
    return (
        f"# {_cell(f'{manifest.model} {manifest.version}')}\n\n"
        f"Release `{digest}`, written by mltool {manifest.tool} from `{layout.MANIFEST}`. Numbers below name the file "
        f"they stand in; `git show {manifest.tree}:FILE` prints it, and `{layout.SUMS}` covers this card."
    )


def _metrics(manifest: Manifest) -> str:
    if not manifest.metrics:
        return "## Metrics\n\nThe pipeline declares none."
    base = f"in {manifest.base}" if manifest.base else "before"
    note = "" if manifest.base else "\n\nNo version was live before this one, so there is nothing to compare with."
    rows = (
        (f"`{metric.key}`", _number(metric.value), _number(metric.base), _change(metric), f"`{metric.path}`")
        for metric in manifest.metrics
    )
    return f"## Metrics\n\n{_table(('metric', 'value', base, 'change', 'file'), rows)}{note}"


def _verdicts(manifest: Manifest) -> str:
    rows = ((verdict.gate, verdict.outcome, verdict.sentence) for verdict in manifest.verdicts)
    if not manifest.verdicts:
        return "## Gates\n\nNo gate judged this release."
    table = _table(("gate", "verdict", "why"), rows)
    return f"## Gates\n\nBy the values of the metrics: **{manifest.outcome}**. {JUDGED}\n\n{table}"


def _loading(manifest: Manifest, schema: Schema) -> str:
    lines = [_danger(file) for file in manifest.files if is_pickle(file)]
    if any(file.role == "loader" for file in manifest.files):
        lines.append("- It is loaded by `loader.py`, code of the repository that is part of the bundle.")
    trusted = ", ".join(f"`{name}`" for name in manifest.trusted)
    if any(file.path.endswith(".skops") for file in manifest.files):
        more = f", and these types that the repository trusts: {trusted}" if trusted else " and no type of its own"
        lines.append(f"- The skops file may hold the types that mltool knows{more}; loading it runs no code in it.")
    golden = (
        f"- `golden.jsonl` has rows with the predictions expected of them, to within {schema.tolerance:g}. They are "
        "predicted again wherever the model is loaded, and it is not served where one differs."
    )
    return "## How it is loaded\n\n" + "\n".join([*lines, _onnx(manifest), golden])


def _danger(file: File) -> str:
    return f"- **`{file.path}` is a pickle: loading it runs any code that is in it.** The repository allows this."


def _onnx(manifest: Manifest) -> str:
    if not any(file.role == "onnx" for file in manifest.files):
        return "- There is no ONNX file: the model itself is served."
    if not manifest.onnx:
        return "- The ONNX file is served."
    found = {key: _number(value) for key, value in manifest.onnx.items()}
    return (
        f"- The ONNX file is served. On {found.get('rows')} rows it differs from the model by at most "
        f"{found.get('max_difference')}, and {found.get('label_flips')} labels differ (`export.json`)."
    )


def _inputs(schema: Schema) -> str:
    rows = ((f"`{each.name}`", each.expected, _range(each)) for each in schema.inputs)
    return f"## Inputs\n\n{_table(('field', 'type', 'training saw'), rows)}\n\nFrom `schema.json`."


def _range(each: Field) -> str:
    if each.categories is not None:
        shown = ", ".join(str(category) for category in each.categories[:SHOWN])
        more = len(each.categories) - SHOWN
        return f"{shown} and {more} more" if more > 0 else shown
    return "" if each.minimum is None or each.maximum is None else f"{_number(each.minimum)} to {_number(each.maximum)}"


def _sources(title: str, sources: Iterable[Input]) -> str:
    rows = ((f"`{each.path}`", "" if each.size is None else str(each.size), f"`{each.hash}`") for each in sources)
    return f"## {title} it was made from\n\n{_table(('path', 'bytes', 'digest'), rows)}"


def _environment(manifest: Manifest) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in sorted(manifest.environment.items()))
    return f"## Environment\n\nPython {manifest.python}; {packages}. `requirements.txt` has the hash of every file."


def _files(manifest: Manifest) -> str:
    rows = ((f"`{file.path}`", str(file.size), f"`{file.sha256}`", f"`{file.source}`") for file in manifest.files)
    return f"## Files\n\n{_table(('file', 'bytes', 'SHA-256', 'from'), rows)}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(_lines(head, rows))


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(text: str) -> str:
    """Return text that stays in its cell and is no HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _prose(text: str) -> str:
    return text.strip().replace("<", "&lt;")


def _number(value: Leaf) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _change(metric: Metric) -> str:
    value, base = metric.value, metric.base
    if not isinstance(value, int | float) or not isinstance(base, int | float):
        return "–"
    return f"{value - base:+g}"
