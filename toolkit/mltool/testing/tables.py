"""The tables that a model is tested on."""

from pathlib import Path

import pandas as pd

from mltool import measure
from mltool.errors import UserError
from mltool.testing.found import Repository
from mltool.testing.subject import SCHEMA, Subject


def rows(found: Repository, model: Subject, configured: str) -> pd.DataFrame:
    """Return the table `configured` in pytest's settings; else the predictions, else the table of `[test_set]`, where
    they hold what the model takes; else the golden rows of the export.

    Raises UserError where there is none of them.
    """
    if configured:
        return measure.read(found.folder / configured)
    columns = _columns(model)
    for path in (found.config.predictions.path, found.config.test_set.path):
        place = found.folder / path
        if columns and place.is_file():
            made = measure.read(place)
            if set(columns) <= set(made.columns):
                return made
    if (Path(model.recipe.export) / SCHEMA).is_file():
        return model.golden
    raise UserError(
        "There are no rows to test the model on.",
        'Name a table that has its columns in mltool.toml: `path` under [test_set], for example "data/test.parquet".',
    )


def predictions(found: Repository) -> pd.DataFrame:
    """Return the predictions of the pipeline. Raises UserError where they are not on disk or lack a column."""
    settings = found.config.predictions
    place = found.folder / settings.path
    made = measure.read(place)
    measure.require(made, (settings.id, settings.truth, settings.label), source=str(place))
    return made


def _columns(model: Subject) -> tuple[str, ...]:
    named = getattr(model.fitted, "feature_names_in_", None)
    if named is not None:
        return tuple(map(str, named))
    return tuple(model.shape.columns) if (Path(model.recipe.export) / SCHEMA).is_file() else ()
