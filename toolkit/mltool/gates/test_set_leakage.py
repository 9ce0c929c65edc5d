"""The gate on leakage: how many rows of the test set the model may have learned from."""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from mltool.config import Config
from mltool.errors import UserError
from mltool.gates.verdict import Level, Outcome, Verdict

NAME: Final = "leakage"
SCHEMA: Final = "mltool.leakage/1"
REMEDY: Final = "`mltool measure leakage TRAIN TEST --out` writes it."


@dataclass(frozen=True, kw_only=True)
class Leakage:
    """How many of `test_rows` stand in the training table too: the same in all `columns`, or of the same `key`.

    `digest` is the hash of the test file (`md5:…`). `leaked` counts test rows that a training row equals, `repeated`
    those that an earlier test row equals, `relabelled` those that have all but the `label` of a training row, and no
    training row in full (None: no label was named).
    """

    train: str
    test: str
    digest: str
    train_rows: int
    test_rows: int
    columns: tuple[str, ...]
    leaked: int
    repeated: int
    key: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    label: str = ""
    relabelled: int | None = None
    schema: Literal["mltool.leakage/1"] = SCHEMA


def read(path: str, content: bytes) -> Leakage | str:
    """Return the fact in a file, or why it is none."""
    try:
        found = msgspec.json.decode(content, type=Leakage)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"{path} does not say what leaks: {str(error).rstrip('.')}."
    if not 0 <= found.leaked <= found.test_rows or not found.test_rows:
        return f"{path} does not say what leaks: {found.leaked} of {found.test_rows} rows."
    return found


def judge(config: Config, found: Leakage | str | None, *, test: str) -> Verdict | None:
    """Return whether no more rows leak than `[test_set] leaked` allows; nothing where that is not set.

    `found` is the fact, why it cannot be read, or None where there is none; `test` is the hash of the test set (empty:
    not known). Raises UserError for a share that is none.
    """
    allowed, path = config.test_set.leaked, config.facts.leakage
    if allowed is None:
        return None
    if not 0 <= allowed < 1:
        raise UserError(f"[test_set]: leaked = {allowed:g} is no share of rows.", "Write 0, or for example 0.001.")
    rule = f"at most {allowed * 100:g} % of the test rows may stand in training"
    if found is None:
        return _verdict(Outcome.UNDECIDED, rule, f"There is no {path}, so nobody knows what leaks. {REMEDY}")
    if isinstance(found, str):
        return _verdict(Outcome.UNDECIDED, rule, f"{found} {REMEDY}")
    if _of_another(config, found, test):
        named = config.test_set.path
        other = (
            f"another {named} than this one" if found.test == named else f"{found.test}, and the test set is {named}"
        )
        return _verdict(Outcome.UNDECIDED, rule, f"{path} is of {other}. {REMEDY}")
    outcome = Outcome.FAIL if found.leaked > allowed * found.test_rows * (1 + 1e-9) else Outcome.PASS
    return _verdict(outcome, rule, sentence(found, allowed=allowed))


def _of_another(config: Config, found: Leakage, test: str) -> bool:
    """Return whether the fact is of another file than the test set: by their hashes, else by their names."""
    if test.startswith("md5:") and not test.endswith(".dir"):
        return test != found.digest
    return bool(config.test_set.path) and found.test != config.test_set.path


def sentence(found: Leakage, *, allowed: float | None = None) -> str:
    """Return in words what leaks, and of what else a reader of the count must know."""
    by = f"by {_names(found.key)}" if found.key else f"the same in {_counted(len(found.columns), 'column')}"
    stand = "stands" if found.leaked == 1 else "stand"
    share = found.leaked / found.test_rows * 100
    limit = f"; {allowed * 100:g} % are allowed" if found.leaked and allowed is not None else ""
    none = "No test row stands" if not found.leaked else ""
    some = f"{found.leaked:,} of {_counted(found.test_rows, 'test row')} ({share:.3g} %) {stand}"
    parts = [f"{none or some} in the training table too ({by}){limit}."]
    if found.repeated:
        equal = "equals an earlier one" if found.repeated == 1 else "equal earlier ones"
        chance = ", so some of it may be chance" if found.leaked else ""
        parts.append(f"{_counted(found.repeated, 'test row')} {equal}{chance}.")
    if found.relabelled:
        equal = "equals a training row" if found.relabelled == 1 else "equal training rows"
        parts.append(f"{_counted(found.relabelled, 'test row')} {equal} but for `{found.label}`.")
    return " ".join(parts)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _verdict(outcome: Outcome, rule: str, said: str, level: Level = "fail") -> Verdict:
    return Verdict(gate=NAME, metric="", outcome=outcome, level=level, sentence=said, rule=rule, test="rows")
