"""Golden predictions: rows with what the model answered when it was made, compared with what it answers here."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from .schema import Predict, Prediction, Schema


class GoldenError(ValueError):
    """A `golden.jsonl` that cannot be read; its text is a sentence."""


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """One row and what is expected for it."""

    id: str
    row: dict[str, Any]
    expected: Prediction


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One value that is not as expected. `field` is `label`, `score`, `scores.CLASS` or `value`."""

    id: str
    field: str
    expected: Any
    got: Any


def read(data: bytes) -> tuple[Golden, ...]:
    """Return the rows in the bytes of `golden.jsonl`, at least one. Raises GoldenError."""
    decoder = msgspec.json.Decoder(Golden)
    found = []
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            found.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GoldenError(f"golden.jsonl cannot be read: line {number}: {error}.") from error
    if not found:
        raise GoldenError("golden.jsonl holds no row, so nothing says whether the model answers as it should.")
    return tuple(found)


def replay(predict: Predict, schema: Schema, golden: Sequence[Golden]) -> tuple[Difference, ...]:
    """Ask for every golden row, all at once, and return what is not as expected. Raises what `predict` raises."""
    return differences(golden, predict([schema.cells(each.row) for each in golden]), tolerance=schema.tolerance)


def differences(golden: Sequence[Golden], got: Sequence[Prediction], *, tolerance: float) -> tuple[Difference, ...]:
    """Return what differs: labels at all, scores by more than `tolerance`, values by more than that relatively."""
    if len(golden) != len(got):
        return (Difference(id="", field="rows", expected=len(golden), got=len(got)),)
    return tuple(
        Difference(id=asked.id, field=name, expected=expected.get(name), got=answer.get(name))
        for asked, given in zip(golden, got, strict=True)
        for expected, answer in ((_flat(asked.expected), _flat(given)),)
        for name in expected | answer
        if name not in expected or name not in answer or not _same(name, expected[name], answer[name], tolerance)
    )


def _flat(prediction: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: value for name, value in prediction.items() if name != "scores"}
    return flat | {f"scores.{name}": value for name, value in prediction.get("scores", {}).items()}


def _same(name: str, expected: Any, got: Any, tolerance: float) -> bool:
    if name == "label" or not isinstance(expected, int | float) or not isinstance(got, int | float):
        return bool(expected == got)
    if name == "value":
        return math.isclose(expected, got, rel_tol=tolerance, abs_tol=tolerance)
    return abs(expected - got) <= tolerance
