"""A gate on the rows of each value of a column: the slices that it declares, and those that nobody thought of."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mltool.gates import interval
from mltool.gates.difference import Difference
from mltool.gates.grounds import SAME_ROWS, Grounds
from mltool.gates.rules import Settings
from mltool.gates.verdict import Outcome, Verdict

LOOK_AT = "Found by looking for the groups that lost most, and confirmed on rows that were not used to find it."


def of(rule: Settings, grounds: Grounds) -> Mapping[str, Difference | str]:
    """Return what is known of the rule's metric on all rows (under the empty name) and on each slice it declares."""
    return {
        where: found
        for (name, where), found in grounds.paired.items()
        if name == rule.name and (not where or _column(where) in rule.slices)
    }


def judge(rule: Settings, grounds: Grounds, family: Mapping[tuple[str, str], float]) -> list[Verdict]:
    """Return a verdict for each declared slice; `family` has their p-values, as Holm adjusts them, by gate and slice.

    A slice that cannot show a drop as large as is allowed, or on whose rows alone the metric has no value, is `blind`,
    and never a pass. A column without any answer is undecided as a whole, and so is a slice that this change lost: of
    it nobody knows whether the model got worse.
    """
    whole = isinstance(grounds.paired.get((rule.name, "")), Difference)
    known = {where: found for where, found in of(rule, grounds).items() if where}
    verdicts = [
        _one(rule, where, found, family.get((rule.name, where)), whole=whole, unseen=grounds.unseen)
        for where, found in known.items()
    ]
    verdicts += [_lost(rule, where, rows) for where, rows in grounds.gone.items() if _column(where) in rule.slices]
    answered = {_column(where) for where in (*known, *grounds.gone)}
    why = grounds.unpaired or grounds.paired.get((rule.name, ""), "")
    reason = why if isinstance(why, str) and why else "the predictions were not compared"
    if not grounds.unmoved:
        verdicts += [_one(rule, column, reason) for column in rule.slices if column not in answered]
    return verdicts


def weakest(known: Iterable[Settings], grounds: Grounds) -> tuple[Verdict, ...]:
    """Return the groups of rows that lost most, shown and not judged."""
    rules = {rule.metric: rule for rule in known}
    return tuple(
        replace(
            interval.judge(rules[found.metric], found, _start(rules[found.metric], found.slice, found)),
            outcome=Outcome.SKIP,
            level="warn",
            declared=False,
            rule="",
        )
        for found in grounds.weakest
        if found.metric in rules
    )


def _one(
    rule: Settings,
    where: str,
    found: Difference | str,
    p_worse: float | None = None,
    *,
    whole: bool = False,
    unseen: str = SAME_ROWS,
) -> Verdict:
    """Return the verdict on one slice; `whole` says that the metric was compared on all rows together, `unseen` what to
    do about rows that were left out.
    """
    start = _start(rule, where, found)
    if isinstance(found, str):
        named = f"where {where.replace('=', ' = ')}" if "=" in where else f"by {where}"
        sentence = f"{rule.key} {named} cannot be compared: {found}."
        return replace(start, sentence=sentence, why=found, blind=whole and "=" in where)
    judged = interval.judge(rule, found, start, p_worse=p_worse, unseen=unseen)
    judged = replace(judged, sentence=" ".join((judged.sentence, *found.notes)))
    return replace(judged, blind=interval.blind(judged))


def _lost(rule: Settings, where: str, rows: int) -> Verdict:
    counted = f"{rows:,} {'row' if rows == 1 else 'rows'}"
    why = f"the base has {counted} of it, and this change has none of them"
    named = where.replace("=", " = ", 1)
    return replace(_start(rule, where, why), sentence=f"{rule.key} where {named} cannot be compared: {why}.", why=why)


def _column(where: str) -> str:
    return where.partition("=")[0]


def _start(rule: Settings, where: str, found: Difference | str) -> Verdict:
    base, head = (None, None) if isinstance(found, str) else (found.base, found.head)
    return Verdict(
        gate=rule.name,
        metric=rule.metric,
        slice=where,
        outcome=Outcome.UNDECIDED,
        level="warn" if rule.level == "warn" else "fail",
        sentence="",
        direction=rule.direction,
        base=base,
        head=head,
        delta=None if base is None or head is None else head - base,
        rule=rule.rule,
        test="paired",
    )
