"""The gate on one metric: how far it may fall against the base, and how low it may ever be."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mltool.config import Gate
from mltool.errors import UserError
from mltool.gates.directions import direction as known_direction
from mltool.gates.verdict import Direction, Outcome, Trend, Verdict
from mltool.snapshot.model import Leaf, Problem, Values


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
    found = gate.direction or known_direction(key)
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


def judge(rule: Settings, *, base: Values | None, head: Values | None) -> Verdict:
    """Return the verdict on one metric; `base` and `head` are its files on both sides, None when absent.

    Absent is not broken: a head that lacks the metric fails, a base that lacks it is no baseline yet, and a base that
    cannot be read leaves the comparison undecided.
    """
    value = None if head is None or head.problem else number(head.values.get(rule.key))
    if value is None:
        return _verdict(rule, Outcome.FAIL, _head_problem(rule, head))
    broken = _beyond_limit(rule, value)
    was, doubt = _baseline(rule, base)
    if broken:
        return _verdict(rule, Outcome.FAIL, broken, was, value)
    if was is None:
        return _without_baseline(rule, value, doubt)
    return _compare(rule, was, value)


def number(leaf: Leaf) -> float | None:
    """Return a finite number as float, else None. A bool is no number, nor is an integer past what a float can hold."""
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return None
    try:
        value = float(leaf)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _head_problem(rule: Settings, head: Values | None) -> str:
    if head is None:
        lost = f"{rule.path} is not a metrics file of this revision, so `{rule.key}` cannot be judged."
        return f"{lost} List it under `metrics` in dvc.yaml, or mend the path in mltool.toml."
    if head.problem:
        return _unreadable(head.problem)
    if rule.key not in head.values:
        return f"{rule.path} has no `{rule.key}`.{_near(rule.key, head.values)}"
    return f"`{rule.key}` in {rule.path} is {_spell(head.values[rule.key])}, not a finite number."


def _unreadable(problem: Problem) -> str:
    line = f" line {problem.line}:" if problem.line and f"line {problem.line}" not in problem.sentence else ""
    return problem.sentence if problem.path in problem.sentence else f"{problem.path}:{line} {problem.sentence}"


def _near(key: str, values: Mapping[str, Leaf]) -> str:
    near = difflib.get_close_matches(key, list(values)[:1000], n=1)
    return f" Did you mean `{near[0]}`?" if near else ""


def _spell(leaf: Leaf) -> str:
    if isinstance(leaf, float) and math.isnan(leaf):
        return "NaN"
    if isinstance(leaf, float):
        return "infinite"
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        return "an integer of more than 308 digits"
    return f"{type(leaf).__name__} `{str(leaf)[:60]}`"


def _beyond_limit(rule: Settings, value: float) -> str:
    if rule.floor is not None and value < rule.floor:
        return f"{rule.key} is {value:.6g}, below the floor of {rule.floor:g}."
    if rule.ceiling is not None and value > rule.ceiling:
        return f"{rule.key} is {value:.6g}, above the ceiling of {rule.ceiling:g}."
    return ""


def _baseline(rule: Settings, base: Values | None) -> tuple[float | None, str]:
    """Return the base's number, or None with the doubt that a base which is there cannot be read."""
    if base is None:
        return None, ""
    if base.problem:
        return None, f"The base cannot be read: {_unreadable(base.problem)}"
    if rule.key not in base.values:
        return None, ""
    was = number(base.values[rule.key])
    if was is None:
        return None, f"`{rule.key}` is {_spell(base.values[rule.key])} in the base."
    return was, ""


def _without_baseline(rule: Settings, value: float, doubt: str) -> Verdict:
    if doubt:
        return _verdict(rule, Outcome.UNDECIDED, doubt, None, value)
    if rule.floor is not None or rule.ceiling is not None:
        sentence = f"{rule.key} is {value:.6g}, within its limit; there is no baseline to compare with yet."
        return _verdict(rule, Outcome.PASS, sentence, None, value)
    return _verdict(rule, Outcome.SKIP, f"{rule.key} is {value:.6g}; there is no baseline yet.", None, value)


def _compare(rule: Settings, was: float, value: float) -> Verdict:
    worse = was - value if rule.direction == "higher" else value - was
    allowed = rule.allowed(was)
    # 0.905 − 0.9 is 0.0050000000000000044: a drop of exactly the tolerance must pass.
    beyond = worse > allowed and not math.isclose(
        worse, allowed, rel_tol=1e-9, abs_tol=1e-12 * max(abs(was), abs(value))
    )
    trend: Trend = "same" if value == was else "worse" if worse > 0 else "better"
    moved = {"same": "is unchanged at"}.get(trend, "rose to" if value > was else "fell to")
    sentence = f"{rule.key} {moved} {value:.6g}"
    if trend != "same":
        sentence += f" from {was:.6g}"
    if beyond:
        sentence += f", {worse:.3g} worse; {allowed:.3g} is allowed" if allowed else f", {worse:.3g} worse"
    elif trend == "worse":
        sentence += f", within the {allowed:.3g} allowed"
    outcome = Outcome.FAIL if beyond else Outcome.PASS
    return replace(_verdict(rule, outcome, sentence + ".", was, value, trend), allowed=allowed)


def _verdict(
    rule: Settings,
    outcome: Outcome,
    sentence: str,
    base: float | None = None,
    head: float | None = None,
    trend: Trend = "unknown",
) -> Verdict:
    return Verdict(
        gate=rule.name,
        metric=f"{rule.path}:{rule.key}",
        outcome=outcome,
        level="warn" if rule.level == "warn" else "fail",
        sentence=sentence,
        trend=trend,
        direction=rule.direction,
        base=base,
        head=head,
        delta=head - base if head is not None and base is not None else None,
        rule=rule.rule,
    )


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
