"""What a model takes and gives (`schema.json`), and the strict reading of rows that were sent to it."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import msgspec

FORMAT: Final = "mltool.model/1"
INT64: Final = 2**63
SHOWN: Final = 100

Cell = str | float | int | bool | None
Row = tuple[Cell, ...]
"""One row: its cells in the order of `Schema.columns`."""
Prediction = dict[str, Any]
"""`{"label", "score"}`, `{"label", "scores"}`, `{"label"}` or `{"value"}`, after the task."""
Predict = Callable[[Sequence[Row]], list[Prediction]]

Type = Literal["string", "number", "integer", "boolean"]
_TYPES: Final[Mapping[Type, Any]] = {
    "string": str,
    "number": float,
    "integer": Annotated[int, msgspec.Meta(ge=-INT64, le=INT64 - 1)],
    "boolean": bool,
}


class SchemaError(ValueError):
    """A `schema.json` that cannot be served; its text is a sentence."""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a row. `categories`, `minimum` and `maximum` say what training saw; other values are served too, but
    for a category of a field that is `closed`: the model refuses what it never saw there.
    """

    name: str
    type: Type
    nullable: bool = False
    categories: tuple[Any, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    closed: bool = False

    @property
    def expected(self) -> str:
        """Return the type in words."""
        kind = f"one of {', '.join(self.categories)}"[:SHOWN] if self.closed and self.categories else self.type
        return f"{kind} or null" if self.nullable else kind


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """What a model takes and gives. `columns` is the order in which it was trained on them."""

    schema: str
    task: Literal["binary", "multiclass", "regression"]
    inputs: tuple[Input, ...]
    columns: tuple[str, ...]
    classes: tuple[Any, ...] = ()
    threshold: float | None = None
    backend: Literal["onnx", "sklearn", "loader"] = "sklearn"
    tolerance: float = 1e-6

    def in_order(self) -> tuple[Input, ...]:
        """Return the inputs in the order of `columns`."""
        by_name = {each.name: each for each in self.inputs}
        return tuple(by_name[name] for name in self.columns)

    def cells(self, row: Mapping[str, Cell]) -> Row:
        """Return the cells of a row that is known to be right. Raises KeyError."""
        return tuple(row[name] for name in self.columns)


def read(data: bytes) -> Schema:
    """Return the schema in a file's bytes. Raises SchemaError."""
    try:
        if msgspec.json.decode(data, type=_Head).schema != FORMAT:
            raise SchemaError(f"schema.json is not {FORMAT}: it was made by another version of mltool.")
        schema = msgspec.json.decode(data, type=Schema)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SchemaError(f"schema.json cannot be read: {error}.") from error
    names = [each.name for each in schema.inputs]
    if sorted(names) != sorted(schema.columns) or len(set(names)) != len(names) or not names:
        raise SchemaError("schema.json does not list the same names, each once, in `inputs` and in `columns`.")
    if schema.task == "binary" and len(schema.classes) != 2:
        raise SchemaError(f"schema.json has {len(schema.classes)} classes for a binary model.")
    return schema


class _Head(msgspec.Struct, frozen=True):
    schema: str


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is wrong with one cell. `row` counts from 0; `value` is left out where there is none."""

    row: int
    field: str
    expected: str
    message: str
    value: Any = msgspec.UNSET


class RowsError(ValueError):
    """A body that holds no rows that this model takes. `count` is how many mistakes there are; `first` is one."""

    def __init__(self, message: str, *, first: Mistake | None = None, count: int = 1) -> None:
        super().__init__(message)
        self.first = first
        self.count = count


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Reads the rows of one model."""

    schema: Schema
    decoder: msgspec.json.Decoder[Any] = field(repr=False)

    @staticmethod
    def of(schema: Schema) -> "Rows":
        """Return the reader for a schema."""
        fields = [(f"f{place}", _annotation(each)) for place, each in enumerate(schema.in_order())]
        rename = {f"f{place}": name for place, name in enumerate(schema.columns)}
        row = msgspec.defstruct("Row", fields, rename=rename, forbid_unknown_fields=True, frozen=True, gc=False)
        return Rows(schema=schema, decoder=msgspec.json.Decoder(row | list[row]))  # type: ignore[valid-type]

    def read(self, body: bytes) -> list[msgspec.Struct]:
        """Return the rows in a body: one object, or a list of them. Raises RowsError."""
        try:
            found = self.decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._explained(body, error) from error
        return found if isinstance(found, list) else [found]

    def _explained(self, body: bytes, error: Exception) -> RowsError:
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as malformed:
            return RowsError(f"the body is no JSON: {_words(malformed)}")
        rows = found if isinstance(found, list) else [found]
        mistakes = [mistake for place, row in enumerate(rows) for mistake in self._mistakes(place, row)]
        if not mistakes:
            return RowsError(_words(error))
        return RowsError(mistakes[0].message, first=mistakes[0], count=len(mistakes))

    def _mistakes(self, place: int, row: Any) -> list[Mistake]:
        if not isinstance(row, dict):
            return [_mistake(place, "", row, "object", "a row is an object: one value for each field")]
        known = {each.name: each for each in self.schema.in_order()}
        found = []
        for name, each in known.items():
            if name not in row:
                message = f"{name!r} is missing"
                found.append(Mistake(row=place, field=name, expected=each.expected, message=message))
            elif not _fits(row[name], each):
                message = f"{name!r} is {'not' if each.closed else 'no'} {each.expected}"
                found.append(_mistake(place, name, row[name], each.expected, message))
        for name in row.keys() - known.keys():
            message = f"there is no field {name[:SHOWN]!r}{_near(name, known)}"
            found.append(_mistake(place, name[:SHOWN], row[name], "no such field", message))
        return found


def _annotation(each: Input) -> Any:
    kind = Literal[each.categories] if each.closed and each.categories else _TYPES[each.type]
    return kind | None if each.nullable else kind


def _fits(value: Any, each: Input) -> bool:
    try:
        # A number as JSON has no bound; as a float it has.
        msgspec.convert(value, _annotation(each), strict=True)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True


def _mistake(place: int, name: str, value: Any, expected: str, message: str) -> Mistake:
    shown = value if isinstance(value, str | int | float | bool | None) else msgspec.json.encode(value).decode()
    if isinstance(shown, str) and len(shown) > SHOWN:
        shown = f"{shown[:SHOWN]}…"
    return Mistake(row=place, field=name, value=shown, expected=expected, message=message)


def _near(name: str, known: Mapping[str, Input]) -> str:
    near = difflib.get_close_matches(name[:SHOWN], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    said = str(error).removeprefix("JSON is malformed: ")
    return f"{said}; NaN and Infinity are no JSON, send null" if "invalid character" in said else said
