"""Files that a template makes, against what is there → what would be done."""

import difflib
from collections.abc import Iterable, Mapping

from mltool.scaffold import header
from mltool.scaffold.model import File, Kind, Plan, Step
from mltool.scaffold.pins import Style, keep_newer


def make(files: Iterable[File], *, existing: Mapping[str, str], style: Style, unwanted: Iterable[str] = ()) -> Plan:
    """Return what writing `files` over `existing` does, and what becomes of the `unwanted` paths we once wrote."""
    steps = [_step(file, existing.get(file.path), style) for file in files]
    steps += [step for path in unwanted if path in existing for step in _leftover(path, existing[path], style)]
    return Plan(steps=tuple(steps))


def diff(step: Step) -> str:
    """Return the step as a unified diff."""
    return "".join(
        difflib.unified_diff(
            (step.now or "").splitlines(keepends=True),
            (step.then or "").splitlines(keepends=True),
            fromfile=step.path if step.now is not None else "/dev/null",
            tofile=step.path if step.then is not None else "/dev/null",
        )
    )


def _step(file: File, now: str | None, style: Style) -> Step:
    if now is None:
        return Step(kind=Kind.NEW, path=file.path, now=None, then=file.content, why=file.why)
    if file.once:
        kind = Kind.SAME if now == file.content else Kind.KEPT
        return Step(kind=kind, path=file.path, now=now, then=now, why=file.why)
    then = keep_newer(file.content, now, style=style)
    kind = _kind(now, then, style)
    return Step(kind=kind, path=file.path, now=now, then=now if kind is Kind.SAME else then, why=file.why)


def _kind(now: str, then: str, style: Style) -> Kind:
    claim, body = header.split(now)
    # The version of mltool in the header is for people: it alone makes no file stale.
    if body == header.split(then)[1]:
        return Kind.SAME
    if not claim:
        return Kind.FOREIGN
    return Kind.CHANGED if claim == header.digest(body, style=style) else Kind.EDITED


def _leftover(path: str, now: str, style: Style) -> Iterable[Step]:
    claim, body = header.split(now)
    if claim:
        kind = Kind.OBSOLETE if claim == header.digest(body, style=style) else Kind.EDITED
        yield Step(kind=kind, path=path, now=now, then=None, why="the settings no longer ask for it")
