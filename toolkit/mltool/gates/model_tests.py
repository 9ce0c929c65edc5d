"""Model tests as pytest ran them: what each check claimed, what it measured, and one verdict on the run."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mltool.gates.verdict import TESTS, Level, Outcome, Verdict

SCHEMA: Final = "mltool.tests/1"
NAME: Final = "tests"
NAMED: Final = 3
"""Tests that the sentence names."""

Result = Literal["passed", "failed", "undecided", "skipped", "error"]
Answer = Literal["pass", "fail", "undecided"]
Unit = Literal["", "share", "ms", "MB"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What one check asserted, and its answer. No row and no value of the data is in it.

    `measured` is in `unit`, and so are its bounds `low` and `high` and what is `allowed`. `failed` of `rows` rows spoke
    against it; about `needed` rows would decide.
    """

    statement: str
    answer: Answer
    unit: Unit = ""
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    allowed: float | None = None
    rows: int | None = None
    failed: int | None = None
    needed: int | None = None


@dataclass(frozen=True, kw_only=True)
class ModelTest:
    """One test: `name` is pytest's, `said` the error where no claim says it; `model`: it tests more than code."""

    name: str
    result: Result
    seconds: float = 0.0
    model: bool = True
    claims: tuple[Claim, ...] = ()
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelTests:
    """One run of pytest on `commit`: model tests one by one, and what did not pass; of the rest the counts.

    `states` are hashes of how the files on disk differed from the commit, before and after. `arguments` is what pytest
    was asked for beyond all tests. `level` says whether undecided tests stop anybody.
    """

    commit: str
    states: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    finished: bool = False
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    undecided: int = 0
    skipped: int = 0
    level: Level = "fail"
    tests: tuple[ModelTest, ...] = ()
    schema: Literal["mltool.tests/1"] = SCHEMA


def judge(found: ModelTests) -> Verdict:
    """Return the verdict on a run: fail where a test fails or the run broke off, undecided where rows were too few."""
    count = found.passed + found.failed + found.undecided
    if not found.finished:
        return _verdict(Outcome.FAIL, "The tests broke off before their end.")
    if found.failed:
        bad = [item for item in found.tests if item.result in ("failed", "error")]
        return _verdict(Outcome.FAIL, f"{_tests(found.failed, count, 'fails', 'fail')}: {_named(bad, found.failed)}.")
    if found.undecided:
        unsure = [item for item in found.tests if item.result == "undecided"]
        told = f"{_tests(found.undecided, count, 'is', 'are')} undecided: {_named(unsure, found.undecided)}."
        return _verdict(Outcome.UNDECIDED, told, level=found.level)
    if not found.passed:
        return _verdict(Outcome.SKIP, "No test ran." if not found.skipped else "All tests were skipped.")
    asked = f" that `{command(found)}` ran" if found.arguments else ""
    told = f"The one test{asked} passes." if count == 1 else f"All {count:,} tests{asked} pass."
    return _verdict(Outcome.PASS, told, model=any(item.model and item.result == "passed" for item in found.tests))


def unreadable(sentence: str) -> Verdict:
    """Return the verdict where tests ran and nobody can read how: that is no pass."""
    return _verdict(Outcome.UNDECIDED, sentence)


def command(found: ModelTests) -> str:
    """Return how pytest was asked for these tests, as a shell takes it."""
    return shlex.join(("pytest", *found.arguments))


def short(name: str) -> str:
    """Return the name of a test without its file."""
    return name.partition("::")[2] or name


def _tests(some: int, count: int, one: str, many: str) -> str:
    return f"{some:,} of {count:,} tests {one if some == 1 else many}"


def _named(tests: Sequence[ModelTest], count: int) -> str:
    named = [f"`{short(item.name)}`" for item in tests[:NAMED]]
    return f"{', '.join(named)}{f' and {count - len(named):,} more' if count > len(named) else ''}"


def _verdict(outcome: Outcome, sentence: str, *, level: Level = "fail", model: bool = True) -> Verdict:
    return Verdict(
        gate=NAME,
        metric="",
        outcome=outcome,
        level=level,
        sentence=sentence,
        rule="all tests pass",
        # Tests of code alone say nothing about the model.
        test=TESTS if model else "code",
    )
