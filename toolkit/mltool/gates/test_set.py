"""How often a test set has judged, what that is worth, and when it is used up."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

from mltool.config import Config
from mltool.errors import UserError
from mltool.gates.verdict import Outcome, Verdict

NAME: Final = "test set"
POWER: Final = 0.8
"""The chance at which `Verdict.smallest_drop` is seen."""
_REACH, _STEPS = 8.0, 1600


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What one commit holds: the identity of its test set, and of what its model said of it; empty where it has none.

    `counted` says that it only tells what came before the next one.
    """

    sha: str
    test: str
    model: str
    counted: bool = False


@dataclass(frozen=True, kw_only=True)
class Life:
    """How often one test set has judged, counted in Git: at least, as a pull request that was closed leaves no trace.

    `since` is the first commit that has it, empty where this change brings it. `alpha_spent` is an upper bound of the
    chance that, had all of those models been as good as what they were compared with, at least one was called worse (a
    union bound over uses and primary gates). `optimism` says how much better, in each metric's own unit, the best of
    that many equally good models is expected to look than it is. `shallow` says that older commits are not here.
    """

    path: str
    hash: str
    uses: int
    limit: int
    since: str = ""
    alpha_spent: float = 0.0
    optimism: Mapping[str, float] = field(default_factory=dict)
    shallow: bool = False


def count(history: Iterable[Standing], test: str) -> tuple[int, str]:
    """Return how many models the test set `test` judged in a history, oldest first, and the first commit that has it.

    A model is a commit whose predictions are not those of the commit before; whatever another test set judged is no use
    of this one.
    """
    uses, since, before = 0, "", None
    for here in history:
        if here.test == test and not here.counted:
            since = since or here.sha
            uses += bool(here.model) and (before is None or (before.test, before.model) != (test, here.model))
        before = here
    return uses, since


def life(
    config: Config, *, test: str, uses: int, since: str, verdicts: Iterable[Verdict], shallow: bool = False
) -> Life:
    """Return what so many uses are worth, by the primary gates. Raises UserError for a limit that is none."""
    settings = config.test_set
    if settings.uses < 1:
        raise UserError(f"[test_set]: uses = {settings.uses} is no limit.", "Write how many models it may judge.")
    primary = {name: gate for name, gate in config.gates.items() if not gate.secondary and gate.test != "tolerance"}
    spent = min(1.0, uses * sum(gate.alpha for gate in primary.values()))
    errors = {
        verdict.metric: _error(verdict)
        for verdict in verdicts
        if verdict.gate in primary and not verdict.slice and verdict.test == "paired"
    }
    return Life(
        path=settings.path,
        hash=test,
        uses=uses,
        limit=settings.uses,
        since=since,
        alpha_spent=round(spent, 6),
        # Two models differ by √2 times the chance that either alone is subject to.
        optimism={name: _plain(best_of(uses) * error / math.sqrt(2)) for name, error in errors.items() if error},
        shallow=shallow,
    )


def best_of(count: int) -> float:
    """Return the expected largest of `count` independent standard normal values: ∫ 1 − Φᵏ above 0, − Φᵏ below."""
    if count < 2:
        return 0.0
    width, total, normal = 2 * _REACH / _STEPS, 0.0, NormalDist()
    for step in range(_STEPS):
        at = -_REACH + (step + 0.5) * width
        share = normal.cdf(at) ** count
        total += width * ((1 - share) if at > 0 else -share)
    return total


def judge(found: Life) -> Verdict | None:
    """Return a warning where the test set has judged as often as it may; it never blocks."""
    if found.uses < found.limit:
        return None
    return Verdict(
        gate=NAME,
        metric="",
        outcome=Outcome.FAIL,
        level="warn",
        sentence=" ".join((f"{used(found)} Refresh it: {_worth(found)}", *_blind_spot(found))),
        rule=f"judges {found.limit} models at most",
        test="history of Git",
    )


def used(found: Life) -> str:
    """Return the count in one sentence."""
    if not found.uses:
        return f"Test set: {found.path} has not been used yet."
    since = f" since {found.since[:7]}" if found.since else ", which this change brings"
    return f"Test set: used at least {found.uses} of {found.limit} times{since}."


def note(found: Life) -> str:
    """Return what the report says where there is nothing to warn of."""
    return " ".join((used(found), *(_blind_spot(found) if found.shallow else ())))


def _worth(found: Life) -> str:
    chance = f"{found.alpha_spent * 100:.3g} %"
    said = f"of so many models that are as good, one or more are called worse with a chance of up to {chance}"
    if not found.optimism:
        return f"{said}."
    metric, more = next(iter(found.optimism.items()))
    key = metric.partition(":")[2] or metric
    return f"{said}, and the best of them looks about {more:.2g} better in {key} than it is."


def _blind_spot(found: Life) -> tuple[str, ...]:
    if found.shallow:
        return ("This clone is shallow, so older uses are not counted.",)
    return ("Pull requests that were closed leave no trace and are not counted.",)


def _plain(value: float) -> float:
    """Return a number to six digits, beyond which machines differ."""
    return float(f"{value:.6g}")


def _error(verdict: Verdict) -> float:
    """Return the standard error of the difference, out of the smallest drop that would be seen."""
    if verdict.smallest_drop is None or verdict.alpha is None:
        return 0.0
    normal = NormalDist()
    return verdict.smallest_drop / (normal.inv_cdf(POWER) + normal.inv_cdf(1 - verdict.alpha))
