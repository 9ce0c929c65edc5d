"""Measure mltool's server beside FastAPI with pandas, MLflow, BentoML, LitServe and vetiver, with the same model.

python -m benchmarks.serving [--only NAME …] [--rounds 3] [--seconds 4] [--write]

Every server gets an environment of its own, made with uv and kept in the cache. With --write,
benchmarks/serving/results.json and the block in docs/serve.md are rewritten.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from benchmarks import environments
from benchmarks.serving import model, servers, words
from benchmarks.serving.model import Made
from benchmarks.serving.servers import SERVERS, Server
from benchmarks.serving.words import Figures, Results
from mltool.commands import load
from mltool.errors import MltoolError

CONNECTIONS: Final = (1, 32)
WARM_UP: Final = 1.0
PATIENCE: Final = 120.0
LOOPBACK: Final = "127.0.0.1"
CLOSE: Final = 1e-4


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=[each.name for each in SERVERS], help="measure these servers")
    parser.add_argument("--rounds", type=int, default=3, help="how often each server is started and asked")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long it is asked each time")
    parser.add_argument("--write", action="store_true", help="write results.json and docs/serve.md")
    asked = parser.parse_args()
    if asked.only and asked.write:
        parser.error("--write needs all servers")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    chosen = [each for each in SERVERS if not asked.only or each.name in asked.only]
    with tempfile.TemporaryDirectory(prefix="mltool-benchmark-") as folder:
        found = measure(Path(folder), chosen, rounds=asked.rounds, seconds=asked.seconds)
    print(words.table(found))
    if asked.write:
        words.write(found)
        words.publish(words.read())


def measure(folder: Path, chosen: Sequence[Server], *, rounds: int, seconds: float) -> Results:
    """Return the median figures of each server, all of them in turn, round after round."""
    made = model.make(folder)
    pythons = {each.name: environments.python(each.packages) for each in chosen}
    for each in chosen:
        for script in each.prepare:
            home = made.folder / each.folder
            subprocess.run((pythons[each.name], script), cwd=home, check=True, capture_output=True)
    taken: dict[str, list[Figures]] = {each.name: [] for each in chosen}
    for _ in range(rounds):
        for each in chosen:
            taken[each.name].append(_measured(each, made, pythons[each.name], seconds))
            print(each.name, taken[each.name][-1], file=sys.stderr)
    return Results(
        cores=len(os.sched_getaffinity(0)),
        python=environments.version(),
        rounds=rounds,
        servers={name: _median(figures) for name, figures in taken.items()},
    )


def _measured(server: Server, made: Made, python: Path, seconds: float) -> Figures:
    with _running(server, made.folder / server.folder, python) as (pid, address, ready):
        body = servers.body(server, made.row)
        _check(server, made, address, body)
        request = load.post(server.path, body)
        took = []
        for connections in CONNECTIONS:
            load.drive(address, request, pid=pid, connections=connections, seconds=WARM_UP)
            took.append(load.drive(address, request, pid=pid, connections=connections, seconds=seconds))
        if errors := sum(each.errors for each in took):
            raise RuntimeError(f"{server.name} refused {errors} requests")
        one, many = took
        return Figures(
            ready_seconds=ready,
            installed_mb=environments.size(python),
            memory_mb=load.memory_mb(pid),
            cpu_ms=one.cpu_ms,
            p50_ms=one.quantile(0.5),
            p99_ms=one.quantile(0.99),
            rate=one.rate,
            crowd_cpu_ms=many.cpu_ms,
            crowd_rate=many.rate,
            crowd_p99_ms=many.quantile(0.99),
        )


@contextmanager
def _running(server: Server, folder: Path, python: Path) -> Iterator[tuple[int, tuple[str, int], float]]:
    """Give the process, the address and the seconds until the server said that it is ready."""
    with socket.create_server((LOOPBACK, 0)) as free:
        address = (LOOPBACK, free.getsockname()[1])
    start = time.perf_counter()
    # Beside the folder: in it, a file that the checksums do not know is refused.
    home = folder.parent / f"{folder.name}-home"
    home.mkdir(exist_ok=True)
    with (home / "output.txt").open("wb") as out:
        running = subprocess.Popen(
            server.start(python, address[1]),
            cwd=folder,
            env=_environ(home, python),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        load.wait(address, server.ready, alive=lambda: running.poll() is None, patience=PATIENCE)
        yield running.pid, address, time.perf_counter() - start
    except MltoolError as error:
        raise RuntimeError(f"{server.name}: {error}\n{(home / 'output.txt').read_text()[-2000:]}") from error
    finally:
        _stop(running)


def _stop(running: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        running.wait(10)
    # What it started may not have listened.
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _environ(home: Path, python: Path) -> Mapping[str, str]:
    """One thread each, nobody's telemetry, nothing written to the home."""
    return {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "DO_NOT_TRACK": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _check(server: Server, made: Made, address: tuple[str, int], body: bytes) -> None:
    """Raise RuntimeError where the server does not say what the model says: speed is not all."""
    connection = HTTPConnection(*address, timeout=PATIENCE)
    try:
        connection.request("POST", server.path, body, {"content-type": "application/json"})
        said = server.answer(json.loads(connection.getresponse().read()))
    finally:
        connection.close()
    if abs(said - made.score) > CLOSE and said != float(made.score > 0.5):
        raise RuntimeError(f"{server.name} says {said}, the model {made.score}")


def _median(taken: Sequence[Figures]) -> Figures:
    names = Figures.__annotations__
    return Figures(**{name: statistics.median(getattr(each, name) for each in taken) for name in names})


if __name__ == "__main__":
    main()
