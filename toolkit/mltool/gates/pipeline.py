"""Every verdict on one head: the declared gates, and what must be said even where nothing was declared."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mltool.config import Config, Gate
from mltool.gates import metric
from mltool.gates.directions import direction
from mltool.gates.verdict import Outcome, Verdict
from mltool.snapshot.model import Leaf, Problem, Values

NOT_JUDGED = "No gate is declared for it, so it is shown and not judged."


def judge(config: Config, *, base: Iterable[Values], head: Iterable[Values], has_base: bool) -> tuple[Verdict, ...]:
    """Return the verdicts on all metrics: declared gates in the order they stand in mltool.toml, then the rest.

    Raises UserError for a gate that cannot be understood.
    """
    before = {values.path: values for values in base} if has_base else {}
    after = {values.path: values for values in head}
    rules = [metric.settings(name, gate) for name, gate in config.gates.items()]
    declared = [metric.judge(rule, base=before.get(rule.path), head=after.get(rule.path)) for rule in rules]
    seen = {verdict.metric for verdict in declared}
    covered = {rule.path for rule in rules}
    broken = [_broken(item.problem) for item in after.values() if item.problem and item.path not in covered]
    for fact in (config.facts.slices, config.facts.cost):  # they have sections of their own in the report
        after.pop(fact, None)
    return (*declared, *broken, *_undeclared(before, after, seen))


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
                rule = metric.settings(f"{path}:{key}", Gate(metric=f"{path}:{key}", direction=way, level="warn"))
                yield _shown(metric.judge(rule, base=was, head=file))


def _news(was: Values | None, key: str, leaf: Leaf) -> bool:
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return False
    return metric.number(leaf) is None or (was is not None and key in was.values and was.values[key] != leaf)


def _shown(found: Verdict) -> Verdict:
    if found.head is None:
        return replace(found, declared=False, rule="")
    sentence = f"{found.sentence} {NOT_JUDGED}"
    return replace(found, outcome=Outcome.SKIP, sentence=sentence, declared=False, rule="")
