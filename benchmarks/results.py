"""The results of one run, and their file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.clock import Took

FILE = Path(__file__).with_name("results.json")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the figures were taken on, without a name."""

    cores: int
    system: str
    python: str
    git: str
    dvc: str
    mltool: str


@dataclass(frozen=True, kw_only=True)
class Start:
    """`mltool --help`: what it takes, how many modules it loads, and which of the heavy ones."""

    took: Took
    modules: int
    heavy: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One case: the median of each command, of the four DVC commands together, and of ours at a quarter of the size.

    `same` says in how many changed values both tools agreed, which is all of them.
    """

    key: str
    words: str
    rounds: int
    dvc_rounds: int
    same: int
    commands: dict[str, Took]
    dvc: Took
    quarter: dict[str, Took]


@dataclass(frozen=True, kw_only=True)
class Results:
    """One run of the benchmark."""

    machine: Machine
    start: Start
    cases: tuple[Measured, ...]


def write(results: Results, path: Path = FILE) -> None:
    """Write the results as JSON."""
    rounded = json.loads(json.dumps(asdict(results)), parse_float=lambda text: round(float(text), 4))
    path.write_text(json.dumps(rounded, indent=1) + "\n")


def load(path: Path = FILE) -> Results:
    """Return the results in a file."""
    found = json.loads(path.read_text())
    start = found["start"]
    return Results(
        machine=Machine(**found["machine"]),
        start=Start(took=Took(**start["took"]), modules=start["modules"], heavy=tuple(start["heavy"])),
        cases=tuple(_measured(case) for case in found["cases"]),
    )


def _measured(case: dict[str, Any]) -> Measured:
    tables = {name: {key: Took(**took) for key, took in case[name].items()} for name in ("commands", "quarter")}
    return Measured(**(case | tables | {"dvc": Took(**case["dvc"])}))
