"""The gate on one metric: how far it may fall against the base, and how low it may ever be."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from mltool.errors import did_you_mean
from mltool.gates import history, interval, repeats
from mltool.gates.difference import Difference, alike, same
from mltool.gates.grounds import Grounds
from mltool.gates.rules import Settings
from mltool.gates.verdict import Outcome, Trend, Verdict
from mltool.snapshot.model import Leaf, Problem, Values


def judge(
    rule: Settings,
    *,
    base: Values | None,
    head: Values | None,
    grounds: Grounds | None = None,
    p_worse: float | None = None,
    seeds: tuple[Mapping[str, float], Mapping[str, float]] | None = None,
) -> Verdict:
    """Return the verdict on one metric; `base` and `head` are its files on both sides, None when absent.

    Absent is not broken: a head that lacks the metric fails, a base that lacks it is no baseline yet, and a base that
    cannot be read leaves the comparison undecided. Two values are compared by the best of `grounds` that the rule
    allows; without any, by the tolerance. `p_worse` is the p-value where several metrics were asked together;
    `seeds` are the values of base and head by repeat, where the metric has several.
    """
    value = None if head is None or head.problem else number(head.values.get(rule.key))
    if value is None:
        return _verdict(rule, Outcome.FAIL, _head_problem(rule, head))
    broken = _beyond_limit(rule, value)
    recorded, doubt = _baseline(rule, base)
    anew = _anew(rule, value, grounds) if recorded is not None else None
    was = recorded if anew is None else anew
    if was is None:
        return _limited(rule, value, broken) if broken else _without_baseline(rule, value, doubt)
    found = _compare(rule, was, value, grounds, p_worse, seeds)
    if broken:
        found = _beside(_limited(rule, value, broken, was), found, _known(rule, grounds))
    if anew is None:
        return found
    own = f"Base evaluated anew on this change's test set (its own metrics file says {recorded:.6g})."
    return replace(found, recorded=recorded, sentence=f"{found.sentence} {own}")


def number(leaf: Leaf) -> float | None:
    """Return a finite number as float, else None. A bool is no number, nor is an integer past what a float can hold."""
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return None
    try:
        value = float(leaf)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _anew(rule: Settings, value: float, grounds: Grounds | None) -> float | None:
    """Return the base's value on the head's test set, where its model was evaluated there.

    Metrics files round, so it is told by how far it lies from the head's, to six digits.
    """
    found = grounds.paired.get((rule.name, "")) if grounds and grounds.anew else None
    if not isinstance(found, Difference):
        return None
    return value if found.head == found.base else float(f"{value - (found.head - found.base):.6g}")


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
    return f" {did_you_mean(key, list(values)[:1000])}".rstrip()


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


def _limited(rule: Settings, value: float, broken: str, was: float | None = None) -> Verdict:
    limit = rule.floor if rule.floor is not None and value < rule.floor else rule.ceiling
    return replace(_verdict(rule, Outcome.FAIL, broken, was, value), limit=limit)


def _beside(limited: Verdict, found: Verdict, known: tuple[str, ...]) -> Verdict:
    """Return that a limit is broken, with the interval of the difference beside it; without one, why there is none."""
    if found.alpha is None:
        return replace(limited, sentence=" ".join((limited.sentence, *known)), why=found.why)
    return replace(
        found,
        outcome=Outcome.FAIL,
        limit=limited.limit,
        sentence=f"{limited.sentence} {found.sentence}",
        trend=found.trend if found.outcome is Outcome.FAIL else "unknown",
        suspicious=False,
    )


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


def _compare(
    rule: Settings,
    was: float,
    value: float,
    grounds: Grounds | None,
    p_worse: float | None,
    seeds: tuple[Mapping[str, float], Mapping[str, float]] | None,
) -> Verdict:
    """Compare two values by the first test that the rule allows and the grounds give; `why` says what was not to be."""
    if grounds is None or rule.test == "tolerance":
        return _by_tolerance(rule, was, value, unmoved=grounds is not None and grounds.unmoved)
    start = _verdict(rule, Outcome.UNDECIDED, "", was, value)
    unusable = grounds.unpaired if grounds.broken else grounds.denied.get(rule.name, "")
    if unusable and rule.test in ("auto", "repeats", "paired"):
        moved = f"{rule.key} is {value:.6g} and was {was:.6g}"
        sentence = f"{moved}; its predictions are there and cannot be compared: {unusable}."
        return replace(start, test="paired", sentence=sentence, why=f"not paired: {unusable}")
    reasons: list[str] = []
    tests: tuple[tuple[str, Callable[[], Difference | str | None]], ...] = (
        ("repeats", lambda: _mixed(rule, was, value, grounds)),
        ("paired", lambda: _paired(rule, was, value, grounds)),
        ("repeats", lambda: _seeds(rule, seeds)),
        ("history", lambda: _past(rule, was, value, grounds)),
    )
    for test, compare in tests:
        found = compare() if rule.test in ("auto", test) else None
        if found is None:
            continue
        why = "; ".join(reasons)
        if isinstance(found, Difference):
            asked = p_worse if found is grounds.paired.get((rule.name, "")) else None
            judged = interval.judge(
                rule, found, replace(start, test=test, why=why), p_worse=asked, unseen=grounds.unseen
            )
            return replace(judged, sentence=" ".join((judged.sentence, *found.notes)))
        if not found:  # there is nothing to estimate
            known = _by_tolerance(rule, was, value, unmoved=True)
            return replace(known, test=test, method="the same predictions on both sides")
        reasons.append(f"not {test}: {found}")
    why = "; ".join(reasons)
    if rule.test == "auto":
        return replace(_by_tolerance(rule, was, value), why=why)
    sentence = f"{rule.key} is {value:.6g} and was {was:.6g}; it cannot be compared as this gate asks ({why})."
    return replace(start, test=rule.test, sentence=sentence, why=why)


def _paired(rule: Settings, was: float, value: float, grounds: Grounds) -> Difference | str:
    """Return the difference row by row, or why there is none; nothing where both sides predict the same."""
    if grounds.unmoved:
        return (
            "" if same(was, value) else "both sides predict the same, so the metric itself is computed in another way"
        )
    return grounds.paired.get((rule.name, ""), grounds.unpaired or "the predictions were not compared")


def _mixed(rule: Settings, was: float, value: float, grounds: Grounds) -> Difference | str | None:
    """Return the difference over the predictions of several repeats; None where there are none and none are asked."""
    found = _paired(rule, was, value, grounds)
    if isinstance(found, Difference) and (found.repeats or 0) >= repeats.FEWEST:
        return found
    if rule.test != "repeats":
        return None
    few = f"there are predictions of fewer than {repeats.FEWEST} repeats on a side"
    return few if isinstance(found, Difference) else found


def _seeds(rule: Settings, seeds: tuple[Mapping[str, float], Mapping[str, float]] | None) -> Difference | str | None:
    """Return the difference over the metric's values alone; None where it has one, unless the rule asks for several."""
    if seeds is not None:
        return repeats.difference(rule, *seeds)
    return "the metric has one value on a side" if rule.test == "repeats" else None


def _known(rule: Settings, grounds: Grounds | None) -> tuple[str, ...]:
    """Return what the rows say beside the difference, such as how wide a gap chance makes."""
    found = grounds.paired.get((rule.name, "")) if grounds else None
    return found.notes if isinstance(found, Difference) else ()


def _past(rule: Settings, was: float, value: float, grounds: Grounds) -> Difference | str:
    past = grounds.past.get(rule.metric, ())
    higher = rule.direction == "higher"
    return history.difference(rule.metric, past, base=was, head=value, higher=higher, alpha=rule.alpha)


def _by_tolerance(rule: Settings, was: float, value: float, *, unmoved: bool = False) -> Verdict:
    """Compare two values; of predictions that did not move, as far as files round they are one."""
    still = alike(was, value) or (unmoved and same(was, value))
    worse = 0.0 if still else was - value if rule.direction == "higher" else value - was
    allowed = rule.allowed(was)
    # 0.905 − 0.9 is 0.0050000000000000044: a drop of exactly the tolerance must pass.
    beyond = worse > allowed and not math.isclose(
        worse, allowed, rel_tol=1e-9, abs_tol=1e-12 * max(abs(was), abs(value))
    )
    trend: Trend = "same" if still else "worse" if worse > 0 else "better"
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
        metric=rule.metric,
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
