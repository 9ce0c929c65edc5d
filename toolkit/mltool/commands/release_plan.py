"""Plan the release of a model: what would be done, and what stands in its way."""

import time
from collections.abc import Callable

from mltool import git
from mltool.commands import approvals, blessings
from mltool.commands.forge import Forge
from mltool.commands.release_asked import ask, look, read_ledger
from mltool.commands.release_manifest import bless, describe
from mltool.config import Config
from mltool.errors import MltoolError
from mltool.release import json
from mltool.release import version as versions
from mltool.release.blessing import Standing
from mltool.release.deploy import refuse_held
from mltool.release.plan import Plan, foreseen
from mltool.report import plan as words
from mltool.report.model import PlannedRelease


def plan(
    project: git.Project,
    model: str,
    version: str = "",
    bump: str = "",
    revision: str | None = None,
    *,
    forge: Forge | None = None,
    now: Callable[[], float] = time.time,
) -> Plan:
    """Return what releasing the model would do, and what is missing before it may go into each environment.

    Without a `forge` only approvals in the ledger count. Raises as `manifest` does; UserError for a version that goes
    back, RefusedError for one on hold.
    """
    ledger = read_ledger(project)
    asked = ask(project, model, version=version, bump=bump, revision=revision, ledger=ledger)
    versions.refuse_backwards(asked.known, asked.choice)
    refuse_held(asked.known, asked.choice.version)
    looked = look(asked)
    made = describe(asked, looked)
    registered = asked.choice.registered is not None
    blessed = blessings.standing(project, ledger, made) if registered else Standing(blessing=bless(asked, looked))
    return Plan(
        manifest=made,
        digest=json.digest(made),
        blessed=blessed,
        commit=asked.commit,
        environment=asked.config.release.environment,
        why=asked.choice.why,
        registered=registered,
        standings=tuple(
            approvals.standing(
                project,
                made,
                place.environment,
                commit=asked.commit,
                ledger=ledger,
                forge=forge,
                blessed=blessed,
                now=now,
            )
            for place in made.destinations
        ),
    )


def foresee(project: git.Project, config: Config, commit: str) -> tuple[PlannedRelease, ...]:
    """Return what tagging `commit` would release of each model in `config`; why not, where it cannot be planned."""
    return tuple(_foreseen(project, name, config, commit) for name in config.models)


def _foreseen(project: git.Project, model: str, config: Config, commit: str) -> PlannedRelease:
    environment = config.release.environment
    try:
        asked = ask(project, model, revision=commit)
        refuse_held(asked.known, asked.choice.version)
        made = describe(asked)
        digest = json.digest(made)
    except MltoolError as error:
        return PlannedRelease(model=model, environment=environment, problem=error.what)
    return words.foresee(
        made,
        environment,
        digest=digest,
        registered=asked.choice.registered is not None,
        lacking=foreseen(made, environment),
    )
