"""Which rows a model is tested on where no setting of pytest names them."""

from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mltool import measure
from mltool.errors import UserError
from mltool.testing import found, subject, tables
from mltool.testing.found import Repository
from mltool.testing.subject import Recipe, Subject
from support.repos import Repo

ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "late": [0, 0, 1, 1]})


@pytest.fixture
def asked(tmp_path: Path) -> tuple[Repository, Subject]:
    repo = Repo.create(tmp_path / "project")
    repo.write({"mltool.toml": '[models.m]\npath = "m.skops"\n[test_set]\npath = "data/test.csv"\n'})
    measure.save_model(LogisticRegression().fit(ROWS[["a"]], ROWS["late"]), repo.folder / "m.skops")
    repo.commit(message="a model")
    made = Recipe(name="m", revision="", file=str(repo.folder / "m.skops"), export=str(repo.folder / "none"))
    return found.look(repo.folder), subject.load(made)


def test_the_test_set_of_the_repository_is_that_of_its_tests(asked: tuple[Repository, Subject]) -> None:
    repository, model = asked
    (repository.folder / "data").mkdir()
    ROWS.to_csv(repository.folder / "data/test.csv", index=False)
    assert list(tables.rows(repository, model, "")["late"]) == [0, 0, 1, 1]
    ROWS.head(2).to_csv(repository.folder / "few.csv", index=False)
    assert len(tables.rows(repository, model, "few.csv")) == 2


def test_a_test_set_without_the_columns_of_the_model_is_not_taken(asked: tuple[Repository, Subject]) -> None:
    repository, model = asked
    (repository.folder / "data").mkdir()
    ROWS[["late"]].to_csv(repository.folder / "data/test.csv", index=False)
    with pytest.raises(UserError, match="no rows to test the model on") as refused:
        tables.rows(repository, model, "")
    assert "`path` under [test_set]" in refused.value.remedy
