"""The checks of pandera as rules of a contract, and back; those that a contract cannot say are told apart."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from mltool.data.check_values import EPOCH, instant
from mltool.data.contract import Column, Type
from mltool.data.contract_rules import DAY, NUMBERS, TIMES, range_of

REST: Final = "(?s:.*)"
Rules = dict[str, Any]


def carry(check: str, stats: Any, rules: Rules) -> bool:
    """Put what a check asks into the rules; return whether a contract can say it."""
    if check in CARRIES:
        return CARRIES[check](stats, rules)
    if check in PATTERNS and isinstance(stats, str) and rules["type"] == "text" and "pattern" not in rules:
        pattern = PATTERNS[check](stats)
        if _reads(pattern):
            rules["pattern"] = pattern
            return True
    return False


def _end(rules: Rules, end: str, value: Any, *, open_end: bool = False) -> bool:
    """Narrow one end of the range; an open end is the next value inside. Return whether that can be said."""
    value = _value(rules["type"], value)
    if value is None:
        return False
    if open_end:
        value = _next(rules["type"], value, up=end == "min")
    if end == "min" and rules["type"] == "timestamp":
        value = value.removesuffix("T00:00:00")
    narrower = max if end == "min" else min
    rules[end] = value if end not in rules else narrower(rules[end], value)
    return True


def _value(declared: Type, value: Any) -> Any:
    if declared in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    if declared in TIMES and isinstance(value, str | date):
        try:
            moment = EPOCH + timedelta(microseconds=instant(str(value)))
        except (ValueError, OverflowError):
            return None
        return (moment.date() if declared == "date" else moment.replace(tzinfo=None)).isoformat()
    return None


def _next(declared: Type, value: Any, *, up: bool) -> Any:
    sign = 1 if up else -1
    if declared == "integer":
        return math.floor(value) + 1 if up else math.ceil(value) - 1
    if declared == "number":
        return math.nextafter(value, sign * math.inf)
    if declared == "date":
        return (date.fromisoformat(value) + sign * timedelta(days=1)).isoformat()
    moment = datetime.fromisoformat(value)
    if not up and moment.time() == time():
        return (moment - timedelta(days=1)).date().isoformat()  # all of the day before
    return (moment + sign * timedelta(microseconds=1)).isoformat()


def _range(stats: Any, rules: Rules) -> bool:
    if not isinstance(stats, dict):
        return False
    ends = (("min", "min_value", "include_min"), ("max", "max_value", "include_max"))
    return all(_end(rules, end, stats.get(at), open_end=not stats.get(whether, True)) for end, at, whether in ends)


def _equal(stats: Any, rules: Rules) -> bool:
    if rules["type"] == "text":
        return _among([stats], rules)
    return _end(rules, "min", stats) and _end(rules, "max", stats)


def _among(stats: Any, rules: Rules) -> bool:
    kinds = str if rules["type"] == "text" else int | float if rules["type"] in NUMBERS else ()
    values = stats if isinstance(stats, list) else ()
    if not values or "values" in rules or not all(isinstance(value, kinds) for value in values):
        return False
    rules["values"] = tuple(values)
    return True


def _length(stats: Any, rules: Rules) -> bool:
    if rules["type"] != "text":
        return False
    stats = stats if isinstance(stats, dict) else {"exact_value": stats}
    least, most = (stats.get("exact_value", stats.get(at)) or stats.get(at) for at in ("min_value", "max_value"))
    rules |= {key: value for key, value in (("min_length", least), ("max_length", most)) if value is not None}
    return True


CARRIES: Final[Mapping[str, Callable[[Any, Rules], bool]]] = {
    "greater_than_or_equal_to": lambda stats, rules: _end(rules, "min", stats),
    "greater_than": lambda stats, rules: _end(rules, "min", stats, open_end=True),
    "less_than_or_equal_to": lambda stats, rules: _end(rules, "max", stats),
    "less_than": lambda stats, rules: _end(rules, "max", stats, open_end=True),
    "in_range": _range,
    "equal_to": _equal,
    "isin": _among,
    "str_length": _length,
}


def _matched(pattern: str) -> str:
    """Return what a whole text matches whose beginning matches this."""
    found = re.fullmatch(r"\^?\(\?:(.*)\)\$", pattern, re.DOTALL)
    if found and _reads(found[1]):
        return found[1]
    bare = pattern.removeprefix("^")
    if bare.endswith("$") and "|" not in bare and not bare.endswith(r"\$"):
        return bare.removesuffix("$")
    return f"(?:{pattern}){REST}"


PATTERNS: Final[Mapping[str, Callable[[str], str]]] = {
    "str_matches": _matched,
    "str_contains": lambda pattern: f"{REST}(?:{pattern}){REST}",
    "str_startswith": lambda text: f"{re.escape(text)}{REST}",
    "str_endswith": lambda text: f"{REST}{re.escape(text)}",
}


def _reads(pattern: str) -> bool:
    """Return whether RE2 reads a pattern of Python's, which may look around."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def written(column: Column) -> Iterator[tuple[str, Any]]:
    if not column.outside:
        if column.min is not None:
            yield "greater_than_or_equal_to", _written_end(column, range_of(column)[0], column.min, math.floor)
        if column.type == "timestamp" and len(str(column.max)) == DAY:
            yield "less_than", _written_end(column, range_of(column)[1], column.max, math.ceil)
        elif column.max is not None:
            yield "less_than_or_equal_to", _written_end(column, range_of(column)[1], column.max, math.ceil)
    if column.values and not column.unseen:
        yield "isin", list(column.values)
    if column.pattern and compiles(column.pattern):
        yield "str_matches", f"(?:{column.pattern})$"
    if column.min_length is not None or column.max_length is not None:
        yield "str_length", {"min_value": column.min_length, "max_value": column.max_length}


def _written_end(column: Column, value: float, text: Any, rounded: Callable[[float], int]) -> Any:
    """Return one end; times in whole seconds, which is what pandera writes."""
    if column.type == "date":
        return (EPOCH + timedelta(microseconds=value)).date()
    if column.type == "timestamp":
        return (EPOCH + timedelta(seconds=rounded(value / 1e6))).strftime("%Y-%m-%d %H:%M:%S")
    return text


def compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
