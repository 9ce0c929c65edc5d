"""A table against its contract: files in, verdicts out, and the patch that would make it pass."""

import difflib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from mltool import disk
from mltool.data import check as room
from mltool.data import check_suggest, contract_file, contract_parts
from mltool.data import infer as learning
from mltool.data.check_verdicts import Verdict
from mltool.data.contract import Contract
from mltool.data.exchange import pandera
from mltool.errors import Exit, UserError
from mltool.gates.verdict import Outcome
from mltool.git import project as projects
from mltool.git import questions, trees
from mltool.report import inert

SCHEMA: Final = "mltool.data-check/1"
MARKS: Final = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.UNDECIDED: "❔", Outcome.SKIP: "➖"}
CONTRACT: Final = "contract"
SUFFIXES: Final = {".json": "frictionless", ".pbtxt": "tfdv"}
HEADER: Final = """\
Inferred by `mltool data infer` from {table}; ranges and shares are a little wider than what was there.
Tighten by hand what you know better: see docs/data-contract.md of mltool."""


class Form(Protocol):
    """The schema of another tool: each function returns what it could not say, too."""

    def read(self, content: bytes, *, source: str) -> tuple[Contract, tuple[str, ...]]:
        """Return the contract."""
        ...

    def write(self, contract: Contract) -> tuple[str, tuple[str, ...]]:
        """Return the schema."""
        ...


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a check, and, where it was asked for, the patch and what no patch can mend."""

    checked: room.Checked
    contract: str
    patch: str = ""
    beyond: tuple[Verdict, ...] = ()


def infer(table: Path) -> str:
    """Return the YAML of a contract that the table keeps. Raises UserError for what is no table, or empty."""
    return contract_file.dumps(learning.infer(contract_parts.open_source(table)), comment=HEADER.format(table=table))


def check(
    contract: Path,
    table: Path,
    *,
    now: datetime,
    environment: str = "",
    last_rows: int | None = None,
    examples: int = room.EXAMPLES,
    suggest: bool = False,
) -> Result:
    """Judge the table. Raises UserError for a contract or table that cannot be read."""
    content = _content(contract)
    asked = contract_file.parse(content, source=str(contract))
    opened = contract_parts.open_source(table)
    checked = room.check(asked, opened, now=now, environment=environment, last_rows=last_rows, examples=examples)
    result = Result(checked=checked, contract=str(contract))
    if not suggest or not failed(result):
        return result
    text, beyond = check_suggest.suggest(content, checked, opened, source=str(contract))
    return replace(result, patch=_diff(content.decode(), text, str(contract)), beyond=beyond)


def target(source: Path, out: Path | None) -> str:
    """Return what a file is turned into unless that is said: a contract, or of one, what the name of `out` says."""
    if _form(source, _content(source)) != CONTRACT:
        return CONTRACT
    return SUFFIXES.get(out.suffix, "pandera") if out else "frictionless"


def convert(source: Path, *, to: str, form: Callable[[str], Form]) -> tuple[str, tuple[str, ...]]:
    """Return a contract as a schema of another tool, or the other way round, and what the one cannot say of the other.

    `form` gives the module that reads and writes one; each needs libraries of its own. Raises UserError for a file
    that is none of them, and where it already is what it should become.
    """
    content = _content(source)
    found = _form(source, content)
    if found == to:
        raise UserError(f"{source} is already a {to}{'' if to == CONTRACT else ' schema'}.", "Name another with --to.")
    contract, read = (
        (contract_file.parse(content, source=str(source)), ())
        if found == CONTRACT
        else form(found).read(content, source=str(source))
    )
    if to == CONTRACT:
        return contract_file.dumps(contract, comment=f"From {source.name}, by `mltool data convert`."), read
    text, written = form(to).write(contract)
    return text, (*read, *written)


def _form(source: Path, content: bytes) -> str:
    if source.suffix in SUFFIXES:
        return SUFFIXES[source.suffix]
    return "pandera" if pandera.is_one(contract_file.document(content, source=str(source))) else CONTRACT


def last_rows(base: str, out: Path) -> int | None:
    """Return the row count that `--out` had at the Git revision `base`; None where it was not there yet.

    Raises UserError where there is no such revision, or the file is no result of a check.
    """
    project = projects.repository(out.absolute().parent if out.absolute().parent.is_dir() else Path())
    sha = questions.resolve(project, base)
    try:
        path = (out.absolute().parent.resolve() / out.name).relative_to(project.root).as_posix()
    except ValueError as error:
        raise UserError(f"{out} is not in this Git repository, so --base has no past of it.") from error
    held = trees.GitTree(project, sha).read((path,)).get(path)
    if held is None:
        return None
    try:
        found = json.loads(held)["rows"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{out} at {base} does not say how many rows there were.") from error
    if not isinstance(found, int):
        raise UserError(f"{out} at {base}: `rows` is no number.")
    return found


def failed(result: Result) -> bool:
    """Return whether a rule is broken."""
    return any(verdict.outcome is Outcome.FAIL for verdict in result.checked.verdicts)


def exit_code(result: Result) -> Exit:
    """Return 1 where a rule is broken, else 0."""
    return Exit.FAILED if failed(result) else Exit.GOOD


def document(result: Result) -> str:
    """Return the verdicts as JSON."""
    checked = result.checked
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "contract": result.contract,
        "table": checked.read.source,
        "environment": checked.asked.environment,
        "rows": checked.read.rows,
        "parts": {part.name: part.rows for part in checked.read.parts if part.name},
        "outcome": Outcome.FAIL if failed(result) else Outcome.PASS,
        "verdicts": msgspec.to_builtins(checked.verdicts),
    }
    if result.patch or result.beyond:
        found |= {"patch": result.patch, "beyond": [verdict.sentence for verdict in result.beyond]}
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def words(result: Result) -> str:
    """Return a line for each rule that did not pass, the count, and the patch.

    Names are the table's and a contract is a pull request's: none of them writes over a line, or is a command to the
    runner of a job.
    """
    text = "\n".join(_lines(result)) + "\n"
    return re.sub(r"^(\s*):(?=:)", r"\1: ", text.replace("##[", "## ["), flags=re.MULTILINE)


def write(out: Path, content: str) -> None:
    """Write a result or a contract."""
    disk.write(out, content)


def _lines(result: Result) -> Iterator[str]:
    verdicts = result.checked.verdicts
    for verdict in verdicts:
        if verdict.outcome is not Outcome.PASS:
            yield f"{MARKS[verdict.outcome]} {inert.visible(verdict.sentence)}"
    good = sum(verdict.outcome is Outcome.PASS for verdict in verdicts)
    mark = MARKS[Outcome.FAIL if failed(result) else Outcome.PASS]
    yield f"{mark} {good} of {len(verdicts)} rules hold for {result.checked.read.rows:,} rows."
    if result.patch:
        yield from ("", "This change of the contract would allow what was found:", "", result.patch.rstrip("\n"))
    for verdict in result.beyond:
        yield f"No change of the contract allows this: {inert.visible(verdict.sentence)}"


def _content(contract: Path) -> bytes:
    try:
        return contract.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"{contract} does not exist.", "`mltool data infer` writes a first one.") from error
    except OSError as error:
        raise UserError(f"Cannot read {contract}: {error.strerror}.") from error


def _diff(old: str, new: str, name: str) -> str:
    lines = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
