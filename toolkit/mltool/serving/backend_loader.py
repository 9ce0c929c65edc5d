"""Predict with a function that the bundle's own `loader.py` makes: for any other framework."""

from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from . import answers
from .schema import Predict, Prediction, Row, Schema


def load(loader: Path, folder: Path, schema: Schema) -> Predict:
    """Run `load(folder)` of the file `loader`; it returns a function from a list of rows to a list of predictions.

    A row is a dict, a prediction a number or a dict. Raises ValueError where the file has no such function.
    """
    spec = spec_from_file_location("loader", loader)
    if spec is None or spec.loader is None:
        raise ValueError(f"{loader.name} is no Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    make = getattr(module, "load", None)
    if make is None:
        raise ValueError(f"{loader.name} has no function load(folder)")
    ask = make(folder)

    def predict(rows: Sequence[Row]) -> list[Prediction]:
        found = ask([dict(zip(schema.columns, row, strict=True)) for row in rows])
        if len(found) != len(rows):
            raise ValueError(f"{loader.name} gave {len(found)} predictions for {len(rows)} rows")
        return answers.loose(schema, found)

    return predict
