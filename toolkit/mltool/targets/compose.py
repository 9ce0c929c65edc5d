"""Docker Compose: a compose file that builds the bundle's own Dockerfile, and `docker compose up` where wanted."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mltool import disk, shell
from mltool.errors import OutsideError
from mltool.release import names
from mltool.targets import versions, yaml
from mltool.targets.target import Delivery, NotReadyError, Place, Running

INSIDE = 8501


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`[environments.NAME.settings]` with `target = "compose"`."""

    path: str = "deploy/compose"
    """The folder of compose files and the versions that they build; each environment and model has its own."""
    host: str = "127.0.0.1"
    """The address of this machine to answer on."""
    port: int = 8501
    """The port of this machine to answer on."""
    apply: bool = True
    """Whether to run `docker compose up`; if not, the file is only written."""
    keep: int = 3
    """How many versions stay unpacked."""
    memory: str = ""
    """The most memory that a container gets, such as `512m`; empty: no limit."""
    environ: dict[str, str] = field(default_factory=dict)
    """More environment variables for the server."""
    timeout: float = 900.0
    """How many seconds building and starting may take."""


def url(place: Place[Settings]) -> str:
    """Return where the model answers on this machine."""
    return f"http://{place.settings.host}:{place.settings.port}"


def state(place: Place[Settings]) -> Running | None:  # noqa: ARG001 - a target answers this
    """Return None: the file says what is wanted, and only the address what runs."""
    return None


def apply(place: Place[Settings], release: Delivery) -> bool:
    """Write the compose file for this release, then build and start it."""
    folder = versions.install(home(place), release)
    disk.write(_file(place), render(place, release))
    versions.prune(home(place), keep=max(place.settings.keep, 2), needed=(folder,))
    return _up(place)


def undo(place: Place[Settings], to: Running | None) -> None:
    """Write the file for the version before and start that, or take the model away."""
    if to is not None:
        disk.write(_file(place), render(place, to))
        _up(place)
    elif _file(place).exists():
        if place.settings.apply:
            _compose(place, "down", "--timeout", "30")
        disk.remove(_file(place))


def render(place: Place[Settings], release: Delivery | Running) -> str:
    """Return the compose file: the same bytes for the same release and settings."""
    name = names.labels(place.models or (place.model,))[place.model]
    service: dict[str, Any] = {
        "build": {"context": f"./versions/{versions.place(home(place), release).name}"},
        "image": f"{names.oci_repository(place.model)}:{names.oci_tag(release.version)}",
        "restart": "unless-stopped",
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - inside the container
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "ports": [f"{place.settings.host}:{place.settings.port}:{INSIDE}"],
        "labels": {"mltool.model": place.model, "mltool.version": release.version, "mltool.digest": release.digest},
    }
    if place.settings.environ:
        service["environment"] = dict(sorted(place.settings.environ.items()))
    if place.settings.memory:
        service["mem_limit"] = place.settings.memory
    # A dollar begins a variable in a compose file.
    return yaml.dumps([{"name": _project(place), "services": {name: service}}]).replace("$", "$$")


def home(place: Place[Settings]) -> Path:
    """Return the folder of one model in one environment."""
    return place.project / place.settings.path / names.escaped(place.environment) / names.escaped(place.model)


def _project(place: Place[Settings]) -> str:
    return names.label(f"{place.environment}-{place.model}")


def _file(place: Place[Settings]) -> Path:
    return home(place) / "compose.yaml"


def _up(place: Place[Settings]) -> bool:
    if place.settings.apply:
        _compose(place, "up", "--detach", "--build", "--wait", "--remove-orphans")
    return place.settings.apply


def _compose(place: Place[Settings], *words: str) -> None:
    command = ("docker", "compose", "--file", str(_file(place)), *words)
    done = shell.run(command, cwd=home(place), environ=place.environ, timeout=place.settings.timeout)
    if not done.code:
        return
    said = " / ".join(line.strip() for line in done.err.strip().splitlines()[-3:])[-400:]
    if "unhealthy" in done.err:
        raise NotReadyError(f"The container of {place.model} did not get ready: {said}.", "See `docker compose logs`.")
    raise OutsideError(f"`docker compose {words[0]}` failed: {said}.", "Is Docker running, with its compose plug-in?")
