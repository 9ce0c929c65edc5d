"""The gate on dvc.lock: are the numbers those that this commit's code, params and data produce?"""

from mltool.gates.verdict import Level, Outcome, Verdict
from mltool.snapshot.model import Stale

NAME = "dvc.lock"
REMEDY = "Run `dvc repro` and commit dvc.lock with the outputs that Git tracks."


def judge(stale: tuple[Stale, ...], *, level: Level, stages: int) -> Verdict:
    """Return whether dvc.lock is what the commit would produce; `stages` is how many the pipeline has."""
    if not stages:
        return _verdict(Outcome.SKIP, level, "The pipeline has no stages.")
    if not stale:
        return _verdict(Outcome.PASS, level, f"dvc.lock matches the commit: all {stages} stages are up to date.")
    first = "; ".join(f"{item.stage} ({item.reason})" for item in stale[:3])
    more = f" and {len(stale) - 3} more" if len(stale) > 3 else ""
    sentence = f"dvc.lock is not what this commit produces: {first}{more}. {REMEDY}"
    return _verdict(Outcome.FAIL, level, sentence)


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
