"""Schemas of pandera as its `to_yaml` writes them and its `from_yaml` reads them.

Three shapes of checks are read, those of pandera 0.20 (a mapping), 0.24 (a list) and 0.35 (keys of the column); the
first is written, which all of them read. https://pandera.readthedocs.io/en/stable/schema_inference.html
"""

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from mltool.data import contract_file
from mltool.data.contract import Column, Contract, Rows, Type
from mltool.data.contract_rules import problems
from mltool.data.exchange import pandera_checks, shares
from mltool.errors import UserError

DTYPES: Final[tuple[tuple[str, Type], ...]] = (
    (r"u?int\d+|int", "integer"),
    (r"float\d*|double|halffloat|decimal.*", "number"),
    (r"str|string.*|large_string|string_view", "text"),
    (r"bool|boolean", "boolean"),
    (r"date|date32.*|date64.*", "date"),
    (r"datetime64.*|timestamp.*|datetime", "timestamp"),
)
NAMES: Final[dict[Type, str]] = {
    "integer": "Int64",
    "number": "float64",
    "text": "str",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime64[ns]",
}
SHAPES: Final = ("title", "description", "name", "dtype", "nullable", "unique", "required", "coerce", "checks")
"""Keys of a column that are read, or say nothing that a table can break."""
UNASKED: Final = {
    "regex": False,
    "default": None,
    "drop_invalid_rows": False,
    "report_duplicates": "all",
}
TABLES: Final = {
    "checks": None,
    "index": None,
    "multiindex": None,
    "dtype": None,
    "ordered": False,
    "drop_invalid_rows": False,
    "add_missing_columns": False,
    "metadata": None,
}
"""Keys that a contract has no words for, and the value at which there is nothing to say."""
ELSEWHERE: Final = re.compile(r"yes|no|on|off|[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?", re.IGNORECASE)
OPTIONS: Final = {"check_name", "ignore_na", "raise_warning", "n_failure_cases", "groupby", "groups", "error", "name"}
Rules = dict[str, Any]


def is_one(document: Mapping[str, Any]) -> bool:
    """Return whether a YAML document is one of pandera rather than a contract."""
    return document.get("schema_type") == "dataframe"


def read(content: bytes, *, source: str) -> tuple[Contract, tuple[str, ...]]:
    """Return the contract, and a sentence for each rule of the schema that a contract has no words for.

    Raises UserError for what is no schema, or contradicts itself.
    """
    schema = contract_file.values(content, source=source)
    columns = schema.get("columns")
    if isinstance(columns, list):
        raise UserError(f"{source} names columns by several levels.", "A contract has one name for each.")
    if (
        not is_one(schema)
        or not isinstance(columns, dict)
        or not all(isinstance(held, dict) for held in columns.values())
    ):
        raise UserError(f"{source} is no schema of pandera.", "`schema.to_yaml()` writes one, with `columns`.")
    notes: list[str] = []
    found = {
        str(name): _column(str(name), held, notes) for name, held in columns.items() if not _by_regex(name, held, notes)
    }
    notes += [f"`{key}` is left out." for key, nothing in TABLES.items() if schema.get(key, nothing) != nothing]
    if schema.get("strict") == "filter":
        notes.append("`strict: filter` is left out: a contract judges, and does not change a table.")
    contract = Contract(
        columns=found,
        description=schema.get("description") or schema.get("title") or "",
        rows=Rows(min=0),
        key=_key(schema, found, notes),
        extra="fail" if schema.get("strict") is True else "allow",
    )
    for problem in problems(contract):
        raise UserError(f"{source}: {problem}.")
    return contract, tuple(notes)


def write(contract: Contract) -> tuple[str, tuple[str, ...]]:
    """Return the schema as YAML, and a sentence for each rule of the contract that it has no words for."""
    notes = [note for name, column in contract.columns.items() for note in _unwritten(name, column)]
    for name, asked in (
        ("rows", contract.rows != Rows(min=0)),
        ("rules", contract.rules),
        ("part", contract.part),
        ("environments", contract.environments),
    ):
        notes += [f"`{name}` is left out."] if asked else []
    schema: Rules = {"schema_type": "dataframe"}
    if contract.description:
        schema["description"] = contract.description
    schema["columns"] = {name: _written(column) for name, column in contract.columns.items()}
    schema["strict"] = contract.extra == "fail"
    if contract.key:
        schema["unique"] = list(contract.key)
    yaml, out = YAML(), io.StringIO()
    yaml.width = 100_000
    yaml.dump(_quoted(schema), out)
    return out.getvalue(), tuple(notes)


def _by_regex(name: Any, held: Rules, notes: list[str]) -> bool:
    if held.get("regex"):
        notes.append(f"The columns that match `{name}` are left out: a contract names each.")
    return bool(held.get("regex"))


def _key(schema: Rules, columns: Mapping[str, Column], notes: list[str]) -> tuple[str, ...]:
    unique = schema.get("unique") or ()
    names = (unique,) if isinstance(unique, str) else tuple(str(name) for name in unique)
    if all(name in columns and not columns[name].missing and columns[name].type != "any" for name in names):
        return names
    notes.append("`unique` is left out: a key is never missing, and its columns have types.")
    return ()


def _column(name: str, held: Rules, notes: list[str]) -> Column:
    checks = list(_checks(held))
    rules: Rules = {
        "type": _type(name, held, checks, notes),
        "missing": 1.0 if held.get("nullable") else 0.0,
        "optional": held.get("required") is False,
        "unique": bool(held.get("unique")),
        "description": held.get("description") or held.get("title") or "",
    }
    if rules["unique"] and rules["type"] == "any":
        rules["unique"] = False
        notes.append(f"`{name}`: unique is left out, which needs a type.")
    for check, stats, options in checks:
        why = "it only warns" if options.get("raise_warning") else "it is of groups" if options.get("groupby") else ""
        if why or not pandera_checks.carry(check, stats, rules):
            notes.append(f"`{name}`: {check} is left out{f', since {why}' if why else ''}.")
    for key, nothing in UNASKED.items():
        if held.get(key, nothing) != nothing:
            notes.append(f"`{name}`: {key} is left out.")
    try:
        return msgspec.convert(rules, Column)
    except msgspec.ValidationError as error:
        raise UserError(f"Column `{name}` has a check of the wrong type: {error}.") from error


def _checks(held: Rules) -> Iterator[tuple[str, Any, Rules]]:
    """Yield each check by name, what it asks, and its options, in whichever of the three shapes it is written."""
    checks = held.get("checks") or {}
    entries: list[tuple[str, Any]] = []
    if isinstance(checks, dict):
        entries += checks.items()
    else:
        for entry in checks:
            options = entry.get("options", {}) if isinstance(entry, dict) else {}
            stats = {key: value for key, value in entry.items() if key != "options"} if isinstance(entry, dict) else {}
            entries.append((str(options.get("check_name", "a check without a name")), stats | options))
    entries += [(key, value) for key, value in held.items() if key not in (*SHAPES, *UNASKED)]
    for name, asked in entries:
        if isinstance(asked, dict):
            asked = {**asked, **asked.get("options", {})} if isinstance(asked.get("options"), dict) else asked
            stats = {key: value for key, value in asked.items() if key not in OPTIONS | {"options"}}
            options = {key: value for key, value in asked.items() if key in OPTIONS}
            yield name, next(iter(stats.values())) if len(stats) == 1 else stats, options
        else:
            yield name, asked, {}


def _type(name: str, held: Rules, checks: list[tuple[str, Any, Rules]], notes: list[str]) -> Type:
    dtype = held.get("dtype")
    plain = str(dtype or "").removesuffix("[pyarrow]").lower()
    found = next((ours for pattern, ours in DTYPES if re.fullmatch(pattern, plain)), None)
    if found:
        return found
    asked = _asked(checks)
    if dtype:
        notes.append(f"`{name}`: dtype {dtype} became {asked}.")
    return asked


def _asked(checks: list[tuple[str, Any, Rules]]) -> Type:
    """Return the type that the checks of a column without one take for granted."""
    values = [each for _, stats, _ in checks for each in (stats if isinstance(stats, list) else [stats])]
    if any(check.startswith("str_") for check, _, _ in checks) or (values and all(isinstance(v, str) for v in values)):
        return "text"
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return "number" if values and len(numbers) == len(values) else "any"


def _written(column: Column) -> Rules:
    written: Rules = {"dtype": NAMES.get(column.type)}
    if column.description:
        written["description"] = column.description
    flags = {"nullable": column.missing > 0, "unique": column.unique, "coerce": column.type != "any"}
    # Coerced: however whole numbers, texts and so on are stored, as a contract has it.
    written |= {flag: True for flag, holds in flags.items() if holds}
    if column.optional:
        written["required"] = False
    checks = dict(pandera_checks.written(column))
    return written | ({"checks": checks} if checks else {})


def _unwritten(name: str, column: Column) -> Iterator[str]:
    yield from shares.unwritten(name, column)
    if column.type == "timestamp":
        yield f"`{name}`: pandera takes only times without a zone (datetime64[ns])."
    if column.pattern and not pandera_checks.compiles(column.pattern):
        yield f"`{name}`: pattern is left out, which Python's `re` does not read."
    for rule in ("max_age", "references", "sensitive"):
        if getattr(column, rule):
            yield f"`{name}`: {rule} is left out."


def _quoted(value: Any) -> Any:
    """Quote the texts that YAML 1.1, which pandera reads, takes for true, false or a number to the base of 60."""
    if isinstance(value, dict):
        return {_quoted(name): _quoted(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_quoted(each) for each in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and ELSEWHERE.fullmatch(value) else value
