"""Accept a regression for a time: a line in the configuration, to be reviewed with the change that needs it."""

import json
import shlex
from collections.abc import Mapping
from datetime import date, timedelta

from mltool import config as configuration
from mltool import disk
from mltool.commands import gate
from mltool.commands.compare import Comparison
from mltool.commands.evidence import day
from mltool.errors import UserError
from mltool.gates import accepted
from mltool.gates.verdict import Outcome, Verdict

DAYS = 30
MOST_DAYS = 366
NAMED = 10


def accept(
    compared: Comparison,
    metric: str,
    *,
    reason: str,
    slice_: str = "",
    until: str = "",
    days: int | None = None,
) -> str:
    """Append to the configuration that the regression of `metric` is accepted, and return what was appended.

    `metric` is a gate's name, `path:key` or the key; `slice_` is `column=value`. It holds through `until` (YYYY-MM-DD),
    else for `days` days. Nothing that stands in the file is rewritten. Raises UserError where the metric has no
    regression, for a reason or a day that is none, and for a configuration that cannot take another entry.
    """
    why = " ".join(reason.split())
    if not why:
        raise UserError("An accepted regression needs a reason.", 'Say it: --reason "…"; it stands in the report.')
    last = _last_day(day(compared), until, days)
    judged = gate.judge(compared, committed=False).verdicts
    found = _regression(judged, metric, slice_)
    file, table = _place(compared.head_tree.read((configuration.FILE, configuration.PYPROJECT)))
    entry = _entry(table, found, why, last)
    path = compared.project.folder / file
    old = path.read_bytes() if path.exists() else b""
    apart = b"" if not old else b"\n" if old.endswith(b"\n") else b"\n\n"
    content = old + apart + entry.encode()
    configuration.load({file: content})  # an entry that breaks the file is never written
    disk.write(path, content)
    return f"{file}:\n\n{entry}{_left(judged, found)}"


def _last_day(today: date, until: str, days: int | None) -> date:
    if until and days is not None:
        raise UserError("--until and --days say the same thing.", "Give one of them.")
    try:
        last = date.fromisoformat(until) if until else today + timedelta(days=DAYS if days is None else days)
    except (ValueError, OverflowError) as error:
        raise UserError(f"`{until or days}` is no day.", "Write it as 2026-12-31.") from error
    if not today <= last <= today + timedelta(days=MOST_DAYS):
        raise UserError(
            f"{last} is no day to accept until: it lies {'before today' if last < today else 'too far ahead'}.",
            f"At most {MOST_DAYS} days from {today}.",
        )
    return last


def _regression(verdicts: tuple[Verdict, ...], name: str, slice_: str) -> Verdict:
    named = [item for item in verdicts if item.declared and item.metric and _is_called(item, name)]
    if not named:
        known = ", ".join(dict.fromkeys(item.gate for item in verdicts if item.declared and item.metric))
        raise UserError(f"No gate judges `{name}`.", f"Gates here: {known or 'none'}.")
    found = next((item for item in named if item.slice == slice_), None)
    if found is None:
        known = ", ".join(item.slice for item in named if item.slice)
        raise UserError(f"The gate `{named[0].gate}` has no slice `{slice_}`.", f"Its slices: {known or 'none'}.")
    if found.outcome is not Outcome.FAIL:
        raise UserError(f"`{name}` does not fail, so there is nothing to accept: {found.sentence}")
    if not accepted.regressed(found):
        raise UserError(f"This is no regression that could be accepted: {found.sentence}", "Mend it, or its limit.")
    return found


def _left(verdicts: tuple[Verdict, ...], done: Verdict) -> str:
    """Say which regressions fail still: one entry accepts all rows or one slice, never both."""
    left = [item for item in verdicts if item is not done and item.blocks and accepted.regressed(item)]
    if not left:
        return ""
    named = [f"{item.gate}{f' --slice {shlex.quote(item.slice)}' if item.slice else ''}" for item in left[:NAMED]]
    more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
    return f"\nStill failing: {', '.join(named)}{more}. Each needs an entry of its own.\n"


def _is_called(item: Verdict, name: str) -> bool:
    return name in (item.gate, item.metric, item.metric.partition(":")[2])


def _place(files: Mapping[str, bytes]) -> tuple[str, str]:
    """Return the file to append to, and the name of the table in it."""
    if configuration.FILE in files or configuration.PYPROJECT not in files:
        return configuration.FILE, "accepted"
    table = configuration.toml(configuration.PYPROJECT, files[configuration.PYPROJECT]).get("tool", {}).get("mltool")
    return (configuration.PYPROJECT, "tool.mltool.accepted") if table else (configuration.FILE, "accepted")


def _entry(table: str, found: Verdict, reason: str, until: date) -> str:
    lines = [f"[[{table}]]", f"metric = {_quoted(found.metric)}"]
    lines += [f"slice = {_quoted(found.slice)}"] if found.slice else []
    lines += [f"value = {float(found.head or 0.0)!r}", f"until = {until}", f"reason = {_quoted(reason)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a basic string of TOML, which escapes as JSON does, and the delete character too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
