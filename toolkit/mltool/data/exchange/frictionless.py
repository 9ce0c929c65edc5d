"""Frictionless Table Schema (https://specs.frictionlessdata.io/table-schema/), as JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from mltool.data.contract import Column, Contract, Rows, Type
from mltool.data.contract_rules import DAY, NUMBERS, TIMES, problems
from mltool.data.exchange import shares
from mltool.errors import UserError

TYPES: Final[dict[str, Type]] = {
    "integer": "integer",
    "year": "integer",
    "number": "number",
    "string": "text",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "any": "any",
}
NAMES: Final[dict[Type, str]] = {ours: theirs for theirs, ours in TYPES.items() if theirs != "year"}
CONSTRAINTS: Final = {"required", "unique", "minimum", "maximum", "enum", "pattern", "minLength", "maxLength"}
RANGED: Final = NUMBERS + TIMES


@dataclass(frozen=True, kw_only=True)
class _Field:
    name: str
    type: str = "any"
    format: str = "default"
    description: str = ""
    constraints: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Schema:
    fields: tuple[_Field, ...]
    primaryKey: tuple[str, ...] | str = ()  # noqa: N815 - the standard's own name
    foreignKeys: tuple[Any, ...] = ()  # noqa: N815
    missingValues: tuple[Any, ...] = ("",)  # noqa: N815
    fieldsMatch: str = "exact"  # noqa: N815


def read(content: bytes, *, source: str) -> tuple[Contract, tuple[str, ...]]:
    """Return the contract, and a sentence for each rule of the schema that a contract has no words for.

    Raises UserError for what is no Table Schema, or contradicts itself.
    """
    try:
        schema = msgspec.convert(json.loads(content), _Schema)
    except ValueError as error:
        raise UserError(f"{source} is no Table Schema: {error}.", "It is a JSON object with `fields`.") from error
    key = (schema.primaryKey,) if isinstance(schema.primaryKey, str) else schema.primaryKey
    notes = [note for item in schema.fields for note in _unread(item)]
    for name, left in (
        ("foreignKeys", schema.foreignKeys),
        ("missingValues", schema.missingValues != ("",)),
        ("fieldsMatch", schema.fieldsMatch not in ("exact", "superset")),
    ):
        notes += [f"`{name}` is left out."] if left else []
    contract = Contract(
        columns={item.name: _column(item, required=item.name in key) for item in schema.fields},
        rows=Rows(min=0),
        key=key,
        extra="allow" if schema.fieldsMatch == "superset" else "fail",
    )
    for problem in problems(contract):
        raise UserError(f"{source}: {problem}.")
    return contract, tuple(notes)


def write(contract: Contract) -> tuple[str, tuple[str, ...]]:
    """Return the schema as JSON, and a sentence for each rule of the contract that it has no words for."""
    notes = [note for name, column in contract.columns.items() for note in _unwritten(name, column)]
    if contract.rows != Rows(min=0):
        notes.append("`rows` is left out.")
    for name in ("rules", "part", "environments", "description"):
        notes += [f"`{name}` is left out."] if getattr(contract, name) else []
    schema: dict[str, Any] = {"fields": [_field(name, column) for name, column in contract.columns.items()]}
    if contract.key:
        schema["primaryKey"] = list(contract.key)
    if contract.extra == "allow":
        schema["fieldsMatch"] = "superset"
    return json.dumps(schema, indent=2, ensure_ascii=False, allow_nan=False) + "\n", tuple(notes)


def _column(item: _Field, *, required: bool) -> Column:
    declared = TYPES.get(item.type, "any")
    rules = item.constraints
    ranged = declared in RANGED
    told: dict[str, Any] = {
        "type": declared,
        "missing": 0.0 if required or rules.get("required", False) else 1.0,
        "min": rules.get("minimum") if ranged else None,
        "max": rules.get("maximum") if ranged else None,
        "values": rules.get("enum", ()) if declared in (*NUMBERS, "text") else (),
        "pattern": rules.get("pattern", "") if declared == "text" else "",
        "min_length": rules.get("minLength") if declared == "text" else None,
        "max_length": rules.get("maxLength") if declared == "text" else None,
        "unique": rules.get("unique", False),
        "description": item.description,
    }
    try:
        return msgspec.convert(told, Column)
    except msgspec.ValidationError as error:
        raise UserError(f"Field `{item.name}` has a constraint of the wrong type: {error}.") from error


def _unread(item: _Field) -> Iterator[str]:
    if item.type not in TYPES:
        yield f"`{item.name}`: type {item.type} became any."
    if item.format != "default":
        yield f"`{item.name}`: format {item.format} is left out."
    declared = TYPES.get(item.type, "any")
    known = CONSTRAINTS - (set() if declared in RANGED else {"minimum", "maximum"})
    known -= set() if declared == "text" else {"pattern", "minLength", "maxLength"}
    known -= set() if declared in (*NUMBERS, "text") else {"enum"}
    for name in item.constraints:
        if name not in known:
            yield f"`{item.name}`: {name} is left out."


def _field(name: str, column: Column) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if not column.missing:
        rules["required"] = True
    if column.unique:
        rules["unique"] = True
    if not column.outside:
        ends = {"minimum": column.min, "maximum": _last(column)}
        rules |= {end: value for end, value in ends.items() if value is not None}
    if column.values and not column.unseen:
        rules["enum"] = list(column.values)
    if column.pattern:
        rules["pattern"] = column.pattern
    lengths = {"minLength": column.min_length, "maxLength": column.max_length}
    rules |= {end: value for end, value in lengths.items() if value is not None}
    written: dict[str, Any] = {"name": name, "type": NAMES[column.type]}
    if column.description:
        written["description"] = column.description
    return written | ({"constraints": rules} if rules else {})


def _last(column: Column) -> int | float | str | None:
    """Return the greatest value; of timestamps, the last moment of a day."""
    if column.type == "timestamp" and len(str(column.max)) == DAY:
        return f"{column.max}T23:59:59.999999"
    return column.max


def _unwritten(name: str, column: Column) -> Iterator[str]:
    yield from shares.unwritten(name, column)
    if column.optional:
        yield f"`{name}`: optional is left out, and so it must be there."
    for rule in ("max_age", "references", "sensitive"):
        if getattr(column, rule):
            yield f"`{name}`: {rule} is left out."
