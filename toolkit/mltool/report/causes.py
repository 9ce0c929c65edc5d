"""What may have moved the metrics: params, data, code, packages, models."""

from collections.abc import Iterable

from mltool.report import figures
from mltool.report.blocks import Block, Bullets, Code, Line, Section
from mltool.report.model import Report
from mltool.snapshot.model import ArtifactChange, DataChange, PackageChange, StageChange, ValueChange

MOST = 8


def section(report: Report) -> list[Section]:
    """Return the likely causes, each kind in one line or a short list, nearest to the numbers first."""
    changes = report.changes
    kinds: tuple[tuple[str, list[Line]], ...] = (
        ("Params", [_param(item) for item in changes.params]),
        ("Data", [_data(item) for item in _inputs_first(changes.data)]),
        ("Stages", [_stage(item) for item in changes.stages]),
        ("Packages", [_package(item) for item in changes.packages]),
        ("Artifacts", [_artifact(item) for item in changes.artifacts]),
    )
    blocks: list[Block] = [_list(name, lines) for name, lines in kinds if lines]
    if not blocks:
        return []
    return [Section(name="causes", title="Likely causes", blocks=tuple(blocks), importance=80)]


def _list(name: str, lines: list[Line]) -> Bullets:
    left = len(lines) - MOST
    return Bullets(
        tuple((f"{name}: ", *line) for line in lines[:MOST]), more=f"… and {left:,} more." if left > 0 else ""
    )


def _param(item: ValueChange) -> Line:
    name: Line = (Code(item.key), " in ", Code(item.path))
    if item.kind == "added":
        return (*name, " is new: ", Code(figures.value(item.new)))
    if item.kind == "removed":
        return (*name, " is gone; it was ", Code(figures.value(item.old)))
    return (*name, ": ", Code(figures.value(item.old)), " → ", Code(figures.value(item.new)))


def _inputs_first(items: Iterable[DataChange]) -> list[DataChange]:
    def made(item: DataChange) -> bool:
        found = item.new or item.old
        return found is not None and found.kind != "data"

    return sorted(items, key=made)


def _data(item: DataChange) -> Line:
    name = Code(item.path)
    if item.kind == "added":
        size = item.new.size if item.new else None
        return (name, f" is new{f', {figures.size(size)}' if size is not None else ''}")
    if item.kind == "removed":
        return (name, " is gone")
    parts = ", ".join(_moved(item))
    return (name, f": {parts}" if parts else " has other content")


def _moved(item: DataChange) -> Iterable[str]:
    old, new = item.old, item.new
    if old and new and old.size is not None and new.size is not None:
        step = figures.difference("bytes", old.size, new.size)
        yield (
            f"{step}, now {figures.size(new.size)}" if old.size != new.size else f"same size ({figures.size(new.size)})"
        )
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
        return (Code(item.name), " is new: ", item.new)
    if item.kind == "removed":
        return (Code(item.name), " is gone; it was ", item.old)
    return (Code(item.name), f" {item.old} → {item.new}")


def _artifact(item: ArtifactChange) -> Line:
    word = {"added": "is new", "removed": "is gone", "changed": "changed"}[item.kind]
    found = item.new or item.old
    return (Code(item.name), f" {word}", *((" at ", Code(found.path)) if found else ()))
