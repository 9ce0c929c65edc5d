"""The gate on dvc.lock: are the numbers those that this commit's code, params and data produce?"""

from collections.abc import Iterable, Mapping, Sequence

from mltool.gates.verdict import Level, Outcome, Verdict
from mltool.snapshot.model import Stale

NAME = "dvc.lock"
REMEDY = "Run `dvc repro` and commit dvc.lock with the outputs that Git tracks."


def judge(stale: tuple[Stale, ...], *, level: Level, stages: int) -> Verdict:
    """Return whether dvc.lock is what the commit would produce; `stages` is how many the pipeline has."""
    if not stages:
        return _verdict(Outcome.SKIP, level, "The pipeline has no stages.")
    if not stale:
        all_of_them = f"all {stages} stages are" if stages > 1 else "its one stage is"
        return _verdict(Outcome.PASS, level, f"dvc.lock matches the commit: {all_of_them} up to date.")
    groups = list(by_reason(stale).items())
    first = "; ".join(f"{', '.join(names[:2])}{_more(names[2:])} ({reason})" for reason, names in groups[:3])
    rest = _more([name for _, names in groups[3:] for name in names])
    sentence = f"dvc.lock is not what this commit produces: {first}{rest}. {REMEDY}"
    return _verdict(Outcome.FAIL, level, sentence)


def by_reason(stale: Iterable[Stale]) -> Mapping[str, tuple[str, ...]]:
    """Return the stages that each reason holds for: one changed file often is the reason of a hundred."""
    found: dict[str, tuple[str, ...]] = {}
    for item in stale:
        found[item.reason] = (*found.get(item.reason, ()), item.stage)
    return found


def _more(names: Sequence[str]) -> str:
    return f" and {len(names)} more" if names else ""


def _verdict(outcome: Outcome, level: Level, sentence: str) -> Verdict:
    return Verdict(
        gate=NAME,
        metric="",
        outcome=outcome,
        level=level,
        sentence=sentence,
        rule="must match the commit",
        test="hashes",
    )
