"""What changed between two revisions as JSON, what could not be read, and the exit code that says so."""

import json
import math
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from mltool.commands.compare import Comparison
from mltool.errors import Exit
from mltool.snapshot.model import Problem

SCHEMA: Final = "mltool.diff/1"


def document(compared: Comparison) -> str:
    """Return everything as one JSON object; numbers that JSON cannot say are `"NaN"`, `"Infinity"`, `"-Infinity"`."""
    found = {
        "schema": SCHEMA,
        "base": {"sha": compared.base_sha, "ref": compared.base_ref, "note": compared.base_note},
        "head": {"sha": compared.head_sha, "work_tree": compared.head_is_work_tree},
        "behind": compared.behind,
        "changes": msgspec.to_builtins(compared.changes),
        "problems": {side: [msgspec.to_builtins(item) for item in found] for side, found in _problems(compared)},
    }
    return json.dumps(_sayable(found), indent=2, allow_nan=False) + "\n"


def warnings(compared: Comparison) -> tuple[str, ...]:
    """Return a sentence for each file that could not be read, the head's first."""
    sides = dict(_problems(compared))
    known = {problem.sentence for problem in sides["head"]}
    return (
        *(problem.sentence for problem in sides["head"]),
        *(f"In the base: {problem.sentence}" for problem in sides["base"] if problem.sentence not in known),
    )


def exit_code(compared: Comparison) -> Exit:
    """Return whether the answer is whole: a file that cannot be read or reached may hide a change.

    A file with the same problem on both sides did not change, and one that was never made is only absent.
    """
    base, head = (set(found) for _, found in _problems(compared))
    kinds = {problem.kind for problem in base ^ head}
    if "unreadable" in kinds:
        return Exit.YOURS
    return Exit.OUTSIDE if "unreachable" in kinds else Exit.GOOD


def _problems(compared: Comparison) -> tuple[tuple[str, tuple[Problem, ...]], ...]:
    return ("base", compared.base.problems), ("head", compared.head.problems)


def _sayable(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return dict(_items(value))
    return [_sayable(item) for item in value] if isinstance(value, list | tuple) else value


def _items(table: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        yield str(key), _sayable(value)
