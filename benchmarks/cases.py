"""What is measured: the repositories, and the commands that are run in each."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.repositories import Made, Size

GROWTH = 4

# What a report of the same content asks DVC, command by command.
DVC = ("dvc metrics diff", "dvc params diff", "dvc plots diff", "dvc diff")
DIFF, REPORT = "mltool diff", "mltool report"
MLTOOL = (DIFF, REPORT)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One repository and how often each side is run in it; `quarter` is the same repository at a fourth of its size."""

    key: str
    words: str
    size: Size
    rounds: int
    dvc_rounds: int
    quarter: Size | None = None


CASES = (
    Case(key="small", words="5 stages × 100 metrics", size=Size(), rounds=9, dvc_rounds=9),
    Case(
        key="stages",
        words="1,000 stages × 10 metrics",
        size=Size(stages=1000, metrics=10),
        quarter=Size(stages=1000 // GROWTH, metrics=10),
        rounds=5,
        dvc_rounds=1,
    ),
    Case(
        key="values",
        words="100,000 metric values in one file",
        size=Size(values=100_000),
        quarter=Size(values=100_000 // GROWTH),
        rounds=5,
        dvc_rounds=3,
    ),
    Case(
        key="files",
        words="a tracked folder of 100,000 files, 3 changed",
        size=Size(files=100_000),
        quarter=Size(files=100_000 // GROWTH),
        rounds=5,
        dvc_rounds=1,
    ),
)


def commands(made: Made) -> Mapping[str, tuple[str, ...]]:
    """Return every command by its name, with the two commits of a repository as arguments."""
    ours = {DIFF: ("mltool", "diff", "--json"), REPORT: ("mltool", "report", "--format", "json")}
    theirs = {name: (*name.split(), "--json") for name in DVC}
    return {name: (*words, made.base, made.head) for name, words in (ours | theirs).items()}
