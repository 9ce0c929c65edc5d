"""`mltool status --live`: what the ledger says runs, against what the addresses say."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mltool import git
from mltool.commands.endpoint import Endpoint, endpoint
from mltool.commands.evidence import load_config
from mltool.config import Config
from mltool.errors import Exit, OutsideError
from mltool.registry import tag
from mltool.registry.model import Ledger, ModelState
from mltool.targets import NOTHING, Running
from mltool.targets.replay import running

SCHEMA: Final = "mltool.live/1"


@dataclass(frozen=True, kw_only=True)
class Live:
    """One model in one environment: what is meant to run, what does, and the sentence about both."""

    model: str
    environment: str
    meant: str
    runs: str
    digest: str
    url: str
    drift: bool
    sentence: str


def compare(project: git.Project, found: Ledger, *, environ: Mapping[str, str] | None = None) -> tuple[Live, ...]:
    """Ask every environment of mltool.toml what it runs of each model of the ledger."""
    config = load_config(git.WorkTree(project))
    asked = os.environ if environ is None else environ
    return tuple(each for model in found.models.values() for each in _model(project, config, model, asked))


def exit_code(found: Iterable[Live]) -> Exit:
    """Return whether any environment runs something else than the ledger says."""
    return Exit.FAILED if any(each.drift for each in found) else Exit.GOOD


def words(found: Iterable[Live]) -> str:
    """Return one line an environment."""
    lines = [f"{'drift' if each.drift else 'as recorded'}: {each.sentence}\n" for each in found]
    return "".join(lines) or "No model of the ledger has an environment in mltool.toml.\n"


def document(found: Iterable[Live]) -> str:
    """Return the same as one JSON object."""
    return json.dumps({"schema": SCHEMA, "live": [vars(each) for each in found]}, indent=2) + "\n"


def _model(project: git.Project, config: Config, model: ModelState, environ: Mapping[str, str]) -> Iterator[Live]:
    for name in config.environments:
        asked = endpoint(project, config, model.name, name, environ=environ)
        stage = model.stages.get(name)
        if stage is not None or model.name in map(tag.spelled, config.models):
            yield _compared(asked, model, meant=stage.version if stage else "", digest=_digest(model, name))


def _digest(model: ModelState, environment: str) -> str:
    """Return the digest that is meant to run; empty where the ledger names none, as GTO's tags."""
    stage = model.stages.get(environment)
    if stage is None or not stage.version:
        return ""
    registered = model.registered(stage.version)
    return stage.event.manifest or (registered.manifest if registered else "")


def _compared(asked: Endpoint, model: ModelState, *, meant: str, digest: str) -> Live:
    name = f"{asked.place.environment} of {model.name}"
    now, trouble = _now(asked)
    same = now is not None and now.version == meant and digest in ("", now.digest)
    if not meant:
        foreign = now is not None and now.digest in {event.manifest for event in model.versions}
        drift, said = foreign, f"{name} is meant to run nothing"
        said += f", and runs {now.version}: `mltool deploy`, or take it away." if foreign and now else "."
    elif now is None:
        drift, said = True, f"{name} is meant to run {meant}. {trouble or 'Nothing runs there.'}"
    elif not same:
        other = now.version if now.version != meant else f"another {meant} ({now.digest[:19]}…)"
        drift, said = True, f"{name} is meant to run {meant}, and runs {other}: run `mltool deploy`."
    else:
        drift, said = bool(trouble), f"{name} runs {meant} at {asked.url}. {trouble}".rstrip()
    return Live(
        model=model.name, environment=asked.place.environment, meant=meant, runs=now.version if now else "",
        digest=now.digest if now else "", url=asked.url, drift=drift, sentence=said,
    )  # fmt: skip


def _now(asked: Endpoint) -> tuple[Running | None, str]:
    """Return what the address says it runs, and a sentence about what is wrong with the place."""
    try:
        state = asked.target.state(asked.place)
    except OutsideError as error:
        return None, str(error)
    if state == NOTHING:
        return None, ""
    trouble = state.trouble if state else ""
    if not asked.url:
        return state, trouble or f"Its address is unknown: set `url` of [environments.{asked.place.environment}]."
    try:
        return running(asked.send, asked.url), trouble
    except OutsideError as error:
        return None, trouble or str(error)
