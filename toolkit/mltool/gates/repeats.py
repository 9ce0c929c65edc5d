"""A metric with several values, one a training: told apart, put together, and compared over the seeds alone."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist, fmean, variance

from mltool.gates.difference import Difference
from mltool.gates.distributions import student, student_quantile
from mltool.gates.history import POWER
from mltool.gates.rules import Settings
from mltool.snapshot.model import Problem, Values

FEWEST = 3
"""Of fewer repeats nobody knows how far seeds move a metric."""
PAIRED = "paired t interval over seeds"
PAIRED_SOURCE = "Student 1908; why seeds: Bouthillier et al. 2021, arXiv:2103.03098"
WELCH = "Welch's t interval over seeds"
WELCH_SOURCE = "Welch 1947, doi:10.1093/biomet/34.1-2.28; why seeds: Bouthillier et al. 2021, arXiv:2103.03098"
ALONE = (PAIRED, WELCH)
NO_ROWS = "The rows of the test set are taken as they are: another test set may say otherwise."


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """The file that a metric is judged by (None: it is not there). Of a metric with several values, `values` has them
    by the name of their repeat, the file holds their mean, and `seen` has the `path:key` of each.
    """

    file: Values | None
    values: Mapping[str, float] = field(default_factory=dict)
    seen: tuple[str, ...] = ()


def of(rule: Settings, files: Mapping[str, Values]) -> Repeated:
    """Return the file of a metric; by a pattern in its path or key (`metrics/seed-*.json:accuracy`,
    `metrics.json:*.accuracy`) it has several values.
    """
    found = tuple(_leaves(rule, files))
    if not found:
        return Repeated(file=files.get(rule.path))
    seen = tuple(f"{file.path}:{key}" for _, file, key, _ in found)
    if broken := next((file.problem for _, file, _, _ in found if file.problem), None):
        return Repeated(file=Values(path=rule.path, values={}, problem=broken), seen=seen)
    odd = next((file for _, file, _, value in found if value is None), None)
    if odd is not None:
        sentence = f"{odd.path} has no finite number `{rule.key}`, which every repeat needs."
        problem = Problem(path=odd.path, kind="unreadable", sentence=sentence)
        return Repeated(file=Values(path=rule.path, values={}, problem=problem), seen=seen)
    values = {name: value for name, _, _, value in found if value is not None}
    return Repeated(file=Values(path=rule.path, values={rule.key: fmean(values.values())}), values=values, seen=seen)


def difference(rule: Settings, before: Mapping[str, float], after: Mapping[str, float]) -> Difference | str:
    """Return the difference of two means over repeats with the interval that seeds give it, or why there is none.

    Where both sides have the same names, seed by seed; else as two samples.
    """
    fewest = min(len(before), len(after))
    if fewest < FEWEST:
        return f"there are {len(before)} values at the base and {len(after)} here, and {FEWEST} are needed on each side"
    paired = set(before) == set(after)
    sign = 1.0 if rule.direction == "higher" else -1.0
    delta = sign * (fmean(after.values()) - fmean(before.values()))
    if paired:
        error, freedom = _paired([after[name] - before[name] for name in after])
    else:
        error, freedom = _welch([*before.values()], [*after.values()])
    if error == 0:
        return "all repeats have the same value, so they are none"
    reach = student_quantile(1 - rule.alpha, freedom) * error
    return Difference(
        metric=rule.metric,
        base=fmean(before.values()),
        head=fmean(after.values()),
        delta=delta,
        low=delta - reach,
        high=delta + reach,
        error=error,
        p_worse=student(delta / error, freedom),
        rows=fewest,
        repeats=fewest,
        method=PAIRED if paired else WELCH,
        source=PAIRED_SOURCE if paired else WELCH_SOURCE,
        smallest_drop=reach + NormalDist().inv_cdf(POWER) * error,
        notes=(NO_ROWS,),
    )


def matched(pattern: str, text: str, *, between: str) -> str | None:
    """Return what the signs `*` and `?` of a pattern stand for in `text`, joined by `-`; None where it does not fit.

    Neither stands for the sign `between` parts, such as the `/` of a path.
    """
    one = f"[^{re.escape(between)}]"
    parts = [f"({one}*)" if sign == "*" else f"({one})" if sign == "?" else re.escape(sign) for sign in pattern]
    found = re.fullmatch("".join(parts), text)
    return "-".join(found.groups()) if found else None


def is_pattern(text: str) -> bool:
    """Return whether a path or a key may stand for several."""
    return "*" in text or "?" in text


def _leaves(rule: Settings, files: Mapping[str, Values]) -> Iterator[tuple[str, Values, str, float | None]]:
    """Yield each value of the metric: the name of its repeat, its file, its key, and the number, if it is one."""
    if not is_pattern(rule.path):
        yield from _in(rule, files[rule.path]) if rule.path in files else ()
        return
    for path, file in sorted(files.items()):
        name = matched(rule.path, path, between="/")
        if name is not None:
            yield name, file, rule.key, _number(file.values.get(rule.key))


def _in(rule: Settings, file: Values) -> Iterator[tuple[str, Values, str, float | None]]:
    for key, leaf in file.values.items() if is_pattern(rule.key) else ():
        name = matched(rule.key, key, between=".")
        if name is not None:
            yield name, file, key, _number(leaf)


def _number(leaf: object) -> float | None:
    if isinstance(leaf, bool) or not isinstance(leaf, int | float) or not math.isfinite(leaf):
        return None
    return float(leaf)


def _paired(moves: list[float]) -> tuple[float, int]:
    return math.sqrt(variance(moves) / len(moves)), len(moves) - 1


def _welch(before: list[float], after: list[float]) -> tuple[float, int]:
    """Return the error of the difference of two means, and Welch's degrees of freedom, rounded down."""
    shares = [(variance(side) / len(side), len(side) - 1) for side in (before, after)]
    total = sum(share for share, _ in shares)
    below = sum(share**2 / freedom for share, freedom in shares)
    return math.sqrt(total), max(1, math.floor(total**2 / below)) if below else 1
