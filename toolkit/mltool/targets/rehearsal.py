"""Start a version where it is to run, on an address that nobody knows, and measure what it costs."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import IO, Final

from mltool import http
from mltool.release.preflight import Measured
from mltool.targets.replay import request, rows
from mltool.targets.target import NotReadyError

REQUESTS: Final = 300
WARM_UP: Final = 20


def measure(command: Sequence[str], *, folder: Path, environ: Mapping[str, str], patience: float) -> Measured:
    """Return what one worker needs: seconds until `/readyz` says yes, its peak of memory, and p99 over golden rows.

    Raises NotReadyError where it ends or is not ready after `patience` seconds.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryFile() as log:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        with _running(command, folder=folder, environ=environ, listener=listener, log=log) as (worker, gate):
            if not _ready(gate, patience):
                raise NotReadyError(f"The server of {folder.name} {_end(worker, patience)}.", _last(log))
            seconds = time.monotonic() - started
            gate.sendall(b"go\n")
            times = _times(http.connect(url), url, folder)
            return Measured(
                start_seconds=round(seconds, 3), memory_mb=_peak(worker.pid), p99_ms=round(1000 * _p99(times), 3)
            )


@contextlib.contextmanager
def _running(
    command: Sequence[str], *, folder: Path, environ: Mapping[str, str], listener: socket.socket, log: IO[bytes]
) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair()
    handles = (listener.fileno(), theirs.fileno())
    with ours, theirs:
        worker = subprocess.Popen(
            [*command, "--fd", str(handles[0]), "--ready-fd", str(handles[1])],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=handles,
            start_new_session=True,
        )
        theirs.close()
        try:
            yield worker, ours
        finally:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def _ready(gate: socket.socket, patience: float) -> bool:
    """Wait for the worker's word; its end of the gate closes when it dies."""
    gate.settimeout(patience)
    try:
        return gate.recv(64).startswith(b"ready")
    except TimeoutError:
        return False


def _times(send: http.Send, url: str, folder: Path) -> list[float]:
    """Return the seconds of each request of one row; the first ones warm up and do not count."""
    found = []
    for row in islice(cycle(rows(folder)), WARM_UP + REQUESTS):
        before = time.perf_counter()
        send(request(url, row))
        found.append(time.perf_counter() - before)
    return found[WARM_UP:]


def _p99(times: Sequence[float]) -> float:
    """Return the time that 99 of 100 stayed below (nearest rank)."""
    return sorted(times)[-(-len(times) * 99 // 100) - 1]


def _peak(pid: int) -> float | None:
    """Return the most memory that the process ever held, in MB; None where there is no /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), None)
    return round(int(line.split()[1]) * 1024 / 1e6, 1) if line else None


def _end(worker: subprocess.Popen[bytes], patience: float) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        # Its end of the gate closes a moment before it is gone.
        worker.wait(0.5)
    code = worker.poll()
    return f"was not ready after {patience:g} s" if code is None else f"ended with code {code} before it was ready"


def _last(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read()[-4000:].decode(errors="replace").strip().splitlines()
    return f"It said: {' / '.join(line.strip() for line in lines[-3:])[-600:]}" if lines else ""
