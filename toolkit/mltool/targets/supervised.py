"""Talk to the supervisor of a folder: is it there, give it an order, hear what became of it."""

import contextlib
import fcntl
import json
import os
import signal
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mltool import disk, shell
from mltool.errors import OutsideError, UserError
from mltool.targets import supervisor
from mltool.targets.target import NotReadyError

POLL: Final = 0.02
SLACK: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A worker to run; mirrors what the supervisor reads. Times are in seconds.

    `warm` keeps the version before waiting beside it; `settings` is the part of `environ` that the user chose.
    """

    version: str
    digest: str
    folder: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    host: str
    port: int
    start_seconds: float
    drain_seconds: float
    warm: bool
    settings: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class State:
    """What a supervisor left behind. `live` is what it keeps running, `answering` whether that has a process."""

    supervised: bool
    live: Mapping[str, Any] | None = None
    answering: bool = False
    trouble: str = ""


def state(home: Path) -> State:
    """Return what runs from this folder."""
    found = supervisor.read(home / "state.json")
    if found.get("protocol") != supervisor.PROTOCOL:
        return State(supervised=_pid(home) > 0)
    worker = found["worker"]
    answering = worker is not None and supervisor.ticks(worker["pid"]) == worker["ticks"]
    return State(supervised=_pid(home) > 0, live=found["live"], answering=answering, trouble=found["trouble"])


def order(home: Path, spec: Spec | None, *, patience: float) -> None:
    """Have the supervisor run `spec` (None: nothing), starting it where it does not run; return when that is so.

    `patience` is in seconds. Raises NotReadyError where the version did not get ready, OutsideError where its address
    is taken or the supervisor does not answer; what ran before still does.
    """
    if spec is None and not home.is_dir():
        return
    serial = uuid.uuid4().hex
    wanted = {"serial": serial, "worker": None if spec is None else _document(spec)}
    disk.write(home / "order.json", json.dumps(wanted, indent=2))
    python = spec.command[0] if spec else _python(home)
    if not python:
        disk.remove(home / "state.json")
        return
    answer = _answered(home, serial, python, until=time.monotonic() + patience + SLACK)
    if answer["outcome"] == "failed":
        version = spec.version if spec else ""
        if answer["fault"] == "place":
            raise OutsideError(
                f"Version {version} cannot be started: {answer['reason']}.",
                "Free the address, or give this environment another `port` in its settings.",
            )
        raise NotReadyError(f"Version {version} did not get ready: {answer['reason']}.", _end_of(home, version))


def _document(spec: Spec) -> dict[str, Any]:
    return {**vars(spec), "command": list(spec.command), "environ": dict(spec.environ), "settings": dict(spec.settings)}


def _pid(home: Path) -> int:
    """Return the process id of the supervisor; 0 where none holds the lock, whatever the file says."""
    try:
        handle = os.open(home / "lock", os.O_RDWR)
    except OSError:
        return 0
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.read(handle, 32) or 0)
    finally:
        os.close(handle)
    return 0


def _start(home: Path, python: str) -> None:
    program = home / "supervisor.py"
    disk.write(program, Path(supervisor.__file__).read_bytes())
    path = {"PATH": os.environ.get("PATH", os.defpath)}
    done = shell.run((python, "-I", program, "--detach", home), cwd=home, environ=path, timeout=30)
    if done.code and not _pid(home):
        last = done.err.strip().rpartition("\n")[2] or "it says nothing"
        raise OutsideError(f"The supervisor in {home} cannot be started: {last}.")


def _python(home: Path) -> str:
    """Return the Python of what runs here; empty where nothing does."""
    now = state(home)
    return str(now.live["command"][0]) if now.live and (now.supervised or now.answering) else ""


def _answered(home: Path, serial: str, python: str, *, until: float) -> Mapping[str, Any]:
    """Return what became of the order; a supervisor that is gone, or just going, is followed by another one."""
    asked = 0
    while time.monotonic() < until:
        found = supervisor.read(home / "state.json")
        if found.get("serial") == serial and found["answer"].get("outcome") not in (None, "switching"):
            answer: Mapping[str, Any] = found["answer"]
            return answer
        pid = _pid(home)
        if not pid:
            _start(home, python)
        elif pid != asked:
            asked = pid
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)
        time.sleep(POLL)
    raise OutsideError(
        f"The supervisor in {home} does not answer.", f"Look into {home / 'supervisor.log'}, and deploy again."
    )


def _end_of(home: Path, version: str) -> str:
    try:
        lines = (home / "log" / f"{version}.log").read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return f"It said: {' / '.join(line.strip() for line in lines[-3:])[-600:]}" if lines else ""


def writable(home: Path) -> Path:
    """Make the folder and return it; raises UserError where that is not allowed."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UserError(f"Cannot write {home}: {error.strerror}.", "Set `home` of this environment.") from error
    return home
