"""`mltool.toml` → a frozen Config, every default written down."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from mltool.errors import UserError

FILE = "mltool.toml"
PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One rule: how far a metric may fall against the base, and how low it may ever be."""

    metric: str
    """`path:key`, for example `metrics.json:accuracy`."""
    direction: Literal["higher", "lower"] | None = None
    """Which way is better; unset: known from the metric's name, or an error."""
    tolerance: float | str = 0.0
    """How much worse than the base still passes: absolute (`0.005`), or of the base's value (`"1%"`)."""
    floor: float | None = None
    """Never below this, whatever the base says; alone where higher is better, with a ceiling a range."""
    ceiling: float | None = None
    """Never above this, whatever the base says; alone where lower is better, with a floor a range."""
    test: Literal["auto", "tolerance"] = "auto"
    """How to compare; `auto` takes the best test that the facts allow, which today is `tolerance`."""
    level: Literal["fail", "warn"] = "fail"
    """What a failing verdict does to the check."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Where the pipeline leaves small measured files that are no metrics."""

    slices: str = "eval/slices.json"
    """Scores by group: `{column: {value: {"rows": n, metric: score}}}`."""
    cost: str = "eval/cost.json"
    """What making and serving the model costs: `{name: number}`."""


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Where `mltool measure evaluate` finds the predictions and their columns, unless its flags say otherwise."""

    path: str = "eval/predictions.parquet"
    id: str = "row_id"
    truth: str = "y_true"
    label: str = "y_pred"
    score: str = "y_score"


@dataclass(frozen=True, kw_only=True)
class Ci:
    """The workflows that `mltool ci generate` writes, and how they behave."""

    provider: str = "github-actions"
    """The CI system: the name of a folder of templates."""
    lock: Literal["verify", "warn", "off"] = "verify"
    """What a stale dvc.lock in a commit does to the check."""
    undecided: Literal["neutral", "fail"] = "neutral"
    """What a gate that could not be judged does to the check; GitHub counts `neutral` as passed."""
    forks: Literal["comment", "report", "off"] = "comment"
    """Pull requests from forks: a second workflow comments, only the summary reports, or nothing runs."""
    python: str = "3.12"
    """The Python that runs the pipeline."""
    runner: str = "ubuntu-24.04"
    """The runner image that runs the pipeline; named, so that it does not change under you."""
    timeout_minutes: int = 60
    """How long the pipeline may run."""
    default_branch: str = "main"
    """Pull requests into this branch are reported, and pushes to it."""
    package_manager: Literal["uv", "poetry", "pip", "conda", "pixi"] = "pip"
    """How the project installs its packages."""
    requirements: str = ""
    """The file that pip or conda installs from, when it is not the usual one."""
    setup: str = ""
    """Shell commands that install the project, instead of the package manager's usual ones."""
    tests: str = ""
    """The command that tests the code and the model; empty: none."""
    pull: Literal["auto", "needed", "all"] = "auto"
    """What is downloaded from the DVC remote: what the stages that run `needed`, or `all`; `auto` is all where there
    are tests, which may read any of it."""
    cache: bool = True
    """Keep the DVC cache between runs; switch it off when it is larger than the CI system's quota."""
    remote: Literal["", "s3", "gs", "azure", "http", "ssh", "local"] = ""
    """The kind of the default DVC remote."""
    dvc: str = ""
    """The requirement that installs DVC where the project's packages do not, for example `dvc[s3]`."""
    oidc_role: str = ""
    """Whom the cloud lets the workflow act as without stored keys: an AWS role ARN, a Google workload identity
    provider, or an Azure client id."""
    oidc_account: str = ""
    """What goes with it: the Google service account, or the Azure tenant id."""
    aws_region: str = "us-east-1"
    """The region of the AWS role's tokens."""
    secrets: tuple[str, ...] = ()
    """Secrets of the CI system that the pipeline sees as environment variables, where `oidc_role` cannot do."""
    environment: str = "mltool"
    """The deployment environment that holds those secrets."""
    install: str = "mltool-ci"
    """The requirement that installs mltool in the jobs that do not install the project."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """All of `mltool.toml`."""

    gates: dict[str, Gate] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    ci: Ci = field(default_factory=Ci)


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
    for unknown, known in _unknown(Config, table, ""):
        near = difflib.get_close_matches(unknown.rpartition(".")[2], known, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(sorted(known))}."
        raise UserError(f"{source}: unknown key `{unknown}`.", hint)
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


def _unknown(cls: type, table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
    hints = get_type_hints(cls)
    known = [item.name for item in fields(cls)]
    for key, value in table.items():
        if key not in known:
            yield f"{prefix}{key}", known
        elif isinstance(value, dict):
            yield from _unknown_inside(hints[key], value, f"{prefix}{key}.")


def _unknown_inside(hint: Any, table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
    if is_dataclass(hint) and isinstance(hint, type):
        yield from _unknown(hint, table, prefix)
    elif get_origin(hint) is dict:
        for name, value in table.items():
            if isinstance(value, dict):
                yield from _unknown_inside(get_args(hint)[1], value, f"{prefix}{name}.")


def _wrong(table: Mapping[str, Any], error: msgspec.ValidationError) -> str:
    """Return what msgspec found wrong, with the name of the gate it stands in, which msgspec leaves out."""
    message, _, where = str(error).partition(" - at `$.")
    where = where.rstrip("`")
    if where.startswith("gates[...]"):
        where = where.replace("[...]", f".{_first_bad_gate(table['gates'])}", 1)
    _, absent, name = message.partition("Object missing required field ")
    if absent:
        return f"`{where}` lacks {name}"
    choices = _choices(where.rpartition(".")[2])
    hint = f"; one of {', '.join(choices)}" if "enum" in message and choices else ""
    return f"`{where}`: {message[:1].lower()}{message[1:]}{hint}"


def _first_bad_gate(gates: Mapping[str, Any]) -> str:
    for name, gate in gates.items():
        try:
            msgspec.convert(gate, Gate)
        except msgspec.ValidationError:
            return name
    return "…"


def _choices(key: str) -> tuple[str, ...]:
    for cls in (Gate, Ci):
        hint = get_type_hints(cls).get(key)
        if get_origin(hint) is Literal:
            return tuple(choice for choice in get_args(hint) if choice)
    return ()
