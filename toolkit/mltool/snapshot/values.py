"""Metrics and params files as DVC reads them: YAML 1.2, JSON, TOML and Python, flattened to dotted keys."""

import ast
import json
import math
import posixpath
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from fnmatch import fnmatchcase
from functools import reduce
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from mltool.snapshot import block
from mltool.snapshot.model import Leaf, Problem, Values

# Larger files are not parsed. JSON is some 40 times faster to read than the others.
MOST_BYTES_JSON = 32 * 2**20
MOST_BYTES = 8 * 2**20
MOST_VALUES = 2_000_000
PATTERN = "*?["

_yaml = YAML(typ="safe")


class Unreadable(Exception):  # noqa: N818 - it is kept and passed on as an answer, more often than raised
    """Why a file cannot be understood, to be put after its name, and the line where that shows."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def parse(path: str, content: bytes) -> Any:
    """Return the document in `content`; the name's ending says the language, YAML where it says nothing.

    Raises Unreadable.
    """
    suffix = posixpath.splitext(path)[1].lower()
    limit = MOST_BYTES_JSON if suffix == ".json" else MOST_BYTES
    if len(content) > limit:
        raise Unreadable(f"is {len(content) / 1e6:,.0f} MB; mltool reads at most {limit // 2**20} MiB of such a file")
    text = _text(content)
    reader = {".json": _json, ".toml": _toml, ".py": _python}.get(suffix, _read_yaml)
    try:
        return reader(text)
    except RecursionError as error:
        raise Unreadable("is nested too deeply") from error


def metrics(path: str, content: bytes) -> Values:
    """Return one metrics file, flattened, or with the problem that it has."""
    try:
        return Values(path=path, values=metric_leaves(parse(path, content)))
    except Unreadable as error:
        return broken(path, error)


def broken(path: str, error: Unreadable) -> Values:
    """Return a file that cannot be understood."""
    return Values(path=path, values={}, problem=problem(path, error))


def problem(path: str, error: Unreadable) -> Problem:
    """Return the problem in one sentence, with the line where there is one."""
    where = f"{path}, line {error.line}," if error.line else path
    return Problem(path=path, kind="unreadable", sentence=f"{where} {error.reason}.", line=error.line)


def metric_leaves(document: Any) -> dict[str, Leaf]:
    """Return the numbers, texts and booleans of a metrics document by dotted key; DVC drops lists and nulls too."""
    if isinstance(document, int | float | str):
        return {"": document}
    leaves = _walk(document, "") if isinstance(document, dict) else ()
    return _bounded((key, leaf) for key, leaf in leaves if isinstance(leaf, int | float | str))


def param_leaves(document: Any, keys: Iterable[str] = ()) -> dict[str, Leaf]:
    """Return the values of a params document by dotted key: those under `keys`, or all where there are none."""
    found = _select(document, tuple(keys))
    return _bounded((key, leaf_of(value)) for key, value in (_walk(found, "") if isinstance(found, dict) else ()))


def is_pattern(key: str) -> bool:
    """Return whether a dotted key may stand for several."""
    return any(sign in key for sign in PATTERN)


def pick(document: Any, keys: Iterable[str]) -> dict[str, Any]:
    """Return what a params document has under each of these dotted keys, in which a number may count in a list."""
    found = {}
    for key in keys:
        try:
            found[key] = reduce(_step, key.split("."), document)
        except LookupError:
            continue
    return found


def leaf_of(value: Any) -> Leaf:
    """Return a value as this program keeps it: lists as tuples, dates as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return tuple(_inner(item) for item in value)
    if isinstance(value, set | frozenset):
        return tuple(sorted((_inner(item) for item in value), key=repr))
    return str(value) if isinstance(value, date | time) else repr(value)


def same(old: Leaf, new: Leaf) -> bool:
    """Return whether two values are equal, as DVC compares them: lists by how they are written.

    Unlike in DVC, NaN equals NaN: a metric that was and is not a number did not change.
    """
    if isinstance(old, tuple) and isinstance(new, tuple):
        return repr(old) == repr(new)
    return old == new or (old != old and new != new)


def finite(leaf: Leaf) -> Leaf:
    """Return the value as JSON can say it: numbers that are none become `NaN`, `Infinity`, `-Infinity`."""
    if isinstance(leaf, float) and not math.isfinite(leaf):
        return "NaN" if math.isnan(leaf) else "Infinity" if leaf > 0 else "-Infinity"
    return tuple(finite(item) for item in leaf) if isinstance(leaf, tuple) else leaf


def _inner(item: Any) -> Any:
    return {key: _inner(value) for key, value in item.items()} if isinstance(item, dict) else leaf_of(item)


def _walk(table: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _bounded(pairs: Iterator[tuple[str, Leaf]]) -> dict[str, Leaf]:
    """Return the pairs as a dict; a file may be nested less deeply than can be parsed, and still too deeply."""
    found = {}
    try:
        for count, (key, value) in enumerate(pairs):
            if count >= MOST_VALUES:
                raise Unreadable(f"holds more than {MOST_VALUES:,} values")
            found[key] = value
    except RecursionError as error:
        raise Unreadable("is nested too deeply") from error
    return found


def _select(document: Any, keys: tuple[str, ...]) -> Any:
    """Return the part of a document under dotted keys, which may hold `*`."""
    if not keys:
        return document
    found: Any = {}
    for key in dict.fromkeys(keys):
        found = _merge(found, _search(document, key.split(".")))
    return found


def _search(node: Any, parts: list[str]) -> Any:
    if not parts:
        return node
    part, rest = parts[0], parts[1:]
    if isinstance(node, dict):
        # A plain name is looked up: matching it with every key would take stages × params.
        plain = part in node and not is_pattern(part)
        named: dict[Any, Any] = {part: node[part]} if plain else node
        hits = {key: _search(value, rest) for key, value in named.items() if fnmatchcase(str(key), part)}
        return {key: value for key, value in hits.items() if not (rest and value in ({}, []))}
    if isinstance(node, list):
        found = {i: _search(value, rest) for i, value in enumerate(node) if fnmatchcase(str(i), part)}
        return [found.get(i) for i in range(max(found) + 1)] if found else []
    return {}


def _step(node: Any, part: str) -> Any:
    if isinstance(node, dict):
        # Keys may be numbers, which are written as any other.
        return node[part] if part in node else {str(key): value for key, value in node.items()}[part]
    if isinstance(node, list | tuple) and part.isdecimal():
        return node[int(part)]
    raise KeyError(part)


def _merge(into: Any, more: Any) -> Any:
    if isinstance(into, dict) and isinstance(more, dict):
        return into | {key: _merge(into[key], value) if key in into else value for key, value in more.items()}
    return more


def _text(content: bytes) -> str:
    if b"\n<<<<<<< " in content or content.startswith(b"<<<<<<< "):
        line = content[: content.find(b"<<<<<<< ")].count(b"\n") + 1
        raise Unreadable("holds the markers of a merge conflict", line)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable("is not UTF-8 text", line) from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"is not valid JSON: {_lower(error.msg)}", error.lineno) from error
    except ValueError as error:
        raise Unreadable(f"is not valid JSON: {_lower(str(error))}") from error


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at line ")
        line = int(place.partition(",")[0]) if place else text.count("\n") + 1
        raise Unreadable(f"is not valid TOML: {_lower(message.removesuffix(' (at end of document)'))}", line) from error


def _read_yaml(text: str) -> Any:
    try:
        return block.load(text)
    except block.Unsure:
        return _whole_yaml(text)


def _whole_yaml(text: str) -> Any:
    try:
        document = _yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise Unreadable(f"is not valid YAML: {said.strip()}", mark.line + 1 if mark else None) from error
    except (YAMLError, ValueError, OverflowError, AttributeError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreadable(f"is not valid YAML: {said}") from error
    if "*" in text and "&" in text and _size(document, {}) > MOST_VALUES:
        raise Unreadable(f"holds more than {MOST_VALUES:,} values")
    return document


def _size(node: Any, sizes: dict[int, int]) -> int:
    """Return how many values a part of a document stands for, as if its aliases were written out."""
    if not isinstance(node, dict | list):
        return 1
    if id(node) not in sizes:
        sizes[id(node)] = 0  # what is met again before it is counted stands in itself
        sizes[id(node)] = 1 + sum(_size(item, sizes) for item in (node.values() if isinstance(node, dict) else node))
    if not sizes[id(node)]:
        raise Unreadable("has an alias to a part that it stands in itself")
    return sizes[id(node)]


def _python(text: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _assigned(ast.parse(text).body)
    except SyntaxError as error:
        raise Unreadable(f"is not valid Python: {_lower(error.msg)}", error.lineno) from error
    except ValueError as error:
        raise Unreadable(f"is not valid Python: {_lower(str(error))}") from error


def _assigned(body: Iterable[ast.stmt], *, attributes: bool = False) -> dict[str, Any]:
    """Return what a module or a class assigns literally; of a class's `__init__`, what it assigns to `self`."""
    found: dict[str, Any] = {}
    for node in body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = _assigned(node.body)
        elif isinstance(node, ast.FunctionDef) and node.name == "__init__":
            found.update(_assigned(node.body, attributes=True))
        elif isinstance(node, ast.Assign | ast.AnnAssign) and (name := _name(node, attributes=attributes)):
            try:
                found[name] = ast.literal_eval(node.value or ast.Constant(None))
            except (ValueError, TypeError):
                continue
    return found


def _name(node: ast.Assign | ast.AnnAssign, *, attributes: bool) -> str:
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
    target = targets[0]
    if len(targets) != 1 or node.value is None:
        return ""
    if isinstance(target, ast.Name) and not attributes:
        return target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return target.attr
    return ""


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
