"""Where a model of this project runs: the environment's configuration, its target and its address."""

import difflib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from mltool import git, http, targets
from mltool.config import Budget, Config
from mltool.errors import OutsideError, UserError
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
    """Return where the model runs; raises UserError for an unknown environment, or settings that cannot be."""
    found = config.environments.get(environment)
    if found is None:
        near = difflib.get_close_matches(environment, config.environments, n=1)
        known = ", ".join(sorted(config.environments)) or "none"
        hint = f"Did you mean `{near[0]}`?" if near else f"Those of mltool.toml are: {known}."
        raise UserError(f"There is no environment `{environment}`.", hint)
    target = targets.TARGETS[found.target]
    place = Place(
        environment=environment,
        model=model,
        settings=targets.settings(target.Settings, environment, found.settings),
        project=project.folder,
        url=found.url.rstrip("/"),
        models=tuple(sorted({tag.spelled(name) for name in (model, *config.models)})),
        environ=environ,
    )
    url = _checked(place.url or target.url(place), environment)
    return Endpoint(
        kind=found.target,
        target=target,
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


def _checked(url: str, environment: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise UserError(
            f"[environments.{environment}]: `url` is `{url[:80]}`, which is no address.", "Write http://… or https://…."
        )
    return url
