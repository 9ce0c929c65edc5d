"""A model of another framework, run by the loader that serving runs too."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from mltool.errors import UserError
from mltool.measure import predictions, table
from mltool.measure.export.outputs import Outputs, served
from mltool.measure.export.schema import cell
from mltool.measure.predicted import Task
from mltool.serving import backend_loader
from mltool.serving.schema import Predict, Schema

SLACK = 1e-6
"""What a probability in 32 bits may be beside 0 or 1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outline:
    """What is known of the model before it is loaded."""

    task: Task
    columns: tuple[str, ...]
    classes: tuple[Any, ...]
    threshold: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded(Outline):
    """A loader's function and what it predicts."""

    ask: Predict
    schema: Schema

    def predict(self, rows: pd.DataFrame) -> Outputs:
        """Return what the loader's function says of the rows.

        Raises UserError where it fails, or says of a class what is no probability.
        """
        try:
            said = served(self.ask, self.schema, rows)
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0].rstrip(".")
            raise UserError(
                f"The loader's function cannot predict the rows: {type(error).__name__}: {reason}.",
                "It gets a list of rows, each a dict of values, and returns a prediction for each.",
            ) from error
        _want_probabilities(said)
        return said


def _want_probabilities(said: Outputs) -> None:
    """A number of two classes is taken for the probability of the second, and cut at a half."""
    if said.scores is None:
        return
    odd = said.scores[(said.scores < -SLACK) | (said.scores > 1 + SLACK)]
    if odd.size:
        raise UserError(
            f"The loader's function gives scores outside of 0 to 1, such as {odd.max():.6g}: they are probabilities.",
            "Return probabilities, or labels; for amounts give --task regression.",
        )


def outline(rows: pd.DataFrame, columns: tuple[str, ...], *, truth: str, task: Task | None, source: str) -> Outline:
    """Return the task and, in order, the classes that the truth of the training rows shows.

    Raises UserError where whole numbers could be classes or amounts.
    """
    table.require(rows, (truth,), source=source)
    known = rows[truth].to_numpy()
    task = task or predictions.infer(known, known, source=source)
    classes = () if task == "regression" else tuple(cell(name) for name in sorted(rows[truth].unique()))
    return Outline(task=task, columns=columns, classes=classes)


@contextmanager
def opened(loader: Path, model: Path, known: Outline, schema: Schema) -> Iterator[Loaded]:
    """Yield the model as the bundle will have it: its file alone in a folder. Raises UserError where that fails."""
    if not model.is_file():
        raise UserError(
            f"{model} is no file.", "Run the stage that writes it; a folder of files goes into one archive."
        )
    with TemporaryDirectory() as folder:
        shutil.copyfile(model, Path(folder) / model.name)
        try:
            ask = backend_loader.load(loader, Path(folder), schema)
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0]
            raise UserError(f"{loader} cannot load {model}: {type(error).__name__}: {reason}") from error
        yield Loaded(ask=ask, schema=schema, task=known.task, columns=known.columns, classes=known.classes)
