"""Numbers as a person writes them: enough digits to see the difference, units that can be read, never a lie."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from mltool.report.inert import clip
from mltool.snapshot.model import Leaf

Unit = Literal["", "share", "bytes", "seconds"]

ABSENT = "–"
MOST_TEXT = 60
MOST_ITEMS = 6
_DIGITS = 4
_MOST_DECIMALS = 12
_HUGE, _TINY, _GROUPED = 1e15, 1e-4, 10_000
_SHARES = frozenset(
    re.findall(
        r"\S+",
        """accuracy acc auc auroc auprc aucpr ap map f1 f2 fbeta precision recall sensitivity specificity tpr tnr fpr
        fnr ndcg mrr iou miou dice jaccard coverage top1 top5 hits rate share ratio fraction eer misclassification""",
    )
)
_BYTES, _SECONDS = frozenset({"bytes", "byte"}), frozenset({"seconds", "second", "secs", "sec"})
_SCALE = ("B", "kB", "MB", "GB", "TB", "PB")


def unit(name: str, values: Sequence[Leaf]) -> Unit:
    """Return what the values of a metric called `name` are counted in; a share only where all lie in 0…1."""
    words = re.findall(r"[a-z]+[0-9]*", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower())
    numbers = [value for leaf in values if (value := real(leaf)) is not None]
    if words and words[-1] in _BYTES and "per" not in words and all(value == int(value) for value in numbers):
        return "bytes"
    if words and words[-1] in _SECONDS and "per" not in words:
        return "seconds"
    inside = bool(numbers) and all(0 <= value <= 1 for value in numbers)
    return "share" if inside and not _SHARES.isdisjoint(words) else ""


def real(leaf: Any) -> float | None:
    """Return a finite number as float, else None; a bool is no number."""
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return None
    try:
        value = float(leaf)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def beside(name: str, values: Sequence[Leaf]) -> tuple[str, ...]:
    """Return the values of one row, written with the same unit and enough digits to tell them apart."""
    kind = unit(name, values)
    if kind == "bytes":
        return _all_or_exact(values, size)
    if kind == "seconds":
        return _all_or_exact(values, duration)
    return _plain(values)


def value(leaf: Any) -> str:
    """Return one value of a metric or param. Text is shown as it is, lists with their first items."""
    if leaf is None:
        return "null"
    if isinstance(leaf, bool):
        return "true" if leaf else "false"
    if isinstance(leaf, int | float):
        return _alone(leaf)
    if isinstance(leaf, list | tuple):
        return _list(leaf)
    if isinstance(leaf, dict):
        return "{…}"
    return clip(str(leaf), MOST_TEXT) if str(leaf) else '""'


def difference(name: str, old: Leaf, new: Leaf) -> str:
    """Return how far `new` is from `old`: `−2.1 points (−2.6 %)`, `+31.4 MB (+12 %)`; empty where it has no meaning."""
    was, now = real(old), real(new)
    if was is None or now is None:
        return ""
    if not math.isfinite(now - was):
        return ""
    return "±0" if now == was else f"{_signed(now - was, amount(name, old, new))}{_relative(was, now)}"


def items(old: Any, new: Any) -> str:
    """Return what a list lost and got: `without age; with height, weight`; empty where there is no such list."""
    if not isinstance(old, list | tuple) or not isinstance(new, list | tuple):
        return ""
    was, now = (Counter(map(_key, side)) for side in (old, new))
    gone, came = was - now, now - was
    lost = [item for item in old if _taken(gone, item)]
    got = [item for item in new if _taken(came, item)]
    parts = (("without ", lost), ("with ", got))
    told = "; ".join(f"{word}{_list(found)[1:-1]}" for word, found in parts if found)
    return told or ("in another order" if list(old) != list(new) else "")


def _key(item: Any) -> str:
    return f"{type(item).__name__} {item!r}"


def _taken(left: Counter[str], item: Any) -> bool:
    key = _key(item)
    left[key] -= 1
    return left[key] >= 0


def amount(name: str, old: Leaf, new: Leaf) -> str:
    """Return the absolute distance between two numbers in the metric's unit, without a sign."""
    return measured(unit(name, (old, new)), abs((real(new) or 0.0) - (real(old) or 0.0)))


def between(name: str, sides: Sequence[Leaf], low: float, high: float) -> str:
    """Return the bounds of a difference of two values, in the unit of `difference`: `[−3.1, −0.9]`."""
    kind = unit(name, sides)
    return f"[{', '.join(_bound(kind, bound) for bound in (low, high))}]"


def _bound(kind: Unit, bound: float) -> str:
    text = measured(kind, abs(bound)).removesuffix(" points").removesuffix(" point")
    return text if bound == 0 else _signed(bound, text)


def measured(kind: Unit, distance: float) -> str:
    """Return a distance ≥ 0 in its unit; a share's is in points of a hundred."""
    if kind == "share":
        points = _significant(distance * 100, 3)
        return f"{points} point" if points == "1" else f"{points} points"
    if kind == "bytes":
        return size(distance)
    return duration(distance) if kind == "seconds" else _significant(distance, 3)


def size(count: Leaf) -> str:
    """Return bytes as people read them, in powers of 1,000."""
    found = real(count)
    if found is None:
        return value(count)
    if abs(found) < 1000:
        return f"{found:.0f} B"
    step = min(int(math.log10(abs(found)) // 3), len(_SCALE) - 1)
    scaled = found / 1000**step
    if abs(scaled) >= 999.5 and step < len(_SCALE) - 1:
        scaled, step = scaled / 1000, step + 1
    return f"{_significant(scaled, 3)} {_SCALE[step]}"


def duration(seconds: Leaf) -> str:
    """Return seconds as people read them: `41 ms`, `12.3 s`, `3 min 12 s`, `2 h 05 min`."""
    found = real(seconds)
    if found is None:
        return value(seconds)
    if found < 0 or found >= 360_000:
        return f"{_significant(found, 4)} s"
    if found < 1e-3:
        return f"{_significant(found * 1e6, 3)} µs" if found else "0 s"
    if found < 1:
        return f"{_significant(found * 1000, 3)} ms"
    if found < 119.95:
        return f"{_significant(found, 3)} s"
    whole = round(found)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def tally(number: float) -> str:
    """Return a count, which a weighted matrix may hold as a fraction."""
    return _minus(f"{number:,.0f}") if number % 1 == 0 else _significant(number, 4)


def count(number: int, one: str, many: str = "") -> str:
    """Return `1 file`, `2,000 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def plus(number: float, one: str = "", many: str = "") -> str:
    """Return a signed whole number, `+3 files` or `−3,012`."""
    text = count(abs(int(number)), one, many) if one else f"{abs(int(number)):,}"
    return _signed(number, text)


def _signed(number: float, text: str) -> str:
    return f"{'−' if number < 0 else '+'}{text}"


def _relative(was: float, now: float) -> str:
    if was == 0:
        return ""
    share = (now - was) / abs(was)
    if not math.isfinite(share):
        return ""
    if abs(share) >= 9.995:
        return f" (×{_significant(now / was, 3)})" if now / was > 0 else ""
    percent = abs(share) * 100
    text = f"{percent:.0f}" if percent >= 10 else f"{percent:.1f}"
    return f" ({_signed(share, text)}\u00a0%)" if percent >= 0.05 else " (<0.1\u00a0%)"


def _all_or_exact(values: Sequence[Leaf], write: Any) -> tuple[str, ...]:
    """Write each value with `write`, unless two that differ would then read the same."""
    numbers = [real(item) for item in values]
    written = tuple(ABSENT if leaf is None else write(leaf) for leaf in values)
    known = {(text, number) for text, number in zip(written, numbers, strict=True) if number is not None}
    return written if len({text for text, _ in known}) == len(known) else _plain(values)


def _plain(values: Sequence[Leaf]) -> tuple[str, ...]:
    numbers = [found for leaf in values if (found := real(leaf)) is not None]
    step = _last_place(numbers)
    return tuple(_number(leaf, step) for leaf in values)


def _last_place(numbers: Sequence[float]) -> int:
    """Return the power of ten of the last digit to write: four digits of the largest value, two of the smallest
    difference.
    """
    largest = max((abs(item) for item in numbers), default=0.0)
    apart = [abs(one - other) for one in numbers for other in numbers if one != other]
    apart = [distance for distance in apart if math.isfinite(distance)]
    places = [_power(largest) - _DIGITS + 1] if largest else [0]
    return min([*places, *([_power(min(apart)) - 1] if apart else [])])


def _power(number: float) -> int:
    """Return the power of ten of a number > 0; 0.0099999999 counts as 0.01, because it is one minus another."""
    return math.floor(math.log10(number) + 1e-6)


def _number(leaf: Leaf, place: int) -> str:
    if leaf is None:
        return ABSENT
    found = real(leaf)
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return value(leaf)
    if found is None:
        return _beyond(leaf)
    if found and not _TINY <= abs(found) < _HUGE:
        return _scientific(found, max(_DIGITS - 1, _power(abs(found)) - place))
    if isinstance(leaf, int) or (place >= 0 and found == int(found)):
        return _minus(f"{int(leaf):,}" if abs(found) >= _GROUPED else f"{int(leaf)}")
    # A small number beside large ones keeps its own digits: 0.001 must not read as 0.
    own = _power(abs(found)) - _DIGITS + 1 if found else 0
    decimals = min(max(-place, -own if abs(found) < 10.0 ** (place + 2) else 0, 0), _MOST_DECIMALS)
    return _minus(f"{found:,.{decimals}f}" if abs(found) >= _GROUPED else f"{found:.{decimals}f}")


def _alone(leaf: int | float) -> str:
    """Write one number as its file does, so that a year stays a year."""
    found = real(leaf)
    if found is None:
        return _beyond(leaf)
    if isinstance(leaf, int) and abs(leaf) < _HUGE:
        return _minus(str(leaf))
    return _scientific(found, 11) if found and not _TINY <= abs(found) < _HUGE else _minus(f"{found:.12g}")


def _beyond(leaf: int | float) -> str:
    """Write what has no float: NaN, infinities, and integers past 10^308."""
    if isinstance(leaf, int):
        sign = "−" if leaf < 0 else ""
        return f"{sign}≈10^{round(leaf.bit_length() * math.log10(2))}"
    return "NaN" if math.isnan(leaf) else "Infinity" if leaf > 0 else "−Infinity"


def _significant(number: float, digits: int) -> str:
    """Return the number with so many significant digits, whole parts in full, without trailing zeros."""
    if number == 0:
        return "0"
    if not math.isfinite(number):  # the distance between two numbers that a float just holds
        return _beyond(number)
    if not 1e-6 <= abs(number) < _HUGE:
        return _scientific(number, digits - 1)
    text = f"{number:,.{min(max(digits - 1 - _power(abs(number)), 0), _MOST_DECIMALS)}f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


def _scientific(number: float, decimals: int) -> str:
    digits, _, power = f"{number:.{min(decimals, _MOST_DECIMALS)}e}".partition("e")
    short = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return _minus(f"{short}e{int(power)}")


def _minus(text: str) -> str:
    """Write a true minus sign, and no sign before zero."""
    if not text.startswith("-"):
        return text
    return f"−{text[1:]}" if re.search("[1-9]", text.partition("e")[0]) else text[1:]


def _list(items: Sequence[Any]) -> str:
    shown = ", ".join(value(item) for item in items[:MOST_ITEMS])
    more = f", … {len(items):,} items" if len(items) > MOST_ITEMS else ""
    return clip(f"[{shown}", MOST_TEXT) + f"{more}]"
