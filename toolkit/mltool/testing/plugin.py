"""The pytest plugin: fixtures for models. Whoever has mltool installed has it in every run, so nothing heavy is loaded
before a test asks for it.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mltool.errors import MltoolError
from mltool.testing.undecided import UndecidedError

if TYPE_CHECKING:
    import pandas as pd

    from mltool.testing.expected import Golden
    from mltool.testing.found import Repository
    from mltool.testing.predicting import Predict
    from mltool.testing.subject import Subject

MARK = "ml_test_score"
RECORD = "MLTOOL_TESTS"
"""The environment variable that asks for a record of this run; `mltool test` sets it."""
RECORDING = "begun"
"""Its value for whatever runs inside of a run that is recorded."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our flags and settings."""
    group = parser.getgroup("mltool", "models of mltool.toml")
    group.addoption("--mltool-update", action="store_true", help="write the statistical goldens instead of comparing")
    group.addoption("--mltool-model", default="", metavar="NAME", help="the model to test; needed where there are more")
    group.addoption("--mltool-base", default=None, metavar="REV", help="what the fixture `baseline` is taken from")
    parser.addini("mltool_test_set", "the table of the fixture `test_set`", default="")
    parser.addini("mltool_undecided", "what a test does whose rows cannot tell: fail or skip", default="fail")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin the record that is asked for, before any code of the project runs."""
    if os.environ.get(RECORD, RECORDING) not in ("", RECORDING):
        import_module("mltool.testing.recorder").begin(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Make our mark known, and refuse a setting that means nothing."""
    config.addinivalue_line("markers", f"{MARK}(item, …): this test is evidence for items of the ML Test Score")
    if config.getini("mltool_undecided") not in ("fail", "skip"):
        raise pytest.UsageError("mltool_undecided is fail or skip")
    if os.environ.get(RECORD):
        import_module("mltool.testing.recorder").register(config)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Turn an undecided test into a skipped one where the repository says so."""
    try:
        return (yield)
    except UndecidedError as error:
        if pyfuncitem.config.getini("mltool_undecided") == "skip":
            pytest.skip(str(error))
        raise


@pytest.fixture(scope="session")
def mltool_repository(pytestconfig: pytest.Config) -> "Repository":
    """Return the project that pytest runs in, and the model of it that is tested."""
    with _said():
        found: Repository = _module("found").look(
            pytestconfig.rootpath,
            name=pytestconfig.getoption("--mltool-model"),
            base=pytestconfig.getoption("--mltool-base"),
        )
        return found


@pytest.fixture(scope="session")
def model(mltool_repository: "Repository", tmp_path_factory: pytest.TempPathFactory) -> "Subject":
    """Return the model of the work tree, loaded as its policy in mltool.toml allows."""
    return _load(_module("found").head, mltool_repository, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def baseline(mltool_repository: "Repository", tmp_path_factory: pytest.TempPathFactory) -> "Subject":
    """Return the model of the base, by its hash in DVC; where there is none the test is skipped."""
    return _load(_module("found").base, mltool_repository, tmp_path_factory.mktemp("baseline"), optional=True)


@pytest.fixture(scope="session")
def production(mltool_repository: "Repository", tmp_path_factory: pytest.TempPathFactory) -> "Subject":
    """Return the live version's model; where nothing is live the test is skipped."""
    return _load(_module("found").production, mltool_repository, tmp_path_factory.mktemp("production"), optional=True)


@pytest.fixture
def predict(model: "Subject") -> "Predict":
    """Return what asks the model: rows → a table of `label` and `score`, `score_<class>`, or `value`."""
    return model.predict


@pytest.fixture(scope="session")
def mltool_rows(mltool_repository: "Repository", model: "Subject", pytestconfig: pytest.Config) -> "pd.DataFrame":
    """Return the table of `test_set`, read once."""
    with _said():
        found: pd.DataFrame = _module("tables").rows(mltool_repository, model, pytestconfig.getini("mltool_test_set"))
        return found


@pytest.fixture
def test_set(mltool_rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return a copy of the rows to test on: the table of `mltool_test_set`, else the predictions, else golden rows."""
    return mltool_rows.copy()


@pytest.fixture
def predictions(mltool_repository: "Repository") -> "pd.DataFrame":
    """Return the predictions that the pipeline left, with truths: no model is asked."""
    with _said():
        found: pd.DataFrame = _module("tables").predictions(mltool_repository)
        return found


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> "Golden":
    """Return what compares predictions with what was written down: `golden(predictions, margin=0.02)`."""
    file = Path(request.path)
    made: Golden = _module("expected").Golden(
        folder=file.parent / "goldens" / file.stem,
        test=request.node.name,
        update=request.config.getoption("--mltool-update"),
    )
    return made


def _load(
    find: Callable[["Repository", Path], Any], repository: "Repository", into: Path, *, optional: bool = False
) -> "Subject":
    with _said(skip=optional):
        found: Subject = _module("subject").load(find(repository, into))
        return found


@contextmanager
def _said(*, skip: bool = False) -> Iterator[None]:
    """Turn our errors into a failed test that says the sentence, or into a skipped one."""
    try:
        yield
    except MltoolError as error:
        said = str(error)
    else:
        return
    if skip:
        pytest.skip(said)
    pytest.fail(said, pytrace=False)


def _module(name: str) -> Any:
    """Import a module of this room when a test needs it: scikit-learn takes seconds."""
    full = f"mltool.testing.{name}"
    try:
        return sys.modules.get(full) or import_module(full)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "mltool":
            raise
        pytest.fail(f"{error.name} is not installed: `pip install 'mltool-ci[measure]'`.", pytrace=False)
