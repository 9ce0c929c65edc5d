"""`schema.pbtxt` of TensorFlow Data Validation, by the published message (tensorflow-metadata) and no TensorFlow.

What its fields mean: https://www.tensorflow.org/tfx/data_validation/get_started and the comments of schema.proto.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from mltool.data.contract import Column, Contract, Environment, Rows, Type
from mltool.data.contract_rules import TIMES, problems
from mltool.errors import UserError

LARGEST: Final = 10_000_000
"""Bytes of a schema; the parser takes a minute for a hundred million."""
DAY: Final = "%Y-%m-%d"
FORMATS: Final = (DAY, f"{DAY}T%H:%M:%S")
"""How a date and a time are written."""
UNASKED: Final = ("UNKNOWN_STAGE", "BETA", "PRODUCTION")
"""Stages in which a feature is asked."""
NAMES: Final[Mapping[Type, str]] = {
    "integer": "INT",
    "number": "FLOAT",
    "text": "BYTES",
    "boolean": "INT",
    "date": "BYTES",
    "timestamp": "BYTES",
    "any": "TYPE_UNKNOWN",
}
CARRIED: Final = {
    *("name", "deprecated", "lifecycle_stage", "type", "presence", "value_count", "shape", "in_environment"),
    *("not_in_environment", "domain", "int_domain", "float_domain", "string_domain", "bool_domain", "time_domain"),
    *("distribution_constraints", "annotation"),
}
TABLES: Final = {"feature", "string_domain", "int_domain", "float_domain", "default_environment"}


def read(content: bytes, *, source: str) -> tuple[Contract, tuple[str, ...]]:
    """Return the contract, and a sentence for each rule of the schema that a contract has no words for.

    Raises UserError for what is no schema, is larger than LARGEST, or contradicts itself.
    """
    schema = _parsed(content, source)
    notes: list[str] = []
    columns: dict[str, Column] = {}
    for feature in schema.feature:
        if feature.name in columns:
            raise UserError(f"{source} has more than one feature `{feature.name}`.", "Give each a name of its own.")
        columns[feature.name] = _column(schema, feature, notes)
    contract = Contract(
        columns=columns,
        description=schema.annotation.comment[0] if schema.annotation.comment else "",
        rows=_rows(schema.dataset_constraints, notes),
        environments=_environments(schema),
    )
    for field, _ in schema.ListFields():
        if field.name not in TABLES | {"annotation", "dataset_constraints"}:
            notes.append(f"`{field.name}` is left out.")
    for problem in problems(contract):
        raise UserError(f"{source}: {problem}.")
    return contract, tuple(notes)


def write(contract: Contract) -> tuple[str, tuple[str, ...]]:
    """Return the schema in text format, and a sentence for each rule of the contract that it has no words for."""
    schema = schema_pb2.Schema()
    if contract.description:
        schema.annotation.comment.append(contract.description)
    schema.default_environment.extend(contract.environments)
    for name, column in contract.columns.items():
        _write(schema.feature.add(name=name), column)
        places = contract.environments.items()
        schema.feature[-1].not_in_environment.extend(place for place, rules in places if name in rules.absent)
    _write_rows(schema, contract.rows)
    notes = [note for name, column in contract.columns.items() for note in _unwritten(name, column)]
    notes += [f"`{name}` is left out." for name in ("key", "rules", "part") if getattr(contract, name)]
    if contract.extra == "allow":
        notes.append("`extra: allow` is left out: a feature that the schema does not name is an anomaly.")
    for name, place in contract.environments.items():
        if place.optional:
            notes.append(f"`environments.{name}`: optional is left out.")
    return text_format.MessageToString(schema, as_utf8=True), tuple(notes)


def _parsed(content: bytes, source: str) -> Any:
    if len(content) > LARGEST:
        raise UserError(f"{source} has {len(content):,} bytes; a schema has at most {LARGEST:,}.", "Is it the schema?")
    try:
        return text_format.Parse(content.decode(), schema_pb2.Schema())
    except UnicodeDecodeError as error:
        raise UserError(f"{source} is not UTF-8 text.", "A schema.pbtxt is; is this the table?") from error
    except text_format.ParseError as error:
        place, _, said = str(error).partition(" : ")
        line = place.partition(":")[0]
        where = f"{source}:{line}" if said and line.isdigit() else source
        raise UserError(f"{where} is no schema.pbtxt: {(said or str(error)).splitlines()[0][:200]}") from error
    except RecursionError as error:
        raise UserError(f"{source} is nested too deeply.") from error


def _column(schema: Any, feature: Any, notes: list[str]) -> Column:
    name = feature.name
    stage = schema_pb2.LifecycleStage.Name(feature.lifecycle_stage)
    if feature.deprecated or stage not in UNASKED:
        notes.append(f"`{name}` is not asked, as its stage is {'DEPRECATED' if feature.deprecated else stage}.")
        return Column(missing=1.0, optional=True)
    rules: dict[str, Any] = {"type": _type(feature), "missing": _missing(feature, notes)}
    rules["optional"] = not feature.presence.min_fraction and not feature.presence.min_count
    if feature.annotation.comment:
        rules["description"] = feature.annotation.comment[0]
    _read_domain(schema, feature, rules, notes)
    notes += [f"`{name}`: {field.name} is left out." for field, _ in feature.ListFields() if field.name not in CARRIED]
    try:
        return msgspec.convert(rules, Column)
    except msgspec.ValidationError as error:
        raise UserError(f"Feature `{name}`: {error}.") from error


def _type(feature: Any) -> Type:
    if feature.HasField("bool_domain"):
        return "boolean"
    if feature.HasField("time_domain") and feature.type == schema_pb2.BYTES:
        return "date" if feature.time_domain.string_format == DAY else "timestamp"
    kinds: dict[int, Type] = {schema_pb2.INT: "integer", schema_pb2.FLOAT: "number", schema_pb2.BYTES: "text"}
    return kinds.get(feature.type, "any")


def _missing(feature: Any, notes: list[str]) -> float:
    """Return the share that may be missing; a feature of several values is one that a table has no column for."""
    name, count = feature.name, feature.value_count
    several = (count.max != 1 or count.min > 1) if feature.HasField("value_count") else bool(feature.shape.dim)
    if several:
        notes.append(f"`{name}`: how many values it has is left out: a column has one in each row.")
    if feature.presence.min_count > 1:
        notes.append(f"`{name}`: presence of at least {feature.presence.min_count:,} values is left out.")
    return round(1.0 - min(float(feature.presence.min_fraction), 1.0), 12)


def _read_domain(schema: Any, feature: Any, rules: dict[str, Any], notes: list[str]) -> None:
    named = [*schema.string_domain, *schema.int_domain, *schema.float_domain]
    found = next((domain for domain in named if feature.domain and domain.name == feature.domain), None)
    if feature.domain and found is None:
        notes.append(f"`{feature.name}`: the domain `{feature.domain}` is none of the schema's, and is left out.")
    strings = feature.string_domain.value or getattr(found, "value", ())
    if strings and rules["type"] == "text":
        rules["values"] = tuple(strings)
        mass = feature.distribution_constraints.min_domain_mass
        rules["unseen"] = round(1.0 - mass, 12) if feature.HasField("distribution_constraints") else 0.0
    elif strings or feature.HasField("distribution_constraints"):
        notes.append(f"`{feature.name}`: its domain of texts is left out, as it holds {rules['type']}.")
    numbers = next((feature for feature in (_numbers(feature), found) if hasattr(feature, "min")), None)
    if numbers is not None and rules["type"] in ("integer", "number"):
        rules |= {end: getattr(numbers, end) for end in ("min", "max") if numbers.HasField(end)}
    if feature.HasField("time_domain") and rules["type"] not in TIMES:
        notes.append(f"`{feature.name}`: time_domain is left out, as its times are numbers.")
    if rules["type"] in TIMES and feature.time_domain.string_format not in FORMATS:
        notes.append(f"`{feature.name}`: times are read as ISO 8601, not as {feature.time_domain.string_format!r}.")
    _read_flags(feature, notes)


def _numbers(feature: Any) -> Any:
    return next((getattr(feature, name) for name in ("int_domain", "float_domain") if feature.HasField(name)), None)


def _read_flags(feature: Any, notes: list[str]) -> None:
    """Note what a domain asks besides its ends and values. That numbers are finite a contract asks anyway."""
    if feature.HasField("float_domain"):
        for field, _ in feature.float_domain.ListFields():
            if field.name not in ("name", "min", "max", "disallow_nan", "disallow_inf"):
                notes.append(f"`{feature.name}`: {field.name} is left out.")
    if feature.bool_domain.true_value or feature.bool_domain.false_value:
        said = f"{feature.bool_domain.true_value!r} and {feature.bool_domain.false_value!r}"
        notes.append(f"`{feature.name}`: true and false are written as a contract has it, not as {said}.")


def _rows(asked: Any, notes: list[str]) -> Rows:
    drift, change = asked.num_examples_drift_comparator, None
    if drift.HasField("min_fraction_threshold") and drift.HasField("max_fraction_threshold"):
        fewer, more = round(1.0 - drift.min_fraction_threshold, 12), round(drift.max_fraction_threshold - 1.0, 12)
        change = max(fewer, more)
        if fewer != more:
            notes.append(f"`rows.change`: the wider of {fewer:g} fewer and {more:g} more is taken for both sides.")
    elif asked.HasField("num_examples_drift_comparator"):
        notes.append("`num_examples_drift_comparator` is left out: it asks one side only.")
    if asked.HasField("num_examples_version_comparator"):
        notes.append("`num_examples_version_comparator` is left out.")
    most = asked.max_examples_count if asked.HasField("max_examples_count") else None
    return Rows(min=asked.min_examples_count, max=most, change=change)


def _environments(schema: Any) -> dict[str, Environment]:
    named = [*schema.default_environment]
    for feature in schema.feature:
        named += [*feature.in_environment, *feature.not_in_environment]
    return {
        place: Environment(absent=tuple(each.name for each in schema.feature if not _is_in(schema, each, place)))
        for place in dict.fromkeys(named)
    }


def _is_in(schema: Any, feature: Any, place: str) -> bool:
    if place in feature.not_in_environment:
        return False
    return place in feature.in_environment or place in schema.default_environment


def _write(feature: Any, column: Column) -> None:
    feature.type = schema_pb2.FeatureType.Value(NAMES[column.type])
    if column.missing < 1 and not column.optional:
        feature.presence.min_fraction = 1.0 - column.missing
        feature.presence.min_count = 1
    feature.value_count.min, feature.value_count.max = 1, 1
    if column.description:
        feature.annotation.comment.append(column.description)
    if column.type == "boolean":
        feature.bool_domain.SetInParent()
    elif column.type in ("date", "timestamp"):
        feature.time_domain.string_format = FORMATS[column.type == "timestamp"]
    elif column.type in ("integer", "number") and not column.outside:
        _write_range(feature.int_domain if column.type == "integer" else feature.float_domain, column)
    if column.values and column.type == "text":
        feature.string_domain.value.extend(str(value) for value in column.values)
        feature.distribution_constraints.min_domain_mass = 1.0 - column.unseen


def _write_range(domain: Any, column: Column) -> None:
    for end, value, towards in (("min", column.min, -1), ("max", column.max, 1)):
        if not isinstance(value, int | float):
            continue
        if column.type == "number":
            value = _single(value, towards)
        elif math.isfinite(value):
            value = math.ceil(value) if towards < 0 else math.floor(value)
        if abs(value) < (2**63 if column.type == "integer" else math.inf):
            setattr(domain, end, value)


def _single(value: float, towards: int) -> float:
    """Return the number of 32 bits, which is all that the message has, that is not on the inner side of this one."""
    with np.errstate(over="ignore"):
        found = np.float32(value)
        inner = float(found) > value if towards < 0 else float(found) < value
        return float(np.nextafter(found, np.float32(towards * math.inf))) if inner else float(found)


def _write_rows(schema: Any, rows: Rows) -> None:
    if rows.min:
        schema.dataset_constraints.min_examples_count = rows.min
    if rows.max is not None:
        schema.dataset_constraints.max_examples_count = rows.max
    if rows.change is not None:
        drift = schema.dataset_constraints.num_examples_drift_comparator
        drift.min_fraction_threshold, drift.max_fraction_threshold = max(0.0, 1.0 - rows.change), 1.0 + rows.change


def _unwritten(name: str, column: Column) -> Iterator[str]:
    if column.optional and column.missing < 1:
        yield f"`{name}`: any share may be missing, not only {column.missing:g}, since it may be left out."
    if not column.optional and column.missing == 1:
        yield f"`{name}`: it may be left out, since all of it may be missing."
    if column.type == "any":
        yield f"`{name}`: type any became TYPE_UNKNOWN."
    if column.outside:
        yield f"`{name}`: its range is left out, since a share of {column.outside:g} may be outside."
    elif column.type in TIMES and (column.min is not None or column.max is not None):
        yield f"`{name}`: its range is left out, as it is of times."
    if column.values and column.type != "text":
        yield f"`{name}`: its values are left out, as they are numbers."
    for rule in ("pattern", "unique", "max_age", "references", "sensitive"):
        if getattr(column, rule):
            yield f"`{name}`: {rule} is left out."
    if column.min_length is not None or column.max_length is not None:
        yield f"`{name}`: lengths are left out."
