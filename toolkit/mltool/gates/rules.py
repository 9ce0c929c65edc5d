"""A `[gates.NAME]` table, understood: which metric, which way is better, how far it may fall."""

import math
from dataclasses import dataclass

from mltool.config import Gate
from mltool.errors import UserError
from mltool.gates import gaps
from mltool.gates.directions import direction as known_direction
from mltool.gates.verdict import Direction


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A `[gates.NAME]` table, understood."""

    name: str
    path: str
    key: str
    direction: Direction
    tolerance: float
    relative: bool
    floor: float | None
    ceiling: float | None
    level: str
    group: str = ""
    function: str = ""
    seconds: float = 60.0
    test: str = "auto"
    alpha: float = 0.05
    slices: tuple[str, ...] = ()
    secondary: bool = False
    strict: bool = False

    @property
    def metric(self) -> str:
        """Return `path:key`."""
        return f"{self.path}:{self.key}"

    def allowed(self, base: float) -> float:
        """Return how much worse than `base` still passes, in the metric's unit."""
        return self.tolerance * abs(base) if self.relative else self.tolerance

    @property
    def rule(self) -> str:
        """Return the rule in words."""
        drop = "fall" if self.direction == "higher" else "rise"
        amount = f"{self.tolerance * 100:g} %" if self.relative else f"{self.tolerance:g}"
        limits = [f"may {drop} by at most {amount}" if self.tolerance else f"may not {drop}"]
        if self.floor is not None:
            limits.append(f"never below {self.floor:g}")
        if self.ceiling is not None:
            limits.append(f"never above {self.ceiling:g}")
        return ", ".join(limits)


def settings(name: str, gate: Gate) -> Settings:
    """Return the gate understood, or raise UserError naming the key that cannot be."""
    where = f"[gates.{name}]"
    path, colon, key = gate.metric.partition(":")
    if not (path and colon and key):
        raise UserError(f"{where}: metric `{gate.metric}` is not `path:key`.", "For example `metrics.json:accuracy`.")
    if gate.group and gaps.parse(key) is None:
        raise UserError(
            f"{where}: `{key}` is no gap between groups.",
            "Its name ends in `_difference`, `_ratio`, `_group_min` or `_group_max`; `group` goes with such a metric.",
        )
    found = gate.direction or (gaps.direction(key) if gate.group else known_direction(key))
    if found is None:
        raise UserError(f"{where}: `{key}` does not say which way is better.", 'Add direction = "higher" or "lower".')
    tolerance, relative = _tolerance(where, gate.tolerance)
    _check_limits(where, gate, better=found)
    return Settings(
        name=name,
        path=path,
        key=key,
        direction=found,
        tolerance=tolerance,
        relative=relative,
        floor=gate.floor,
        ceiling=gate.ceiling,
        level=gate.level,
        group=gate.group,
        function=_function(where, gate),
        seconds=gate.seconds,
        test=gate.test,
        alpha=_alpha(where, gate.alpha),
        slices=gate.slices,
        secondary=gate.secondary,
        strict=gate.fail_on == "undecided",
    )


def _check_limits(where: str, gate: Gate, *, better: Direction) -> None:
    """Raise UserError for limits that can never hold, never fail, or stand on the side where the metric gets better."""
    for name, limit in (("floor", gate.floor), ("ceiling", gate.ceiling)):
        if limit is not None and not math.isfinite(limit):
            raise UserError(f"{where}: {name} = {limit} is no limit.", "Write a number, or leave the key out.")
    if gate.floor is not None and gate.ceiling is not None:
        if gate.floor > gate.ceiling:
            raise UserError(f"{where}: the floor {gate.floor:g} is above the ceiling {gate.ceiling:g}.")
        return
    lone, meant = ("floor", "ceiling") if better == "lower" else ("ceiling", "floor")
    if getattr(gate, lone) is not None:
        remedy = f"Did you mean `{meant}`? A range has both, and direction tells which way is better."
        raise UserError(f"{where}: a {lone} alone holds back a metric where {better} is better.", remedy)


def _function(where: str, gate: Gate) -> str:
    """Return the function of the gate; raises UserError where it is not in this repository, or is no name."""
    path, _, name = gate.function.rpartition(":")
    if gate.function and not (path.endswith(".py") and name.isidentifier()):
        raise UserError(f"{where}: function `{gate.function}` is not `path:name`.", "For example `scoring.py:profit`.")
    if path.startswith("/") or ".." in path.split("/") or "\\" in path:
        raise UserError(
            f"{where}: function `{gate.function}` leads out of the repository.",
            "Write its path as it is from the repository's folder.",
        )
    if gate.function and gate.group:
        raise UserError(f"{where}: `group` and `function` do not go together.", "Leave one of them out.")
    if not (math.isfinite(gate.seconds) and gate.seconds > 0):
        raise UserError(
            f"{where}: seconds = {gate.seconds:g} is no time.", "It is a number above 0; 60 is the default."
        )
    return gate.function


def _tolerance(where: str, given: float | str) -> tuple[float, bool]:
    text = str(given).strip()
    relative = text.endswith("%")
    try:
        value = float(text.removesuffix("%")) / (100 if relative else 1)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise UserError(f"{where}: tolerance `{given}` is not a number ≥ 0.", 'Write 0.005 or "1%".')
    return value, relative


def _alpha(where: str, given: float) -> float:
    if not 0 < given < 0.5:
        raise UserError(f"{where}: alpha = {given:g} is no level.", "It lies between 0 and 0.5; 0.05 is usual.")
    return given
