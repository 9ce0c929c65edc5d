"""The contract as it would have to read for the table to pass: the file, edited where a rule is broken."""

import math
from collections.abc import Callable, Iterable
from datetime import timedelta

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from mltool.data import contract_file, infer
from mltool.data.check import Checked
from mltool.data.check_column import STRANGERS, Tally
from mltool.data.check_judge_column import age_of
from mltool.data.check_values import EPOCH
from mltool.data.check_verdicts import Verdict
from mltool.data.contract import Column
from mltool.data.contract_parts import Source
from mltool.data.contract_rules import TIMES, range_of
from mltool.gates.verdict import Outcome

NAMED = 20
"""More unknown categories than this are allowed as a share, not by name."""
Edit = Callable[[CommentedMap, Checked, Verdict], None]


def suggest(content: bytes, checked: Checked, table: Source, *, source: str) -> tuple[str, tuple[Verdict, ...]]:
    """Return the text of a contract that the table keeps, and the failures that no contract can allow.

    Comments and the order of the file stay. Values of columns marked sensitive are not written into it.
    """
    document = contract_file.document(content, source=source)
    broken = [verdict for verdict in checked.verdicts if verdict.outcome is Outcome.FAIL]
    left = []
    for verdict in broken:
        if verdict.rule == "lines" or (verdict.rule == "max_age" and not _has_age(checked, verdict)):
            left.append(verdict)
        elif verdict.rule not in ("type", "extra"):
            EDITS[verdict.rule](document, checked, verdict)
    _learn(document, checked, table, [verdict for verdict in broken if verdict.rule in ("type", "extra")])
    return contract_file.text(document), tuple(left)


def _rows(document: CommentedMap, checked: Checked, _: Verdict) -> None:
    rules = document.setdefault("rows", CommentedMap())
    rows, asked = checked.read.rows, checked.asked.contract.rows
    rules["min" if rows < asked.min else "max"] = rows


def _change(document: CommentedMap, checked: Checked, _: Verdict) -> None:
    last = checked.asked.last_rows
    if last:
        document["rows"]["change"] = infer.upwards(abs(checked.read.rows - last) / last)
    else:
        del document["rows"]["change"]


def _key(document: CommentedMap, _checked: Checked, _: Verdict) -> None:
    document.pop("key", None)


def _present(document: CommentedMap, checked: Checked, verdict: Verdict) -> None:
    if checked.asked.environment:
        place = document["environments"][checked.asked.environment]
        place.setdefault("optional", _flow()).append(contract_file.plain(verdict.column))
        return
    del document["columns"][verdict.column]
    _forget(document, verdict.column)


def _absent(document: CommentedMap, checked: Checked, verdict: Verdict) -> None:
    document["environments"][checked.asked.environment]["absent"].remove(verdict.column)


def _missing(document: CommentedMap, _: Checked, verdict: Verdict) -> None:
    _of(document, verdict)["missing"] = infer.upwards(verdict.count / verdict.rows)


def _range(document: CommentedMap, checked: Checked, verdict: Verdict) -> None:
    rules, tally = _of(document, verdict), checked.read.tallies[verdict.column]
    column = checked.asked.contract.columns[verdict.column]
    low, high = tally.low or 0.0, tally.high or 0.0
    if column.type in TIMES:
        _times(rules, column, int(low), int(high))
        return
    if not math.isfinite(low) or not math.isfinite(high):
        _infinite(rules, verdict)
        return
    least, most = infer.outwards(low, high)
    asked_low, asked_high = range_of(column)
    if low < asked_low:
        rules["min"] = int(least) if column.type == "integer" else least
    if high > asked_high:
        rules["max"] = int(most) if column.type == "integer" else most


def _times(rules: CommentedMap, column: Column, low: int, high: int) -> None:
    """Allow what was found by the day; `low` and `high` are microseconds since 1970."""
    least, most = range_of(column)
    for end, found, beyond in (("min", low, low < least), ("max", high, high > most)):
        try:
            rules |= {end: (EPOCH + timedelta(microseconds=found)).date()} if beyond else {}
        except OverflowError:  # a year that no date has
            del rules[end]


def _infinite(rules: CommentedMap, verdict: Verdict) -> None:
    if "min" in rules or "max" in rules:
        rules["outside"] = infer.upwards(verdict.count / verdict.rows)
    else:
        rules["type"] = "any"


def _values(document: CommentedMap, checked: Checked, verdict: Verdict) -> None:
    rules, tally = _of(document, verdict), checked.read.tallies[verdict.column]
    column = checked.asked.contract.columns[verdict.column]
    many = len(tally.strangers) > min(NAMED, STRANGERS)
    if column.sensitive or many or any(len(str(value)) > infer.LONGEST for value in tally.strangers):
        rules["unseen"] = infer.upwards(verdict.count / verdict.rows)
        return
    strangers = sorted(tally.strangers, key=str)
    found = (int(v) if isinstance(v, float) and v.is_integer() else v for v in strangers)
    rules["values"].extend(contract_file.plain(value) for value in found)


def _pattern(document: CommentedMap, _: Checked, verdict: Verdict) -> None:
    del _of(document, verdict)["pattern"]


def _length(document: CommentedMap, _: Checked, verdict: Verdict) -> None:
    for end in ("min_length", "max_length"):
        _of(document, verdict).pop(end, None)


def _references(document: CommentedMap, _: Checked, verdict: Verdict) -> None:
    del _of(document, verdict)["references"]


def _part(document: CommentedMap, _checked: Checked, _: Verdict) -> None:
    document.pop("part", None)


def _broken(document: CommentedMap, checked: Checked, _: Verdict) -> None:
    """Take out every rule that does not hold or cannot be asked."""
    held = checked.read.broken
    rules = document.get("rules", [])
    for text in [text for text in rules if text not in held or held[text].count]:
        rules.remove(text)
    if not rules:
        document.pop("rules", None)


def _unique(document: CommentedMap, _: Checked, verdict: Verdict) -> None:
    del _of(document, verdict)["unique"]


def _max_age(document: CommentedMap, checked: Checked, verdict: Verdict) -> None:
    old, _ = age_of(checked.read.tallies[verdict.column], checked.asked.now)
    _of(document, verdict)["max_age"] = f"{math.ceil(old / timedelta(days=1))}d"


EDITS: dict[str, Edit] = {
    "rows": _rows,
    "change": _change,
    "key": _key,
    "present": _present,
    "absent": _absent,
    "missing": _missing,
    "range": _range,
    "values": _values,
    "pattern": _pattern,
    "length": _length,
    "references": _references,
    "part": _part,
    "rules": _broken,
    "unique": _unique,
    "max_age": _max_age,
}


def _learn(document: CommentedMap, checked: Checked, table: Source, broken: Iterable[Verdict]) -> None:
    """Write the rules anew of columns that are of another type, or not in the contract."""
    rules = {verdict.rule: verdict for verdict in broken}
    known = checked.asked.contract.columns
    names = [verdict.column for verdict in broken if verdict.rule == "type"]
    if "extra" in rules:
        names += [name for name in table.columns if name not in known]
    if not names:
        return
    learned, _ = infer.columns_of(table, names)
    for name, column in learned.items():
        old = known.get(name, Column())
        node = contract_file.plain(_as_before(column, old))
        node.fa.set_flow_style()
        document["columns"][contract_file.name_of(name)] = node
        _keyless(document, name, column)


def _as_before(column: Column, old: Column) -> Column:
    hidden = old.sensitive or column.sensitive
    return Column(
        type=column.type,
        missing=column.missing,
        min=column.min,
        max=column.max,
        outside=column.outside,
        values=() if hidden else column.values,
        unseen=0.0 if hidden else column.unseen,
        sensitive=hidden,
        description=old.description,
    )


def _keyless(document: CommentedMap, name: str, column: Column) -> None:
    if name in document.get("key", ()) and column.type == "any":
        _forget(document, name)


def _forget(document: CommentedMap, name: str) -> None:
    """Take a column out of every list that names it."""
    key = document.get("key", [])
    if name in key:
        del document["key"]
    for place in document.get("environments", {}).values():
        for listed in (place.get("absent", []), place.get("optional", [])):
            if name in listed:
                listed.remove(name)


def _has_age(checked: Checked, verdict: Verdict) -> bool:
    tally: Tally = checked.read.tallies[verdict.column]
    return tally.newest is not None and not age_of(tally, checked.asked.now)[1]


def _of(document: CommentedMap, verdict: Verdict) -> CommentedMap:
    found: CommentedMap = document["columns"][verdict.column]
    return found


def _flow() -> CommentedSeq:
    listed = CommentedSeq()
    listed.fa.set_flow_style()
    return listed
