"""Rules over the columns of a row, such as `departed <= arrived`: read into steps of Arrow, never run as Python."""

import ast
import functools
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from mltool.data import check_values
from mltool.data.contract import Type

LONGEST: Final = 1000
"""Characters of one rule."""
QUOTED: Final = re.compile(r"`([^`]+)`")
STANDS: Final = "_backtick_"

Kind = Literal["number", "text", "boolean", "moment"]
KINDS: Final[dict[Type, Kind]] = {
    "integer": "number",
    "number": "number",
    "text": "text",
    "boolean": "boolean",
    "date": "moment",
    "timestamp": "moment",
}
Columns = Mapping[str, pa.Array]
Run = Callable[[Columns], Any]
ORDERS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
    ast.Eq: pc.equal,
    ast.NotEq: pc.not_equal,
}
SUMS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: pc.add,
    ast.Sub: pc.subtract,
    ast.Mult: pc.multiply,
    ast.Div: pc.divide,
}


@dataclass(frozen=True, kw_only=True)
class Expression:
    """One rule, ready to be asked. `columns` are those it names, in order."""

    text: str
    columns: tuple[str, ...]
    run: Run

    def broken(self, columns: Columns) -> pa.Array | None:
        """Return the rows in which it does not hold, None if there is none; an unknown answer is none."""
        mask = pc.invert(pc.fill_null(self.run(columns), fill_value=True))
        return mask if pc.any(mask).as_py() else None


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A part of a rule: what it yields, and how. `literal` is the value where it is written out."""

    kind: Kind
    run: Run
    literal: int | float | str | None = None


def parse(text: str, types: Mapping[str, Type]) -> Expression:
    """Return the rule over columns of these types. Raises ValueError with what is wrong with it."""
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST:,} characters")
    if STANDS in text:
        raise ValueError(f"no name may hold `{STANDS}`")
    quoted: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        quoted.append(found[1])
        return f"{STANDS}{len(quoted) - 1}_"

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(QUOTED.sub(stand_in, text.strip()), mode="eval").body
        reader = _Reader(types, quoted)
        step = reader.step(tree)
    except SyntaxError as error:
        remedy = "a name that is no single word stands in backticks"
        raise ValueError(f"it cannot be read ({error.msg}); {remedy}") from error
    except (RecursionError, MemoryError) as error:
        raise ValueError("it is nested too deeply") from error
    if step.kind != "boolean":
        raise ValueError(f"it yields a {step.kind}, not true or false")
    if not reader.named:
        raise ValueError("it names no column")
    return Expression(text=text, columns=tuple(reader.named), run=step.run)


class _Reader:
    """Turns nodes into steps; what has no rule here is refused."""

    def __init__(self, types: Mapping[str, Type], quoted: Sequence[str]) -> None:
        self.types, self.quoted = types, quoted
        self.named: dict[str, None] = {}

    def step(self, node: ast.expr) -> _Step:
        match node:
            case ast.Name():
                return self._column(self._restored(node.id))
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return self._literal(value)
            case ast.UnaryOp(op=ast.Not()):
                held = self._boolean(node.operand)
                return _Step(kind="boolean", run=lambda columns: pc.invert(held.run(columns)))
            case ast.UnaryOp(op=ast.USub()):
                return self._negative(node.operand)
            case ast.BoolOp():
                return self._junction(node)
            case ast.BinOp() if type(node.op) in SUMS:
                return self._sum(node)
            case ast.Compare():
                return self._comparisons(node)
        raise ValueError(f"`{ast.unparse(node)[:40]}` is none of: comparison, and, or, not, + - * /, name, value")

    def _restored(self, text: str) -> str:
        return re.sub(rf"{STANDS}(\d+)_", lambda found: self.quoted[int(found[1])], text)

    def _column(self, name: str) -> _Step:
        if name not in self.types:
            raise ValueError(f"`{name}` is none of the columns")
        kind = KINDS.get(self.types[name])
        if kind is None:
            raise ValueError(f"`{name}` needs a type")
        self.named[name] = None
        return _Step(kind=kind, run=lambda columns: _prepared(columns[name], kind))

    def _literal(self, value: float | str) -> _Step:
        if isinstance(value, str):
            value = re.sub(rf"{STANDS}(\d+)_", lambda found: f"`{self.quoted[int(found[1])]}`", value)
        kind: Kind = "text" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "number"
        try:
            scalar = pa.scalar(value, pa.float64() if isinstance(value, float) else None)
        except (OverflowError, pa.ArrowInvalid) as error:
            raise ValueError(f"{value} is no number of 64 bits") from error
        return _Step(kind=kind, run=lambda _: scalar, literal=value)

    def _boolean(self, node: ast.expr) -> _Step:
        step = self.step(node)
        if step.kind != "boolean":
            raise ValueError(f"`{self._said(node)}` is a {step.kind}, not true or false")
        return step

    def _negative(self, node: ast.expr) -> _Step:
        step = self.step(node)
        if step.kind != "number":
            raise ValueError(f"`{self._said(node)}` is a {step.kind}, not a number")
        if isinstance(step.literal, int | float):
            return self._literal(-step.literal)
        return _Step(kind="number", run=lambda columns: pc.negate(_float(step.run(columns))))

    def _junction(self, node: ast.BoolOp) -> _Step:
        steps = [self._boolean(value) for value in node.values]
        join = pc.and_kleene if isinstance(node.op, ast.And) else pc.or_kleene
        return _Step(kind="boolean", run=lambda columns: functools.reduce(join, (step.run(columns) for step in steps)))

    def _sum(self, node: ast.BinOp) -> _Step:
        left, right = self.step(node.left), self.step(node.right)
        if {left.kind, right.kind} != {"number"}:
            raise ValueError(f"`{self._said(node)}` counts with what is no number")
        join = SUMS[type(node.op)]
        return _Step(kind="number", run=lambda columns: join(_float(left.run(columns)), _float(right.run(columns))))

    def _comparisons(self, node: ast.Compare) -> _Step:
        sides = [node.left, *node.comparators]
        runs = [self._comparison(left, op, right) for left, op, right in zip(sides, node.ops, sides[1:], strict=False)]
        return _Step(
            kind="boolean", run=lambda columns: functools.reduce(pc.and_kleene, (run(columns) for run in runs))
        )

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Run:
        if isinstance(op, ast.Is | ast.IsNot):
            return self._missing(left, op, right)
        if isinstance(op, ast.In | ast.NotIn):
            return self._among(left, right, inside=isinstance(op, ast.In))
        one, other = _as_moments(self.step(left), self.step(right))
        said = f"`{self._said(left)}` and `{self._said(right)}`"
        if one.kind != other.kind:
            raise ValueError(f"{said} cannot be compared: a {one.kind} and a {other.kind}")
        if one.kind == "boolean" and not isinstance(op, ast.Eq | ast.NotEq):
            raise ValueError(f"{said} are true or false, of which none is less")
        order = ORDERS[type(op)]
        return lambda columns: order(*_alike(one.run(columns), other.run(columns)))

    def _missing(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Run:
        step = self.step(left)
        if not isinstance(right, ast.Constant) or right.value is not None:
            raise ValueError("`is` goes with None only: `x is None`, `x is not None`")
        test = pc.is_null if isinstance(op, ast.Is) else pc.is_valid
        return lambda columns: test(step.run(columns))

    def _among(self, left: ast.expr, right: ast.expr, *, inside: bool) -> Run:
        if not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
            raise ValueError("`in` goes with a list of values: `x in ['a', 'b']`")
        runs = [self._comparison(left, ast.Eq(), value) for value in right.elts]
        any_of = functools.partial(functools.reduce, pc.or_kleene)
        if inside:
            return lambda columns: any_of(run(columns) for run in runs)
        return lambda columns: pc.invert(any_of(run(columns) for run in runs))

    def _said(self, node: ast.expr) -> str:
        return self._restored(ast.unparse(node))[:40]


def _as_moments(one: _Step, other: _Step) -> tuple[_Step, _Step]:
    """Take a text beside a moment for one."""
    if one.kind == "moment" and isinstance(other.literal, str):
        return one, _moment(other.literal)
    if other.kind == "moment" and isinstance(one.literal, str):
        return _moment(one.literal), other
    return one, other


def _moment(text: str) -> _Step:
    found = pa.scalar(check_values.instant(text), pa.int64())
    return _Step(kind="moment", run=lambda _: found)


def _prepared(column: pa.Array, kind: Kind) -> pa.Array:
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    if kind == "moment":
        return check_values.instants(column)
    if kind == "text":
        return column.cast(pa.large_string())
    return column


def _float(values: Any) -> Any:
    return values.cast(pa.float64(), safe=False)


def _alike(one: Any, other: Any) -> tuple[Any, Any]:
    """Return two of one type: whole numbers as such, else as floats; texts in 64-bit offsets."""
    if one.type == other.type:
        return one, other
    if pa.types.is_boolean(one.type) or pa.types.is_boolean(other.type):
        return one.cast(pa.bool_()), other.cast(pa.bool_())
    if operator.or_(*(pa.types.is_large_string(side.type) for side in (one, other))):
        return one.cast(pa.large_string()), other.cast(pa.large_string())
    whole = all(pa.types.is_integer(side.type) and side.type != pa.uint64() for side in (one, other))
    target = pa.int64() if whole else pa.float64()
    return one.cast(target, safe=False), other.cast(target, safe=False)
