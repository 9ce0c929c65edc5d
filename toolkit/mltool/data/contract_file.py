"""A contract as YAML: read with the line of what is wrong, written so that it reviews well."""

import io
import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from typing import Any, Final, get_args, get_type_hints

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from mltool.config import unknown
from mltool.data.contract import Contract
from mltool.data.contract_rules import problems
from mltool.errors import UserError

MOST_NODES = 1_000_000
"""Keys and values of a contract, aliases counted each time they are used."""
PLAIN: Final = re.compile(r"\w([\w .+/-]*\w)?")
"""A name that needs no more quotes than its words do."""
FAMILIES: Final = ("columns", "environments")
"""What is under names that people choose."""


def parse(content: bytes, *, source: str) -> Contract:
    """Return the contract; `source` names the file in errors.

    Raises UserError for broken YAML, an unknown key (with the nearest known one), a value of the wrong type, and rules
    that contradict each other.
    """
    held = values(content, source=source)
    if _is_odd(held):
        # Only the round trip knows lines, and it takes twice as long.
        _check_keys(document(content, source=source), source)
    held = _with_times_as_text(held)
    try:
        contract = msgspec.convert(held, Contract)
    except msgspec.ValidationError as error:
        raise UserError(f"{source}: {_wrong(held, error)}.") from error
    for problem in problems(contract):
        raise UserError(f"{source}: {problem}.")
    return contract


def document(content: bytes, *, source: str) -> CommentedMap:
    """Return the YAML with its comments and line numbers. Raises UserError where it is no mapping."""
    found: CommentedMap = _loaded(_yaml(), content, source)
    return found


def values(content: bytes, *, source: str) -> dict[str, Any]:
    """Return the YAML as plain values. Raises UserError as `document` does.

    The round trip keeps how numbers were written, in types of its own, and loses what holds itself.
    """
    # The parser in C takes no `data/carriers.csv:code` inside of braces.
    held: dict[str, Any] = _loaded(YAML(typ="safe", pure=True), content, source)
    return held


def text(table: CommentedMap) -> str:
    """Return the document as YAML, its comments kept."""
    out = io.StringIO()
    _yaml().dump(table, out)
    return out.getvalue()


def dumps(contract: Contract, *, comment: str = "") -> str:
    """Return the contract as YAML, one line a column, without what is as by default."""
    table = plain(contract)
    if comment:
        table.yaml_set_start_comment(comment)
    return text(table)


def plain(value: Any) -> Any:
    """Return a contract or a part of one as YAML nodes, without what is as by default."""
    if is_dataclass(value) and not isinstance(value, type):
        node = CommentedMap()
        for item in fields(value):
            default = item.default_factory() if item.default_factory is not MISSING else item.default
            if (held := getattr(value, item.name)) != default:
                node[item.name] = _day(held) if item.name in ("min", "max") else plain(held)
                if item.name == "rules":
                    node[item.name].fa.set_block_style()
        return node
    if isinstance(value, Mapping):
        node = CommentedMap({name_of(name): plain(held) for name, held in value.items()})
        for held in node.values():
            held.fa.set_flow_style()
        return node
    if isinstance(value, tuple | list):
        listed = CommentedSeq([plain(each) for each in value])
        listed.fa.set_flow_style()
        return listed
    if isinstance(value, str) and ("::" in value or value[:1] in (":", "?")):
        return DoubleQuotedScalarString(value)
    if isinstance(value, str) and not value.isprintable():
        return DoubleQuotedScalarString(value)  # unquoted, ruamel.yaml reads some of these otherwise than it wrote them
    return value


def name_of(text: str) -> str:
    """Return a name as a key that can stand in any YAML, and begins no line that a CI system takes for a command."""
    return text if PLAIN.fullmatch(text) else DoubleQuotedScalarString(text)


def _day(held: Any) -> Any:
    """Return a date that needs no quotes in YAML; anything else as it is."""
    try:
        return date.fromisoformat(held) if isinstance(held, str) else held
    except ValueError:
        return held


def _loaded(yaml: YAML, content: bytes, source: str) -> Any:
    try:
        found = yaml.load(content.decode())
        nodes = _nodes(found, {})
    except UnicodeDecodeError as error:
        raise UserError(f"{source} is not UTF-8 text.", "A contract is YAML; is this the table?") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = (error.problem or "it cannot be read").splitlines()[0]
        raise UserError(f"{source}:{line}: not valid YAML: {said}.") from error
    except YAMLError as error:
        raise UserError(f"{source} is not valid YAML: {str(error).splitlines()[0]}.") from error
    except ValueError as error:
        what = "a number with too many digits" if "digits" in str(error) else "what looks like a date and is none"
        raise UserError(f"{source} holds {what}: {error}.") from error
    except RecursionError as error:
        raise UserError(f"{source} is nested too deeply.", "A contract is three deep.") from error
    if not isinstance(found, dict):
        raise UserError(f"{source} is no contract: it has no `columns`.", "`mltool data infer` writes one.")
    if nodes > MOST_NODES:
        raise UserError(f"{source} unfolds to more than {MOST_NODES:,} values, or holds itself.", "Use fewer aliases.")
    return found


def _nodes(node: Any, sizes: dict[int, float]) -> float:
    """Return how many nodes there would be without aliases, infinite where one holds itself."""
    if not isinstance(node, dict | list):
        return 1
    if id(node) not in sizes:
        sizes[id(node)] = math.inf  # until it is known: who comes here meanwhile is inside of it
        held = node.values() if isinstance(node, dict) else node
        sizes[id(node)] = 1 + sum(_nodes(each, sizes) for each in held)
    return sizes[id(node)]


def _with_times_as_text(held: Any) -> Any:
    """Write the ends of ranges as ISO 8601 has them where YAML read dates and times."""
    columns = held.get("columns")
    for column in columns.values() if isinstance(columns, dict) else ():
        for end in ("min", "max"):
            if isinstance(column, dict) and isinstance(column.get(end), date):
                column[end] = column[end].isoformat()
    return held


def _yaml() -> YAML:
    yaml = YAML()
    yaml.width = 100_000
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _is_odd(held: Mapping[str, Any]) -> bool:
    """Return whether there is a key that nobody knows, one that is no text, or a column without braces."""
    tables = [table for family in FAMILIES if isinstance(table := held.get(family), dict)]
    entries = (entry for table in tables for entry in table.items())
    odd = any(value is None or not isinstance(name, str) for name, value in entries)
    return odd or any(unknown.keys(Contract, held))


def _check_keys(table: CommentedMap, source: str) -> None:
    for found in unknown.keys(Contract, table):
        line = found.table.lc.key(found.key)[0] + 1 if isinstance(found.table, CommentedMap) else 1
        raise UserError(f"{source}:{line}: unknown key `{found.name}`.", found.hint)
    for family in FAMILIES:
        named = table.get(family)
        for name, held in named.items() if isinstance(named, CommentedMap) else ():
            line = named.lc.key(name)[0] + 1
            if not isinstance(name, str):
                raise UserError(f"{source}:{line}: the name {name} in `{family}` is no text.", f"Write '{name}'.")
            if held is None:
                raise UserError(f"{source}:{line}: `{family}.{name}` is empty.", "Write {} for no rules.")


def _wrong(table: Mapping[str, Any], error: msgspec.ValidationError) -> str:
    """Return what msgspec found wrong, with the name of the column, which msgspec leaves out."""
    message, _, where = str(error).partition(" - at `$.")
    where = where.rstrip("`")
    for family in FAMILIES:
        hint = get_args(get_type_hints(Contract)[family])[1]
        if where.startswith(f"{family}[...]"):
            bad = next((name for name, held in table[family].items() if not _converts(held, hint)), "…")
            where = where.replace("[...]", f".{bad}", 1)
    _, absent, name = message.partition("Object missing required field ")
    if absent:
        return f"it lacks {name}"
    choices = _choices(where.rpartition(".")[2])
    return f"`{where}`: {message[:1].lower()}{message[1:]}" + (f"; one of {', '.join(choices)}" if choices else "")


def _converts(value: Any, hint: Any) -> bool:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return False
    return True


def _choices(key: str) -> tuple[str, ...]:
    hints = get_type_hints(Contract) | get_type_hints(get_args(get_type_hints(Contract)["columns"])[1])
    return tuple(str(choice) for choice in get_args(hints.get(key)) if isinstance(choice, str))
