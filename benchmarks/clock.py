"""Run a command and say what it took."""

import os
import statistics
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# DVC's analytics and its look for updates would cost it time that is not the question.
QUIET = {"DVC_NO_ANALYTICS": "1", "CI": "1"}


@dataclass(frozen=True, kw_only=True)
class Took:
    """Seconds of wall and CPU time, and the peak memory in MiB, of a command with all that it started."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Ran:
    """What a command printed and what it took."""

    out: bytes
    took: Took


def run(command: Sequence[str], folder: Path) -> Ran:
    """Run `command` to its end; raises RuntimeError where it fails, because a failure is quick."""
    with (folder / ".git" / "benchmark.out").open("w+b") as out, (folder / ".git" / "benchmark.err").open("w+b") as err:
        start = time.perf_counter()
        running = subprocess.Popen(
            command, cwd=folder, env=_environ(), stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        _, status, usage = os.wait4(running.pid, 0)
        wall = time.perf_counter() - start
        running.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if running.returncode:
            said = err.read().decode(errors="replace").strip()
            raise RuntimeError(f"{' '.join(command)} exited {running.returncode}: {said[-500:]}")
        return Ran(out.read(), Took(wall=wall, cpu=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss / 1024))


def median(runs: Iterable[Took]) -> Took:
    """Return the median of each quantity by itself."""
    all_runs = list(runs)
    return Took(**{name: statistics.median(getattr(run, name) for run in all_runs) for name in Took.__annotations__})


def together(runs: Iterable[Took]) -> Took:
    """Return what several commands, one after the other, take: times add up, memory does not."""
    all_runs = list(runs)
    return Took(
        wall=sum(run.wall for run in all_runs),
        cpu=sum(run.cpu for run in all_runs),
        memory=max(run.memory for run in all_runs),
    )


def _environ() -> dict[str, str]:
    # A CI run would be asked for its pull request, and a token for nothing.
    left_out = ("GITHUB_", "MLTOOL_", "GIT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)} | QUIET
