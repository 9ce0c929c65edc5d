"""A run of pytest → the fact that the report reads: model tests with their claims, and counts; no rows of data.

Claims are heard in the process that runs a test and gathered in the one that writes: with pytest-xdist they are two.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
import pytest

from mltool import disk, git
from mltool.errors import MltoolError
from mltool.gates.model_tests import Claim, ModelTest, ModelTests, Result
from mltool.testing import record
from mltool.testing.plugin import MARK, RECORD, RECORDING
from mltool.testing.undecided import UndecidedError

MOST_TESTS, MOST_CLAIMS, MOST_TEXT = 500, 20, 300
GATHERED: Final = "mltool_heard"
"""The attribute of pytest's reports in which a worker hands over what it heard."""
FIXTURES: Final = frozenset(
    {"model", "baseline", "production", "predict", "test_set", "predictions", "golden", "mltool_repository"}
)
ENDED: Final = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
CLAIMS = pytest.StashKey[list[Claim]]()
RECORDER = pytest.StashKey["Recorder"]()


class Listener:
    """Hears the claims of each test, and hands them over with pytest's report on it."""

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Listen while the test runs."""
        with record.listening() as claims:
            pyfuncitem.stash[CLAIMS] = claims
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add what was heard to the report, as text: that much travels between processes."""
        report = yield
        heard = _heard(item, call, report)
        if heard.model or heard.said or heard.undecided:
            setattr(report, GATHERED, json.dumps(asdict(heard)))
        return report


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What one phase of a test left."""

    model: bool
    undecided: bool = False
    claims: tuple[Claim, ...] = ()
    said: str = ""


class Recorder:
    """Gathers the reports of all tests and writes the fact; until the end, one that says that the run is not over: one
    that is killed must not pass for one that never was.

    Raises UserError where it cannot be written.
    """

    def __init__(self, project: git.Project, *, arguments: Sequence[str], lenient: bool) -> None:
        self.project = project
        self.place = git.private(project, "tests.json")
        self.begun = time.monotonic()
        self.process = os.getpid()
        self.results: dict[str, Result] = {}
        self.tests: dict[str, ModelTest] = {}
        self.run = ModelTests(
            commit=git.head(project) or "",
            states=(git.state(project),),
            arguments=tuple(_clipped(word) for word in arguments[:MOST_CLAIMS]),
            level="warn" if lenient else "fail",
        )
        disk.write(self.place, msgspec.json.encode(self.run))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            name = report.nodeid or "pytest"
            self.results[name] = "error"
            self.tests[name] = ModelTest(name=_clipped(name), result="error", model=False, said="cannot be collected")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of a test: set-up, call or teardown."""
        heard = msgspec.json.decode(getattr(report, GATHERED, '{"model": false}'), type=Heard)
        result = _result(report, undecided=heard.undecided)
        if result is None and not heard.model:
            return
        name = report.nodeid
        before = self.tests.get(name, ModelTest(name=_clipped(name), result="passed", model=False))
        self.results[name] = result or self.results.get(name, "passed")
        self.tests[name] = replace(
            before,
            result=self.results[name],
            seconds=round(before.seconds + report.duration, 3),
            model=before.model or heard.model,
            claims=(*before.claims, *heard.claims),
            said=before.said or heard.said,
        )

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write what became of all tests, whole or not at all."""
        if os.getpid() != self.process:
            # A test forked, and its child came here: it does not know what became of the others.
            return
        counts = Counter(self.results.values())
        told = [item for item in self.tests.values() if item.model or item.result not in ("passed", "skipped")]
        told.sort(key=lambda item: item.result in ("passed", "skipped"))
        found = replace(
            self.run,
            states=(*self.run.states, git.state(self.project)),
            finished=exitstatus in ENDED,
            seconds=round(time.monotonic() - self.begun, 3),
            passed=counts["passed"],
            failed=counts["failed"] + counts["error"],
            undecided=counts["undecided"],
            skipped=counts["skipped"],
            tests=tuple(told[:MOST_TESTS]),
        )
        disk.write(self.place, msgspec.json.encode(found))


def begin(config: pytest.Config) -> None:
    """Leave word that a run began. Raises UsageError where there is no project to record it in."""
    try:
        config.stash[RECORDER] = Recorder(
            git.find(config.invocation_params.dir),
            arguments=config.invocation_params.args,
            lenient=config.getini("mltool_undecided") == "skip",
        )
    except MltoolError as error:
        raise pytest.UsageError(f"{RECORD} asks for a record. {error}") from error
    # What a test starts inherits this: only xdist's processes are part of the run, a pytest of a test is not.
    asked, os.environ[RECORD] = os.environ[RECORD], RECORDING
    config.add_cleanup(lambda: os.environ.update({RECORD: asked}))


def register(config: pytest.Config) -> None:
    """Listen in each process of the run, and gather in the one that began it."""
    recorder = config.stash.get(RECORDER, None)
    if recorder or hasattr(config, "workerinput"):
        config.pluginmanager.register(Listener(), "mltool-listener")
    if recorder:
        config.pluginmanager.register(recorder, "mltool-recorder")


def _heard(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Heard:
    heard = item.stash.get(CLAIMS, []) if call.when == "call" else []
    claims = tuple(replace(claim, statement=_clipped(claim.statement)) for claim in heard[:MOST_CLAIMS])
    ours = FIXTURES.intersection(getattr(item, "fixturenames", ())) or item.get_closest_marker(MARK)
    error = call.excinfo.value if call.excinfo else None
    undecided = isinstance(error, UndecidedError) or isinstance(getattr(error, "__context__", None), UndecidedError)
    answered = undecided or any(claim.answer == "fail" for claim in claims)
    said = _said(item, error, report) if report.failed and not answered else ""
    return Heard(model=bool(claims or ours), undecided=undecided, claims=claims, said=said)


def _said(item: pytest.Item, error: BaseException | None, report: pytest.TestReport) -> str:
    """Return the error without its text, which may quote the data; a sentence of our own is told whole."""
    ours = error if isinstance(error, MltoolError) else error.__context__ if error else None
    if isinstance(ours, MltoolError):
        return _clipped(str(ours).replace(f"{item.config.rootpath}{os.sep}", ""))
    crash = getattr(report.longrepr, "reprcrash", None)
    path = Path(crash.path) if crash else item.path
    where = path.relative_to(item.config.rootpath) if path.is_relative_to(item.config.rootpath) else path.name
    return _clipped(f"{type(error).__name__} at {where}{f':{crash.lineno}' if crash else ''}")


def _result(report: pytest.TestReport, *, undecided: bool) -> Result | None:
    """Return what a phase says about its test; None for a set-up or teardown that went well."""
    if undecided:
        return "undecided"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if report.skipped:
        return "skipped"
    return "passed" if report.when == "call" else None


def _clipped(text: str) -> str:
    """Return the text as short as a record has it; what UTF-8 cannot say of a file's name is replaced."""
    return text[:MOST_TEXT].encode(errors="replace").decode()
