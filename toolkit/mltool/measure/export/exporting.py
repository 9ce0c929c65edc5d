"""Model and rows → the files of a release."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from mltool import disk
from mltool.errors import UserError
from mltool.measure import model_file, table
from mltool.measure.export import documents, golden, loaded, native, schema
from mltool.measure.export.documents import TOLERANCE, Facts
from mltool.measure.export.golden import Golden
from mltool.measure.export.native import Native
from mltool.measure.export.outputs import Model
from mltool.measure.export.parity import Attempt
from mltool.measure.export.schema import Column
from mltool.measure.predicted import Task
from mltool.serving import backend_sklearn
from mltool.serving import golden as replaying
from mltool.serving.schema import Schema

Convert = Callable[[Native, tuple[Column, ...], Schema, Sequence[pd.DataFrame]], Attempt]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the repository says about a model in `[models.NAME]`."""

    name: str
    trusted: tuple[str, ...] = ()
    pickle: bool = False
    loader: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """What to export: the model file, training and other rows, the column of the truth, and where to write.

    `columns` and `task` are for a loader, whose model cannot be asked for them.
    """

    model: Path
    training: Path
    others: Path
    truth: str
    out: Path
    columns: tuple[str, ...] = ()
    task: Task | None = None


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written, and what to say about it."""

    files: tuple[Path, ...]
    backend: str
    golden_rows: int
    attempt: Attempt


def export(asked: Asked, policy: Policy, *, convert: Convert | None) -> Exported:
    """Write schema.json, golden.jsonl and export.json, and model.onnx where it says the same as the model.

    `convert` makes the ONNX; None: nobody asked. Raises UserError for a model or rows that cannot be served.
    """
    training, others = _tables(asked)
    if policy.loader:
        return _with_loader(asked, policy, training, others)
    model = native.inspect(
        model_file.load_model(asked.model, name=policy.name, trust=policy.trusted, pickle=policy.pickle),
        training,
        truth=asked.truth,
        source=str(asked.model),
    )
    schema.require(others, model.columns, source=str(asked.others))
    columns = schema.columns(training, others, model.columns, source=str(asked.training))
    native.check_labels(model, others, source=str(asked.model))
    columns, chosen = _chosen(model, columns, others, source=str(asked.others))
    attempt = Attempt(reason="Not asked for.")
    if convert is not None:
        shape = Facts(model=model, columns=columns, backend="onnx").schema()
        attempt = convert(model, columns, shape, (chosen.rows, others))
    if attempt.content is not None:
        return _write(asked, policy, Facts(model=model, columns=columns, backend="onnx"), chosen, attempt)
    facts = Facts(model=model, columns=columns, backend="sklearn")
    return _write(
        asked, policy, replace(facts, pandas=_needs_pandas(model.model, facts, chosen, asked.model)), chosen, attempt
    )


def _with_loader(asked: Asked, policy: Policy, training: pd.DataFrame, others: pd.DataFrame) -> Exported:
    names = asked.columns or tuple(str(name) for name in training.columns if name != asked.truth)
    schema.require(others, names, source=str(asked.others))
    columns = schema.columns(training, others, names, source=str(asked.training))
    outline = loaded.outline(training, names, truth=asked.truth, task=asked.task, source=str(asked.training))
    facts = Facts(model=outline, columns=columns, backend="loader")
    with loaded.opened(Path(policy.loader), asked.model, outline, facts.schema()) as model:
        columns, chosen = _chosen(model, columns, others, source=str(asked.others))
        facts = Facts(model=model, columns=columns, backend="loader")
        return _write(asked, policy, facts, chosen, Attempt(reason="The model is run by its loader."))


def _tables(asked: Asked) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training and other rows with the same types: a column that one of them has missing values in is the same
    column in both.
    """
    training, others = table.read(asked.training), table.read(asked.others)
    shared = [name for name in training.columns if name in others.columns]
    kinds = pd.concat([training[shared], others[shared]], ignore_index=True).dtypes.to_dict()
    return training.astype(kinds), others.astype(kinds)


def _chosen(
    model: Model, columns: tuple[Column, ...], others: pd.DataFrame, *, source: str
) -> tuple[tuple[Column, ...], Golden]:
    columns = golden.closed(model, others, columns)
    chosen = golden.choose(model, others, columns, margin=10 * TOLERANCE)
    if not chosen.names:
        raise UserError(f"{source}: the model is undecided about every row, so none can say whether it works.")
    return columns, chosen


def _needs_pandas(model: Any, facts: Facts, chosen: Golden, source: Path) -> bool:
    """Return whether the server needs pandas to say the same. Raises UserError where it does not with it either."""
    if any(
        getattr(part, "_sklearn_output_config", {}).get("transform") == "pandas"
        for part in backend_sklearn.parts(model)
    ):
        return True
    shape = facts.schema()
    examples = replaying.read(golden.lines(chosen, facts.model).encode())
    for frames in (False, True):
        try:
            predict = backend_sklearn.bind(model, shape, examples, frames=frames)
            if not (differences := replaying.replay(predict, shape, examples)):
                return frames
            reason = f"{differences[0].id}: {differences[0].got} instead of {differences[0].expected}"
        except ValueError as error:
            reason = str(error)
    raise UserError(
        f"{source} says something else of rows as a request sends them than of the table: {reason}.",
        "It may depend on types that JSON does not have; turn them into texts and numbers before the model.",
    )


def _write(asked: Asked, policy: Policy, facts: Facts, chosen: Golden, attempt: Attempt) -> Exported:
    onnx = asked.out / "model.onnx"
    contents = {asked.model: asked.model.read_bytes()}
    if attempt.content is not None:
        contents[onnx] = attempt.content
    libraries = documents.libraries(facts, asked.model, contents[asked.model], policy.packages)
    types = model_file.extra_types(asked.model)
    files = {
        "schema.json": documents.text(facts.document()),
        "golden.jsonl": golden.lines(chosen, facts.model),
        "export.json": documents.text(documents.export(contents, libraries, types, attempt)),
    }
    disk.remove(onnx)
    for name, content in files.items():
        disk.write(asked.out / name, content)
    if attempt.content is not None:
        disk.write(onnx, attempt.content)
    written = tuple(asked.out / name for name in files) + ((onnx,) if attempt.content is not None else ())
    return Exported(files=written, backend=facts.backend, golden_rows=len(chosen.names), attempt=attempt)
