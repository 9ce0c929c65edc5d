"""`mltool serve`: a bundle, checked, in a clean environment of its own; and what one request of it costs."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mltool import config as configuration
from mltool import disk, environments, shell
from mltool.commands import load, verify
from mltool.commands.load import Took
from mltool.commands.verify import VerifiedBundle
from mltool.errors import OutsideError, UserError
from mltool.serving import golden, schema

Environment = Callable[[Path, str], Path]
"""From a requirements file and a Python version to the Python of an environment with exactly these."""

CONNECTIONS: Final = (1, 32)
WARM_UP: Final = 0.5
SLOWEST_START: Final = 120.0
LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What serving one row at a time costs. `start_seconds` is until the server said that it is ready."""

    start_seconds: float
    memory_mb: float
    runs: tuple[Took, ...]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The cost of serving one release."""

    model: str
    version: str
    backend: str
    cost: Cost


def environment(requirements: Path, python: str) -> Path:
    """Return the Python of a clean environment; see `environments.create`."""
    return environments.create(requirements, python=python)


def serve(
    bundle: Path,
    options: Sequence[str],
    *,
    project: Path,
    signers: Path | None = None,
    environment: Environment = environment,
) -> int:
    """Serve the bundle, a `.tar` or a folder, until it is told to stop; return the server's exit code.

    `options` go to the server. Raises RefusedError for a bundle that is not good, UserError and OutsideError where its
    environment cannot be made.
    """
    with _opened(bundle, project=project, signers=signers) as (good, words):
        python = _python(good, environment)
        return shell.attend((python, *words, *options), cwd=good.folder, environ=_environ())


def bench(
    bundle: Path,
    *,
    project: Path,
    seconds: float,
    signers: Path | None = None,
    environment: Environment = environment,
) -> Bench:
    """Start the bundle's server, ask for one row over one connection and over many, and return what that costs it.

    Raises as `serve` does, and OutsideError where the server does not get ready or hangs up.
    """
    with _opened(bundle, project=project, signers=signers) as (good, words):
        python = _python(good, environment)
        cost = measure((python, *words), _row(good), folder=good.folder, seconds=seconds)
        described = schema.read((good.folder / "schema.json").read_bytes())
        return Bench(model=good.manifest.model, version=good.manifest.version, backend=described.backend, cost=cost)


def measure(command: Sequence[str | Path], row: bytes, *, folder: Path, seconds: float) -> Cost:
    """Start a server with `command` and the option `--fd`, and return what requests with this row cost it."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        handle, address = listener.fileno(), (LOOPBACK, listener.getsockname()[1])
        start = time.perf_counter()
        with shell.started(
            (*command, "--fd", str(handle)), cwd=folder, environ=_environ(), handles=(handle,)
        ) as server:
            load.wait(address, "/readyz", alive=lambda: server.poll() is None, patience=SLOWEST_START)
            ready = time.perf_counter() - start
            request = load.post("/predict", row)
            runs = tuple(_run(address, request, pid=server.pid, connections=n, seconds=seconds) for n in CONNECTIONS)
            return Cost(start_seconds=ready, memory_mb=load.memory_mb(server.pid), runs=runs)


def document(found: Bench) -> str:
    """Return the figures as JSON."""
    about = {"model": found.model, "version": found.version, "backend": found.backend}
    figures = {
        "start_seconds": round(found.cost.start_seconds, 3),
        "memory_mb": round(found.cost.memory_mb, 1),
        "runs": [_figures(run) for run in found.cost.runs],
    }
    return json.dumps(about | figures, indent=2) + "\n"


def table(found: Bench) -> str:
    """Return the figures for people."""
    lines = [
        f"{found.model} {found.version} ({found.backend}): ready after {found.cost.start_seconds:.2f} s, "
        f"{found.cost.memory_mb:.0f} MB of memory",
        "",
        "connections  requests/s  CPU-ms/request    p50 ms    p99 ms  errors",
        *(
            f"{run.connections:11}  {run.rate:10,.0f}  {run.cpu_ms:14.3f}  {run.quantile(0.5):8.2f}  "
            f"{run.quantile(0.99):8.2f}  {run.errors:6}"
            for run in found.cost.runs
        ),
        "",
        "One row a request, over loopback; the client ran on this machine too.",
    ]
    return "\n".join([*lines, ""])


def _figures(run: Took) -> Mapping[str, float]:
    return {
        "connections": run.connections,
        "requests": len(run.latencies),
        "errors": run.errors,
        "requests_per_second": round(run.rate, 1),
        "cpu_ms_per_request": round(run.cpu_ms, 4),
        "p50_ms": round(run.quantile(0.5), 3),
        "p99_ms": round(run.quantile(0.99), 3),
    }


def _run(address: tuple[str, int], request: bytes, *, pid: int, connections: int, seconds: float) -> Took:
    load.drive(address, request, pid=pid, connections=connections, seconds=min(WARM_UP, seconds))
    took = load.drive(address, request, pid=pid, connections=connections, seconds=seconds)
    if not took.latencies:
        raise OutsideError("The server answered no request well.", "Its output says why.")
    return took


@contextmanager
def _opened(bundle: Path, *, project: Path, signers: Path | None) -> Iterator[tuple[VerifiedBundle, tuple[str, ...]]]:
    """Give the verified bundle, and how its server is started: it asks for the same signatures itself."""
    model = verify.inspect(bundle, folder=project, signers=signers, digest="").found.manifest.model
    config = configuration.load(disk.read(project, (configuration.FILE, configuration.PYPROJECT)))
    rules = verify.policy(config, model, folder=project, signers=signers)
    allowed = ("--allowed-signers", str(Path(rules.signers).resolve())) if rules.signers else ()
    with verify.opened(bundle, rules) as good:
        yield good, ("-m", "server", *allowed)


def _python(good: VerifiedBundle, environment: Environment) -> Path:
    locked = next((file.path for file in good.manifest.files if file.role == "requirements"), None)
    if locked is None:
        raise UserError("The bundle names no requirements, so nothing says what its server needs.")
    return environment(good.folder / locked, good.manifest.python)


def _environ() -> Mapping[str, str]:
    return environments.clean(os.environ) | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}


def _row(good: VerifiedBundle) -> bytes:
    return json.dumps(golden.read((good.folder / "golden.jsonl").read_bytes())[0].row).encode()
