"""This machine: versions side by side in a folder, one of them answering, switched without losing a request."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mltool import environments
from mltool.errors import UserError
from mltool.registry import tag
from mltool.release import names
from mltool.release.preflight import Measured
from mltool.targets import bundles, rehearsal, supervised, versions
from mltool.targets.target import NOTHING, Delivery, Place, Running

PASSED_ON: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
"""What a worker sees of the environment that deployed it: it outlives the job, and should not know its secrets."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`[environments.NAME.settings]` with `target = "local"`."""

    home: str = ""
    """The folder of the versions; empty: `mltool/ENVIRONMENT` in `$XDG_STATE_HOME` (`~/.local/state`)."""
    host: str = "127.0.0.1"
    """The address to answer on."""
    port: int = 8501
    """The port to answer on."""
    ports: dict[str, int] = field(default_factory=dict)
    """A port of its own for a model, where an environment has more than one."""
    keep: int = 3
    """How many versions stay unpacked; what runs and what ran before it always do."""
    warm: bool = True
    """Whether the version before stays loaded beside the live one: a rollback takes no time, and its memory twice."""
    start_seconds: float = 60.0
    """How long a version may take to get ready."""
    drain_seconds: float = 30.0
    """How long the version before may take to finish the requests that it has."""
    log: str = ""
    """A file that the server appends predictions to; empty: none."""
    environ: dict[str, str] = field(default_factory=dict)
    """More environment variables for the server."""


def url(place: Place[Settings]) -> str:
    """Return where the model answers on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.settings.host, place.settings.host)  # noqa: S104
    return f"http://[{host}]:{_port(place)}" if ":" in host else f"http://{host}:{_port(place)}"


def state(place: Place[Settings]) -> Running:
    """Return what the supervisor keeps running, with a sentence where it does not, or is gone itself."""
    found = supervised.state(home(place))
    if found.live is None:
        return NOTHING
    trouble = ""
    if not found.supervised:
        after = "what it started still answers" if found.answering else "nothing answers"
        trouble = f"The supervisor of {place.model} in {place.environment} is gone, and {after}: deploy again."
    elif not found.answering:
        trouble = f"Version {found.live['version']} is not running: {found.trouble or 'it is being started again'}."
    return Running(version=found.live["version"], digest=found.live["digest"], trouble=trouble)


def apply(place: Place[Settings], release: Delivery) -> bool:
    """Unpack the release beside the others, start it, and let it take over once it replayed its golden rows."""
    root, before = home(place), state(place)
    folder = versions.install(supervised.writable(root), release)
    _run(place, release, folder)
    needed = [folder, *([versions.place(root, before)] if before.version else [])]
    versions.prune(root, keep=max(place.settings.keep, 2), needed=needed)
    return True


def undo(place: Place[Settings], to: Running | None) -> None:
    """Start what ran before again, from the folder it still has."""
    if to is None:
        supervised.order(home(place), None, patience=place.settings.drain_seconds)
        return
    folder = versions.place(home(place), to)
    if not folder.is_dir():
        raise UserError(
            f"Version {to.version} is no longer in {folder.parent}.", "Deploy it again from its published bundle."
        )
    _run(place, to, folder)


def measure(place: Place[Settings], release: Delivery) -> Measured:
    """Start the release beside what runs, on an address of its own, and return what it cost."""
    folder = versions.install(supervised.writable(home(place)), release)
    command, environ = _command(place, folder), _environ(place)
    return rehearsal.measure(command, folder=folder, environ=environ, patience=place.settings.start_seconds)


def home(place: Place[Settings]) -> Path:
    """Return the folder of one model in one environment."""
    if place.settings.home:
        root = place.project / Path(place.settings.home).expanduser()
    else:
        state_home = place.environ.get("XDG_STATE_HOME", "")
        base = Path(state_home) if state_home else Path(place.environ.get("HOME") or Path.home()) / ".local" / "state"
        root = base / "mltool" / names.escaped(place.environment)
    return root / names.escaped(place.model)


def _run(place: Place[Settings], release: Delivery | Running, folder: Path) -> None:
    command = _command(place, folder)
    spec = supervised.Spec(
        version=release.version,
        digest=release.digest,
        folder=str(folder),
        command=command,
        environ=_environ(place),
        host=place.settings.host,
        port=_port(place),
        start_seconds=place.settings.start_seconds,
        drain_seconds=place.settings.drain_seconds,
        warm=place.settings.warm,
        settings=place.settings.environ,
    )
    supervised.order(home(place), spec, patience=place.settings.start_seconds)


def _command(place: Place[Settings], folder: Path) -> tuple[str, ...]:
    # Not in the cache: what runs for months may not depend on a folder that anybody may empty.
    kept = home(place).parent / "environments"
    python = environments.create(folder / "requirements.txt", python=bundles.python(folder), home=kept)
    log = ("--log", str(place.project / Path(place.settings.log).expanduser())) if place.settings.log else ()
    return (str(python), "-m", "server", *log)


def _environ(place: Place[Settings]) -> dict[str, str]:
    kept = {name: place.environ[name] for name in PASSED_ON if name in place.environ}
    # Python must not write beside the files that the server checks.
    return {
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **kept,
        **place.settings.environ,
    }


def _port(place: Place[Settings]) -> int:
    chosen = {tag.spelled(model): port for model, port in place.settings.ports.items()}
    port = chosen.get(place.model, place.settings.port)
    if not 0 < port < 2**16:
        raise UserError(f"[environments.{place.environment}.settings]: `port` is {port}.", "Choose one of 1 to 65535.")
    return port
