"""Every verdict on one head: the declared gates, and what must be said even where nothing was declared."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from mltool.config import Config, Gate
from mltool.gates import accepted, holm, interval, metric, repeats, rules, slices
from mltool.gates.difference import Difference, alike
from mltool.gates.directions import direction
from mltool.gates.grounds import Grounds
from mltool.gates.rules import Settings
from mltool.gates.verdict import Outcome, Verdict
from mltool.snapshot.model import Leaf, Problem, Values

NOT_JUDGED = "No gate is declared for it, so it is shown and not judged."
DOOMSDAY = date.max


def judge(
    config: Config,
    *,
    base: Iterable[Values],
    head: Iterable[Values],
    has_base: bool,
    grounds: Grounds | None = None,
    today: date = DOOMSDAY,
) -> tuple[Verdict, ...]:
    """Return the verdicts on all metrics: declared gates in the order they stand in mltool.toml, each followed by its
    slices, then the rest.

    `grounds` are what was found out beside the metrics files; without, tolerances decide. What was accepted counts
    where it holds `today`, by default nothing. Raises UserError for a gate that cannot be understood.
    """
    before = {values.path: values for values in base} if has_base else {}
    after = {values.path: values for values in head}
    known = [rules.settings(name, gate) for name, gate in config.gates.items()]
    family = _family(known, grounds) if grounds else {}
    declared: list[Verdict] = []
    apart: set[str] = set()
    for rule in known:
        was, now = repeats.of(rule, before), repeats.of(rule, after)
        seeds = (was.values, now.values) if was.values and now.values else None
        p_worse = family.get((rule.name, ""))
        found = [metric.judge(rule, base=was.file, head=now.file, grounds=grounds, p_worse=p_worse, seeds=seeds)]
        apart.update(now.seen)
        if grounds and rule.slices and was.file:
            found += slices.judge(rule, grounds, family)
        declared += [accepted.apply(_strict(rule, each), config.accepted, today=today) for each in found]
    seen = {verdict.metric for verdict in declared} | apart
    covered = {rule.path for rule in known} | {name.partition(":")[0] for name in apart}
    broken = [_broken(item.problem) for item in after.values() if item.problem and item.path not in covered]
    for fact in (config.facts.slices, config.facts.cost):  # they have sections of their own in the report
        after.pop(fact, None)
    weakest = slices.weakest(known, grounds) if grounds else ()
    # What was measured on other rows got neither better nor worse.
    others = {} if grounds and grounds.anew else before
    return (*declared, *weakest, *broken, *_undeclared(others, after, seen))


def _family(known: Iterable[Settings], grounds: Grounds) -> Mapping[tuple[str, str], float]:
    """Return the p-values of all slices and secondary gates, by gate and slice, as Holm adjusts them."""
    asked = {
        (rule.name, where): found.p_worse
        for rule in known
        if rule.test in ("auto", "paired", "repeats")
        for where, found in slices.of(rule, grounds).items()
        if isinstance(found, Difference) and found.p_worse is not None and (where or rule.secondary)
        if not where or found.rows >= interval.FEWEST
    }
    return holm.adjusted(asked)


def _strict(rule: Settings, verdict: Verdict) -> Verdict:
    if not rule.strict or verdict.outcome is not Outcome.UNDECIDED:
        return verdict
    sentence = f"{verdict.sentence} This gate fails what it cannot decide."
    return replace(verdict, outcome=Outcome.FAIL, sentence=sentence, blind=False)


def _broken(problem: Problem) -> Verdict:
    """An unreadable metrics file fails; one that is only out of reach here leaves us undecided."""
    outcome = Outcome.UNDECIDED if problem.kind == "unreachable" else Outcome.FAIL
    return Verdict(
        gate=problem.path, metric="", outcome=outcome, level="fail", sentence=problem.sentence, rule="must be readable"
    )


def _undeclared(before: Mapping[str, Values], after: Mapping[str, Values], seen: set[str]) -> Iterable[Verdict]:
    """Say which way each changed metric of a well-known name went, and warn of numbers that are none."""
    for path, file in after.items():
        was = before.get(path)
        for key, leaf in file.values.items():
            # Asked first, because in a large file most metrics have not moved.
            if not _news(was, key, leaf) or f"{path}:{key}" in seen:
                continue
            if way := direction(key):
                rule = rules.settings(f"{path}:{key}", Gate(metric=f"{path}:{key}", direction=way, level="warn"))
                yield _shown(metric.judge(rule, base=was, head=file))


def _news(was: Values | None, key: str, leaf: Leaf) -> bool:
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return False
    value = metric.number(leaf)
    if value is None:
        return True
    if was is None or was.values.get(key, leaf) == leaf:
        return False
    before = metric.number(was.values[key])
    return before is None or not alike(before, value)


def _shown(found: Verdict) -> Verdict:
    if found.head is None:
        return replace(found, declared=False, rule="")
    sentence = f"{found.sentence} {NOT_JUDGED}"
    return replace(found, outcome=Outcome.SKIP, sentence=sentence, declared=False, rule="")
