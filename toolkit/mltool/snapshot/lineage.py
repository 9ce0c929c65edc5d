"""Which stage feeds which: by the outputs that one writes and another reads."""

from collections.abc import Iterable, Mapping

from mltool.snapshot.model import Stage
from mltool.snapshot.paths import parents

# For each path that a stage reads, the stages that make it.
Fed = Mapping[str, tuple[str, ...]]


def feeds(stages: Iterable[Stage]) -> dict[str, Fed]:
    """Return, for each stage and each path it reads, the stages that make that path, part of it, or what holds it."""
    known = {stage.address: stage for stage in stages}
    exact = {out.path: name for name, stage in known.items() for out in stage.outs}
    inside: dict[str, list[str]] = {}
    for path, name in exact.items():
        for parent in parents(path):
            inside.setdefault(parent, []).append(name)

    def makers(path: str, reader: str) -> tuple[str, ...]:
        above = (exact.get(place, "") for place in (path, *parents(path)))
        return tuple(name for name in (*above, *inside.get(path, ())) if name not in ("", reader))

    return {name: {dep.path: makers(dep.path, name) for dep in stage.deps} for name, stage in known.items()}


def edges(fed: Mapping[str, Fed]) -> tuple[tuple[str, str], ...]:
    """Return (producer, consumer), each once."""
    pairs = ((maker, name) for name, paths in fed.items() for makers in paths.values() for maker in makers)
    return tuple(dict.fromkeys(pairs))


def downstream(start: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return every stage that the stages of `start` reach, nearest first, with the stage it was reached from.

    The stages of `start` themselves are in it, reached from nowhere (an empty string).
    """
    after: dict[str, list[str]] = {}
    for source, target in pairs:
        after.setdefault(source, []).append(target)
    reached = dict.fromkeys(start, "")
    waiting = list(reached)
    for name in waiting:  # grows while it runs: each stage once
        for target in after.get(name, ()):
            if target not in reached:
                reached[target] = name
                waiting.append(target)
    return reached
