"""A model under test: where it is, what holds it, what it says."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from mltool.errors import UserError
from mltool.measure import model_file
from mltool.serving import backend_loader, backend_sklearn, golden, schema
from mltool.testing import predicting
from mltool.testing.predicting import Predict

SCHEMA, GOLDEN, ONNX = "schema.json", "golden.jsonl", "model.onnx"
BACKEND_ONNX = "mltool.serving.backend_onnx"
Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to load a model, here or in another process: its file, its policy, and the folder of its export.

    `revision` says which one it is, in words. `loader` is a Python file, empty where scikit-learn predicts.
    """

    name: str
    revision: str
    file: str
    export: str
    trusted: tuple[str, ...] = ()
    pickle: bool = False
    loader: str = ""

    def text(self) -> str:
        """Return the recipe as JSON."""
        return json.dumps(asdict(self))


def recipe(text: str) -> Recipe:
    """Return the recipe in JSON that `Recipe.text` wrote."""
    found = json.loads(text)
    return Recipe(**found | {"trusted": tuple(found["trusted"])})


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A loaded model. `fitted` is what its file holds; of a loader it is the loader's function.

    `predict` takes rows and returns a table of as many: `label` and `score` (of several classes `score_<class>`), or
    `value`; with the index of the rows.
    """

    recipe: Recipe
    fitted: Any
    predict: Predict

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self.recipe.name

    @property
    def revision(self) -> str:
        """Return which one it is: of the work tree, a commit, or a version."""
        return self.recipe.revision

    @cached_property
    def shape(self) -> schema.Schema:
        """Return what the export says that the model takes. Raises UserError where there is none."""
        return shape(self.recipe)

    @cached_property
    def golden(self) -> pd.DataFrame:
        """Return the golden rows of the export, one a line. Raises UserError where there are none."""
        return pd.DataFrame([each.row for each in examples(self.recipe)], columns=list(self.shape.columns))

    @cached_property
    def served(self) -> Predict:
        """Return what the server would say. Raises UserError where the export is not there or does not load."""
        return _served(self)


def load(made: Recipe) -> Subject:
    """Load the model as its policy allows. Raises UserError."""
    file = Path(made.file)
    if made.loader:
        ask = _attempt(lambda: backend_loader.load(Path(made.loader), file.parent, shape(made)), made.loader)
        return Subject(recipe=made, fitted=ask, predict=predicting.served(ask, shape(made)))
    fitted = model_file.load_model(file, name=made.name, trust=made.trusted, pickle=made.pickle)
    columns = shape(made).columns if (Path(made.export) / SCHEMA).is_file() else ()
    return Subject(recipe=made, fitted=fitted, predict=predicting.native(fitted, columns))


def shape(made: Recipe) -> schema.Schema:
    """Return the schema of the model's export. Raises UserError where it is not there or broken."""
    return _attempt(lambda: schema.read(_exported(made, SCHEMA)), SCHEMA)


def examples(made: Recipe) -> tuple[golden.Golden, ...]:
    """Return the golden rows of the model's export. Raises UserError where they are not there or broken."""
    return _attempt(lambda: golden.read(_exported(made, GOLDEN)), GOLDEN)


def _served(subject: Subject) -> Predict:
    shape, made = subject.shape, subject.recipe
    if made.loader:
        return subject.predict
    if shape.backend == "onnx":
        _exported(made, ONNX)
        # Only who exports ONNX has ONNX Runtime.
        ask = _attempt(lambda: import_module(BACKEND_ONNX).load(Path(made.export) / ONNX, shape), ONNX)
    else:
        ask = _attempt(lambda: backend_sklearn.bind(subject.fitted, shape, examples(made)), made.file)
    return predicting.served(ask, shape)


def _exported(made: Recipe, name: str) -> bytes:
    place = Path(made.export) / name
    try:
        return place.read_bytes()
    except OSError as error:
        raise UserError(
            f"{place} of the model {made.name} cannot be read: {error.strerror}.",
            "`mltool measure export` writes it; `dvc pull` brings what DVC stores.",
        ) from error


def _attempt(make: Callable[[], Made], source: str) -> Made:
    try:
        return make()
    except UserError:
        raise
    except Exception as error:
        # A loader is any code, and a library raises what it likes on a file that is not what it says.
        said = (str(error).splitlines() or [""])[0].rstrip(".")
        raise UserError(f"{source} cannot be used: {type(error).__name__}: {said}.") from error
