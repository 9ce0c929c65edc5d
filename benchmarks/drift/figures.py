"""The figures of one run, and their file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("results.json")


@dataclass(frozen=True, kw_only=True)
class Speed:
    """CPU seconds and peak memory in MiB of one tool on the large pair, each the median of its rounds.

    `failed` is what it said where it could not be installed or did not run.
    """

    rounds: int = 0
    cpu: float = 0
    memory: float = 0
    installed_mb: float = 0
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class Share:
    """In how many of the columns that stayed, and of the tables that drifted, a tool called drift."""

    called: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Power:
    """Tables of so many rows: in how many drift was called that is there, and that is not.

    Of `draws`, in the one column of 30 that was shifted (`seen`), and in any of 30 that were all shifted by the margin
    itself (`edge`). Of `quiet`, in anything of 30 columns where nothing changed (`false`).
    """

    rows: int
    draws: int
    seen: int
    edge: int
    quiet: int
    false: int


@dataclass(frozen=True, kw_only=True)
class Results:
    """One run: the large pair by tool, and the scenarios by tool and key."""

    cores: int = 0
    python: str = ""
    rows: int = 0
    speed: Mapping[str, Speed] = field(default_factory=dict)
    scenarios: Mapping[str, Mapping[str, Share]] = field(default_factory=dict)
    power: tuple[Power, ...] = ()


def write(found: Results, path: Path = FILE) -> None:
    """Write the figures as JSON."""
    rounded = json.loads(json.dumps(asdict(found)), parse_float=lambda text: round(float(text), 3))
    path.write_text(json.dumps(rounded, indent=1) + "\n")


def load(path: Path = FILE) -> Results:
    """Return the figures in a file."""
    found = json.loads(path.read_text())
    return Results(
        cores=found["cores"],
        python=found["python"],
        rows=found["rows"],
        speed={name: Speed(**each) for name, each in found["speed"].items()},
        scenarios={
            name: {key: Share(**share) for key, share in each.items()} for name, each in found["scenarios"].items()
        },
        power=tuple(Power(**each) for each in found["power"]),
    )
