"""What may have moved the metrics: params, data, code, packages, models."""

from collections.abc import Iterable

from mltool.report import figures
from mltool.report.blocks import Code, Group, Groups, Line, Section, Strong
from mltool.report.model import Report
from mltool.snapshot.model import ArtifactChange, DataChange, PackageChange, StageChange, ValueChange

MOST = 8


def section(report: Report) -> list[Section]:
    """Return the likely causes by kind, those nearest to the numbers first."""
    changes = report.changes
    several = len({item.path for item in changes.params}) > 1
    kinds: tuple[tuple[str, list[Line]], ...] = (
        ("Params", [_param(item, several=several) for item in changes.params]),
        ("Data", [_data(item) for item in changes.data if _may_cause(item)]),
        ("Stages", [_stage(item) for item in changes.stages]),
        ("Packages", [_package(item) for item in changes.packages]),
        ("Artifacts", [_artifact(item) for item in changes.artifacts]),
    )
    groups = tuple(_group(name, lines) for name, lines in kinds if lines)
    if not groups:
        return []
    return [Section(name="causes", title="Likely causes", blocks=(Groups(groups),), importance=80)]


def _group(name: str, lines: list[Line]) -> Group:
    left = len(lines) - MOST
    return Group(name, tuple(lines[:MOST]), more=f"… and {left:,} more" if left > 0 else "")


def _param(item: ValueChange, *, several: bool) -> Line:
    name = Code(f"{item.path}:{item.key}" if several else item.key)
    if item.kind == "added":
        return (name, " is new: ", Strong(figures.value(item.new)))
    if item.kind == "removed":
        return (name, " is gone; it was ", figures.value(item.old))
    # Of two long lists the first items say nothing: what left and what came does.
    told = f": {items}" if (items := figures.items(item.old, item.new)) else ""
    return (name, " ", figures.value(item.old), " → ", Strong(figures.value(item.new)), *((told,) if told else ()))


def _may_cause(item: DataChange) -> bool:
    """Return whether the change can move a metric: metrics, plots and other facts that Git tracks only follow."""
    found = item.new or item.old
    return found is not None and found.kind == "data" and found.cached


def _data(item: DataChange) -> Line:
    name = Code(item.path)
    if item.kind == "added":
        size = item.new.size if item.new else None
        return (name, f" is new{f', {figures.size(size)}' if size is not None else ''}")
    if item.kind == "removed":
        return (name, " is gone")
    return (name, " ", ", ".join(_moved(item)) or "has other content")


def _moved(item: DataChange) -> Iterable[str]:
    old, new = item.old, item.new
    if old and new and old.size is not None and new.size is not None:
        step, now = figures.difference("bytes", old.size, new.size), figures.size(new.size)
        yield f"{step}, now {now}" if old.size != new.size else f"has other content of the same size, {now}"
    counts = (("added", item.added), ("removed", item.removed), ("changed", item.modified))
    told = [f"{number:,} {word}" for word, number in counts if number]
    if told:
        yield f"files: {', '.join(told)}"
    elif old and new and old.files is not None and new.files is not None and old.files != new.files:
        yield figures.plus(new.files - old.files, "file")


def _stage(item: StageChange) -> Line:
    reasons = f" ({', '.join(item.reasons)})" if item.reasons else ""
    if item.kind == "renamed":
        return (Code(item.former), " is now called ", Code(item.stage), reasons)
    word = {"added": "is new", "removed": "is gone", "changed": "changed"}[item.kind]
    return (Code(item.stage), f" {word}{reasons}")


def _package(item: PackageChange) -> Line:
    if item.kind == "added":
        return (Code(item.name), " is new: ", Strong(item.new))
    if item.kind == "removed":
        return (Code(item.name), " is gone; it was ", item.old)
    return (Code(item.name), f" {item.old} → ", Strong(item.new))


def _artifact(item: ArtifactChange) -> Line:
    word = {"added": "is new", "removed": "is gone", "changed": "changed"}[item.kind]
    found = item.new or item.old
    return (Code(item.name), f" {word}", *((" at ", Code(found.path)) if found else ()))
