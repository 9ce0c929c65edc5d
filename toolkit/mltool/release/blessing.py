"""The judgement that a version was registered on: a document in its event, bound to data, model, code and rules.

The manifest has the same bytes on every machine, so it judges by what every machine has: the values of the metrics. The
blessing is made once, where the predictions are, and holds what they said.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

import msgspec

from mltool.errors import UserError
from mltool.gates import bound
from mltool.gates.bound import Bound
from mltool.gates.verdict import Level, Outcome, Verdict, overall, strictly
from mltool.registry import trailers
from mltool.registry.model import Event, ModelState
from mltool.snapshot import bounded

SCHEMA: Final = "mltool.blessing/1"
DIGITS: Final = 6
MOST_LISTED: Final = 50
MOST_WORDS: Final = 600
MOST_BYTES: Final = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One gate's answer: numbers to six digits, `test` by which it was found, `why` no better one was to be had."""

    gate: str
    outcome: Outcome
    level: Level = "fail"
    metric: str = ""
    slice: str = ""
    test: str = ""
    method: str = ""
    why: str = ""
    base: float | None = None
    head: float | None = None
    allowed: float | None = None
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int | None = None
    groups: int | None = None
    smallest_drop: float | None = None
    blind: bool = False
    accepted: str = ""
    sentence: str = ""


_SHARED: Final = tuple(item.name for item in fields(Judged))
_BAD: Final = (Outcome.FAIL, Outcome.UNDECIDED)


@dataclass(frozen=True, kw_only=True)
class Blessing:
    """What was judged of one version, against the version `base` (empty: nothing was live), and how it ended.

    `more` counts answers that are not listed: none of them is worse than one that is.
    """

    outcome: Outcome
    bound: Bound
    schema: Literal["mltool.blessing/1"] = SCHEMA
    tool: str = ""
    base: str = ""
    gates: tuple[Judged, ...] = ()
    more: int = 0


def build(verdicts: Iterable[Verdict], about: Bound, *, base: str, tool: str, strict: bool) -> Blessing:
    """Return the judgement; `strict` where slices that cannot be seen leave it undecided."""
    known = tuple(verdicts)
    outcome = strictly(overall(known), known) if strict else overall(known)
    told = [item for item in known if item.declared]
    first = [item for item in told if not item.slice or item.outcome is not Outcome.PASS or item.accepted]
    listed = sorted(first, key=_weight)[:MOST_LISTED] if len(first) > MOST_LISTED else first
    return Blessing(
        outcome=outcome,
        bound=about,
        tool=tool,
        base=base,
        gates=tuple(map(_judged, listed)),
        more=len(told) - len(listed),
    )


def dumps(blessing: Blessing) -> str:
    """Return it as the text that stands in an event: JSON in ASCII, without what is empty and without an empty line."""
    return json.dumps(_filled(msgspec.to_builtins(blessing)), indent=1, sort_keys=True, allow_nan=False)


def loads(text: str) -> Blessing:
    """Return the judgement in the text of an event, which anybody may have written; UserError for anything else."""
    try:
        document = json.loads(_short(text), object_pairs_hook=_once, parse_constant=_no_number)
        bounded.inspect(document, depth=6, items=2_000, text=2_000)
        return _consistent(msgspec.convert(document, Blessing))
    except RecursionError as error:
        raise UserError(f"This is not a blessing of {SCHEMA}: it nests too deep.", "Register a new version.") from error
    except (msgspec.MsgspecError, ValueError) as error:
        said = trailers.flat(str(error)).rstrip(".")[:200]
        raise UserError(f"This is not a blessing of {SCHEMA}: {said}.", "Register a new version.") from error


def _short(text: str) -> str:
    if len(text) > MOST_BYTES:
        raise ValueError(f"it has {len(text):,} characters, and at most {MOST_BYTES:,} are read")
    return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; raises ValueError for a key that stands there twice, of which readers see either."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"it says {key[:50]!r} twice")
        found[key] = value
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _consistent(blessing: Blessing) -> Blessing:
    """Return the judgement; raises ValueError where its outcome is better than its own answers."""
    stops = [item for item in blessing.gates if item.level == "fail" and item.outcome in _BAD and not item.blind]
    worst = min(stops, key=_weight, default=None)
    if worst and blessing.outcome not in _BAD[: _BAD.index(worst.outcome) + 1]:
        raise ValueError(f"it ends with {blessing.outcome}, and its gate `{worst.gate}` with {worst.outcome}")
    return blessing


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a blessing."""
    document = msgspec.json.schema(Blessing)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **document}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of a version's blessing: itself, or in a sentence why there is none that counts.

    Both are empty for a version that is not registered, and for one that stood in the ledger before blessings did.
    """

    blessing: Blessing | None = None
    objection: str = ""


def standing(state: ModelState, event: Event | None, now: Bound | None) -> Standing:
    """Return how the registration `event` of a model stands; `now` is what its commit holds (None: not looked at)."""
    if event is None:
        return Standing()
    if not event.blessing:
        return Standing(objection=_unblessed(event) if began(state, event) else "")
    try:
        found = loads(event.blessing)
    except UserError as error:
        return Standing(objection=f"{event.tag.name} cannot be relied on. {error.what}")
    if set(found.bound.models) != {event.model}:
        said = f"The blessing in {event.tag.name} is about another model than {event.model}"
        return Standing(objection=f"{said}. Register a new version.")
    other = bound.differs(found.bound, now) if now else ()
    if other:
        said = f"The blessing in {event.tag.name} is about something else than its commit"
        return Standing(objection=f"{said} ({'; '.join(other)}). Register a new version.")
    return Standing(blessing=found)


def began(state: ModelState, event: Event) -> bool:
    """Return whether a version that was registered before has a blessing: from then on every version needs one."""
    for other in state.events:
        if other == event:
            return False
        if other.kind == "register" and other.blessing:
            return True
    return False


def words(blessing: Blessing) -> tuple[str, ...]:
    """Return a line for each gate: its outcome, the test that found it, its sentence."""
    return tuple(map(_line, blessing.gates))


def _line(item: Judged) -> str:
    how = "accepted" if item.accepted else item.outcome
    where = f" where {item.slice}" if item.slice else ""
    return f"{how}: {item.gate}{where} ({item.test}): {item.sentence}"


def _unblessed(event: Event) -> str:
    return (
        f"{event.tag.name} has no blessing, and a version of {event.model} before it has one: nobody judged it with "
        f"the predictions. Register the next version: `mltool register {event.model} --bump patch`."
    )


def _judged(item: Verdict) -> Judged:
    found = {name: getattr(item, name) for name in _SHARED}
    cut = {name: value[:MOST_WORDS] for name, value in found.items() if isinstance(value, str)}
    numbers = {name: _rounded(value) for name, value in found.items() if isinstance(value, float)}
    return msgspec.convert(found | cut | numbers, Judged)


def _weight(item: Verdict | Judged) -> int:
    """Return where an answer stands when not all are listed: what stops a version first."""
    return (0 if item.level == "fail" else 2) + _BAD.index(item.outcome) if item.outcome in _BAD else 4


def _rounded(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if not (item is None or item is False or item in ("", [], {}))}
    return [_filled(item) for item in value] if isinstance(value, list | tuple) else value
