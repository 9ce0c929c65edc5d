"""Where a model of this project runs: the environment's configuration, its target and its address."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from mltool import git, http, targets
from mltool.commands import approvals
from mltool.config import Budget, Config, Environment
from mltool.errors import OutsideError, UserError, did_you_mean
from mltool.registry import tag
from mltool.targets import Place, Running, Target
from mltool.targets.replay import running

TOKEN: Final = "MLTOOL_ENDPOINT_TOKEN"
PATIENCE: Final = 10.0
POLL: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One model in one environment. `url` has no slash at its end and is empty where nobody said it."""

    kind: str
    target: Target[Any]
    place: Place[Any]
    url: str
    budget: Budget
    send: http.Send


def endpoint(
    project: git.Project, config: Config, model: str, environment: str, *, environ: Mapping[str, str]
) -> Endpoint:
    """Return where the model runs; raises UserError for an unknown environment, or settings that cannot be.

    The commit at hand may name any address. In a job, and where a token would be sent, the default branch has to know
    the environment, and the token goes to no other place than it names: raises UserError where it does.
    """
    found = config.environments.get(environment)
    if found is None:
        known = ", ".join(sorted(config.environments)) or "none"
        hint = did_you_mean(environment, config.environments) or f"Those of mltool.toml are: {known}."
        raise UserError(f"There is no environment `{environment}`.", hint)
    place = _place(project, config, model, environment, environ)
    url = _url(found, place)
    if environ.get(TOKEN) or environ.get("GITHUB_ACTIONS") == "true":
        _refuse_stranger(project, found, place, url)
    return Endpoint(
        kind=found.target,
        target=targets.TARGETS[found.target],
        place=place,
        url=url,
        budget=found.budget,
        send=_send(found.target, place, url),
    )


def reported(found: Endpoint) -> Running | None:
    """Return what runs there: by the target's own record, else by what the address says; None where nothing is known.

    Raises OutsideError where there is an address and it does not answer.
    """
    state = found.target.state(found.place)
    if state is not None or not found.url:
        return None if state == targets.NOTHING else state
    return running(found.send, found.url)


def before(found: Endpoint) -> Running | None:
    """Return what runs there before a deployment; where nothing answers, nothing does."""
    try:
        return reported(found)
    except OutsideError:
        return None


def arrived(found: Endpoint, digest: str, *, wait: float) -> str:
    """Wait at most `wait` seconds until the address runs this digest; return what speaks against it."""
    until = time.monotonic() + wait
    while True:
        try:
            said = running(found.send, found.url)
            if said.digest == digest:
                return ""
            trouble = f"{found.url} still runs version {said.version} ({said.digest[:19]}…) after {wait:g} s."
        except OutsideError as error:
            trouble = f"After {wait:g} s: {error.what}"
        if time.monotonic() > until:
            return trouble
        time.sleep(POLL)


def _send(kind: str, place: Place[Any], url: str) -> http.Send:
    if kind in targets.CONNECTS:
        return targets.CONNECTS[kind].connect(place)
    return authorized(http.connect(url, patience=PATIENCE), token=http.Secret(place.environ.get(TOKEN, "")))


def authorized(send: http.Send, *, token: http.Secret) -> Callable[[http.Request], http.Answer]:
    """Return `send` with the token in every request; without one, as it is."""
    if not token:
        return send
    header = {"authorization": f"Bearer {token.reveal()}"}
    return lambda request: send(replace(request, headers={**request.headers, **header}))


def _place(
    project: git.Project, config: Config, model: str, environment: str, environ: Mapping[str, str]
) -> Place[Any]:
    found = config.environments[environment]
    return Place(
        environment=environment,
        model=model,
        settings=targets.settings(targets.TARGETS[found.target].Settings, environment, found.settings),
        project=project.folder,
        url=found.url.rstrip("/"),
        models=tuple(sorted({tag.spelled(name) for name in (model, *config.models)})),
        environ=environ,
    )


def _url(found: Environment, place: Place[Any]) -> str:
    return _checked(place.url or targets.TARGETS[found.target].url(place), place.environment)


def _refuse_stranger(project: git.Project, found: Environment, place: Place[Any], url: str) -> None:
    """Raise UserError for an environment that only this commit has, and for an address that is not to get the token."""
    name = place.environment
    policy = approvals.policy(project)
    known = policy.environments.get(name)
    if known is None:
        raise UserError(
            f"[environments.{name}] is in this commit's mltool.toml, and not in the default branch's, which decides.",
            "Merge the environment first.",
        )
    if not place.environ.get(TOKEN) or found.target in targets.CONNECTS:
        return
    theirs = _url(known, _place(project, policy, place.model, name, place.environ))
    if _origin(url) != _origin(theirs):
        raise UserError(
            f"{TOKEN} is for {theirs or 'no address'}, where the default branch has [environments.{name}]; "
            f"this commit would send it to {url or 'no address'}.",
            "Merge the address first.",
        )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return what a token is trusted to: who answers, by which protocol, at which port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _checked(url: str, environment: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise UserError(
            f"[environments.{environment}]: `url` is `{url[:80]}`, which is no address.", "Write http://… or https://…."
        )
    return url
