"""Read `mltool.toml`; what is wrong with it is one sentence."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from mltool.config import unknown
from mltool.config.ci import Ci
from mltool.config.data import Data
from mltool.config.gates import Accepted, Facts, Gate, Predictions
from mltool.config.release import Approvals, Card, Environment, Model, Release, Signing
from mltool.config.score import Attested
from mltool.config.test_set import Exam
from mltool.errors import UserError

FILE = "mltool.toml"
PYPROJECT = "pyproject.toml"
JUDGING = ("accepted", "facts", "gates", "predictions", "test_set")
"""The tables that decide how a change is judged."""
# Tables whose keys are names that the repository chose.
NAMED = {"gates": Gate, "models": Model, "environments": Environment}


@dataclass(frozen=True, kw_only=True)
class Config:
    """All of `mltool.toml`."""

    gates: dict[str, Gate] = field(default_factory=dict)
    accepted: tuple[Accepted, ...] = ()
    predictions: Predictions = field(default_factory=Predictions)
    test_set: Exam = field(default_factory=Exam)
    facts: Facts = field(default_factory=Facts)
    data: Data = field(default_factory=Data)
    ci: Ci = field(default_factory=Ci)
    models: dict[str, Model] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    release: Release = field(default_factory=Release)
    signing: Signing = field(default_factory=Signing)
    attested: tuple[Attested, ...] = ()


def load(files: Mapping[str, bytes]) -> Config:
    """Return the configuration from `mltool.toml`, else `[tool.mltool]` of `pyproject.toml`, else the defaults.

    A repository that has neither has not asked to be judged: there, a stale dvc.lock is a warning. Raises UserError for
    broken TOML, an unknown key (with the nearest known one) and a value of the wrong type.
    """
    if FILE in files:
        return parse(FILE, toml(FILE, files[FILE]))
    if PYPROJECT in files:
        table = toml(PYPROJECT, files[PYPROJECT]).get("tool", {}).get("mltool")
        if table is not None:
            return parse(f"[tool.mltool] in {PYPROJECT}", table)
    return Config(ci=Ci(lock="warn"))


def judging(files: Mapping[str, bytes]) -> bytes:
    """Return the part of the configuration that judges, as canonical JSON: what is written, with the file's own words.

    Defaults are not in it, so that another version of mltool gives the same. Raises UserError for broken TOML.
    """
    found = _table(files)
    kept = {name: found[name] for name in JUDGING if name in found}
    ci = {name: value for name, value in found.get("ci", {}).items() if name in ("lock", "undecided")}
    return json.dumps(kept | {"ci": ci}, sort_keys=True, separators=(",", ":"), default=str).encode()


def _table(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    if FILE in files:
        return toml(FILE, files[FILE])
    found: Mapping[str, Any] = toml(PYPROJECT, files.get(PYPROJECT, b"")).get("tool", {}).get("mltool", {})
    return found


def toml(path: str, content: bytes) -> dict[str, Any]:
    """Return the TOML document, or raise UserError naming file and line."""
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path} is not valid TOML: line {line} is not UTF-8 text.", "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from error


def parse(source: str, table: Mapping[str, Any]) -> Config:
    """Return the configuration in `table`; `source` names it in errors."""
    for found in unknown.keys(Config, table):
        raise UserError(f"{source}: unknown key `{found.name}`.", found.hint)
    try:
        return msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise UserError(f"{source}: {_wrong(table, error)}.") from error


def schema() -> dict[str, Any]:
    """Return the JSON Schema of `mltool.toml`, for editors."""
    document = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Config)))
    for definition in document["$defs"].values():
        definition["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FILE, **document}


def _wrong(table: Mapping[str, Any], error: msgspec.ValidationError) -> str:
    """Return what msgspec found wrong, with the name of the table it stands in, which msgspec leaves out."""
    message, _, where = str(error).partition(" - at `$.")
    where = where.rstrip("`")
    for family, cls in NAMED.items():
        if where.startswith(f"{family}[...]"):
            where = where.replace("[...]", f".{_first_bad(cls, table[family])}", 1)
    _, absent, name = message.partition("Object missing required field ")
    if absent:
        return f"`{where}` lacks {name}"
    choices = _choices(where.rpartition(".")[2])
    hint = f"; one of {', '.join(choices)}" if "enum" in message and choices else ""
    return f"`{where}`: {message[:1].lower()}{message[1:]}{hint}"


def _first_bad(cls: type, tables: Mapping[str, Any]) -> str:
    for name, entry in tables.items():
        try:
            msgspec.convert(entry, cls)
        except msgspec.ValidationError:
            return name
    return "…"


def _choices(key: str) -> tuple[str, ...]:
    for cls in (Gate, Ci, Data, Model, Environment, Approvals, Card, Release, Signing):
        hint = get_type_hints(cls).get(key)
        if get_origin(hint) is Literal:
            return tuple(choice for choice in get_args(hint) if choice)
    return ()
