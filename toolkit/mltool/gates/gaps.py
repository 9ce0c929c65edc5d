"""What the name of a gap between groups says: `equalized_odds_difference` is a difference, and lower is better."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from mltool.gates.directions import direction as known_direction
from mltool.gates.verdict import Direction

Spread = Literal["difference", "ratio", "smallest", "largest"]

# As fairlearn names them, and as people do.
_SPREADS: Final[dict[str, Spread]] = {
    "difference": "difference",
    "diff": "difference",
    "gap": "difference",
    "ratio": "ratio",
    "group_min": "smallest",
    "group_max": "largest",
}


@dataclass(frozen=True, kw_only=True)
class GapName:
    """The name of a gap: what is taken in each group (`equalized_odds`), and how the groups are put side by side."""

    of: str
    spread: Spread


def parse(key: str) -> GapName | None:
    """Return what the last part of a dotted key says, or None where it names no gap."""
    name = re.sub(r"[^a-z0-9]+", "_", key.rpartition(".")[2].lower()).strip("_")
    found = re.fullmatch(rf"(.+)_({'|'.join(_SPREADS)})", name)
    return GapName(of=found[1], spread=_SPREADS[found[2]]) if found else None


def direction(key: str) -> Direction | None:
    """Return which way is better for a gap, or None where the name does not say.

    A difference is best at 0 and a ratio at 1; of the smallest and the largest, what the metric itself says.
    """
    name = parse(key)
    if name is None:
        return None
    ways: dict[Spread, Direction] = {"difference": "lower", "ratio": "higher"}
    return ways.get(name.spread) or known_direction(name.of)
