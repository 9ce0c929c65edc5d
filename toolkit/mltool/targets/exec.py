"""Your own commands: mltool says what is to run through environment variables and listens to how it went."""

from dataclasses import dataclass

import msgspec

from mltool import shell
from mltool.errors import OutsideError, UserError
from mltool.targets.target import NOTHING, Delivery, Place, Running


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`[environments.NAME.settings]` with `target = "exec"`. Each command is a list: a program and its arguments.

    No shell reads them, so nothing in a name or a version can become a command.
    """

    apply: tuple[str, ...]
    """What makes the place run the release; exits 0 when it does."""
    undo: tuple[str, ...]
    """What brings back the version in `MLTOOL_VERSION`; with an empty one, what takes the model away."""
    state: tuple[str, ...] = ()
    """What prints `{"version": …, "digest": …}` of what runs, or nothing; empty: the address is asked."""
    timeout: float = 900.0
    """How many seconds each may take."""


def url(place: Place[Settings]) -> str:
    """Return where the model answers, which only the configuration knows."""
    return place.url


def state(place: Place[Settings]) -> Running | None:
    """Return what the user's command prints."""
    if not place.settings.state:
        return None
    out = _run(place, "state", place.settings.state, {})
    if not out.strip():
        return NOTHING
    try:
        document = msgspec.json.decode(out)
        return Running(version=str(document["version"]), digest=str(document["digest"]))
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise OutsideError(
            f"The command `state` of {place.environment} printed {out[:80]!r}.",
            'It is to print {"version": "1.2.0", "digest": "sha256:…"}, or nothing where nothing runs.',
        ) from error


def apply(place: Place[Settings], release: Delivery) -> bool:
    """Run the user's command with the release in its environment."""
    variables = {
        "MLTOOL_VERSION": release.version,
        "MLTOOL_DIGEST": release.digest,
        "MLTOOL_BUNDLE": str(release.archive or release.folder),
        "MLTOOL_FOLDER": str(release.folder),
    }
    _run(place, "apply", place.settings.apply, variables)
    return True


def undo(place: Place[Settings], to: Running | None) -> None:
    """Run the user's command with the version that is to run again."""
    version, digest = (to.version, to.digest) if to else ("", "")
    _run(place, "undo", place.settings.undo, {"MLTOOL_VERSION": version, "MLTOOL_DIGEST": digest})


def _run(place: Place[Settings], name: str, command: tuple[str, ...], variables: dict[str, str]) -> str:
    if not command:
        raise UserError(f"[environments.{place.environment}.settings]: `{name}` is empty.", "Name a program.")
    ours = {
        "MLTOOL_ACTION": name,
        "MLTOOL_MODEL": place.model,
        "MLTOOL_ENVIRONMENT": place.environment,
        "MLTOOL_URL": place.url,
    }
    environ = {**shell.untrusted(place.environ), **ours, **variables}
    done = shell.run(command, cwd=place.project, environ=environ, timeout=place.settings.timeout)
    if done.code:
        said = " / ".join(line.strip() for line in (done.err or done.out.decode(errors="replace")).splitlines()[-3:])
        raise OutsideError(
            f"The command `{name}` of {place.environment} exited with {done.code}: {said[-400:] or 'it said nothing'}",
            f"See `{command[0]}`, then deploy again.",
        )
    return done.out.decode(errors="replace")
