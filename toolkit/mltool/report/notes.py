"""What people read beside a published release: Markdown from the manifest, in which no name or number can do anything.

GitHub takes 125,000 characters; what is long is cut here and whole in `release.json`.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from mltool.gates.verdict import Outcome, Verdict
from mltool.release.blessing import Blessing, Judged
from mltool.release.model import Manifest, Metric
from mltool.report import figures
from mltool.report.escape import code, escape

MOST: Final = 30
"""Rows of a table; the rest is counted."""

SAID: Final = {
    Outcome.PASS: "The gates pass.",
    Outcome.FAIL: "**The gates fail.**",
    Outcome.UNDECIDED: "**The gates could not decide.**",
    Outcome.SKIP: "No gate judged a metric.",
}


def title(manifest: Manifest) -> str:
    """Return the release's name, as plain text."""
    return f"{manifest.model} {manifest.version}"


def render(manifest: Manifest, *, digest: str, bundle: str, blessing: Blessing | None = None) -> str:
    """Return the notes; `digest` is the manifest's, `bundle` the archive's file name.

    The gates are told as the `blessing` has them, which knew the predictions; without one, as the manifest does.
    """
    return "\n\n".join(part for part in _parts(manifest, digest, bundle, blessing) if part) + "\n"


def _parts(manifest: Manifest, digest: str, bundle: str, blessing: Blessing | None) -> Iterator[str]:
    told = blessing.gates if blessing else tuple(item for item in manifest.verdicts if item.declared)
    base = f"compared with {code(manifest.base)}" if manifest.base else "the first version, so compared with nothing"
    said = SAID[(blessing or manifest).outcome] + _accepted(told)
    yield f"{code(manifest.model)} {code(manifest.version)}, {base}. {said}"
    yield _verdicts(told)
    yield _metrics(manifest)
    yield _card(manifest)
    if manifest.pickle:
        yield "**This release may hold a pickle: loading it runs whatever code is in it.**"
    yield "\n".join((
        f"- Release: {code(digest)}",
        f"- Check what you downloaded: {code(f'mltool verify {bundle}')}",
        *(f"- {escape(file.role)}: {code(file.path)}, SHA-256 {code(file.sha256)}" for file in manifest.files
          if file.role in ("model", "onnx")),
    ))  # fmt: skip


def _accepted(judged: Sequence[Verdict | Judged]) -> str:
    count = sum(item.accepted != "" for item in judged)
    return f" **{figures.count(count, 'regression')} accepted for a time.**" if count else ""


def _verdicts(judged: Sequence[Verdict | Judged]) -> str:
    """Tell what did not simply pass, and of what was compared row by row also what did, with its interval."""
    told = [item for item in judged if item.outcome is not Outcome.PASS or item.accepted or item.low is not None]
    lines = [
        f"- {'accepted' if item.accepted else escape(item.outcome)}: {escape(item.sentence)}" for item in told[:MOST]
    ]
    return "\n".join((*lines, *_more(len(told) - len(lines))))


def _metrics(manifest: Manifest) -> str:
    if not manifest.metrics:
        return ""
    base = escape(manifest.base) or "before"
    several = len({metric.path for metric in manifest.metrics}) > 1
    rows = [_row(metric, several=several) for metric in manifest.metrics[:MOST]]
    head = (f"| Metric | {base} | {escape(manifest.version)} |", "| --- | ---: | ---: |")
    return "\n".join((*head, *rows)) + "".join(f"\n\n{line}" for line in _more(len(manifest.metrics) - len(rows)))


def _row(metric: Metric, *, several: bool) -> str:
    base, value = figures.beside(metric.key, (metric.base, metric.value))
    return f"| {code(f'{metric.path}:{metric.key}' if several else metric.key)} | {escape(base)} | {escape(value)} |"


def _card(manifest: Manifest) -> str:
    said = [(name, text) for name, text in manifest.card.items() if text.strip()]
    return "\n".join(f"- **{escape(name.replace('_', ' ').capitalize())}:** {escape(text)}" for name, text in said)


def _more(count: int) -> tuple[str, ...]:
    return (f"- … and {count} more in `release.json`.",) if count > 0 else ()
