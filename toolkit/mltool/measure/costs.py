"""What it costs to make and to serve a model: seconds, peak memory, bytes, latency. Standard library alone."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from mltool.errors import UserError

if sys.platform != "win32":
    import resource

_STATUS = Path("/proc/self/status")


@dataclass
class Cost:
    """Filled in when the block that it measures ends; `peak_memory_bytes` is None where the system does not tell."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int | None = None


@contextmanager
def cost() -> Iterator[Cost]:
    """Measure a block: wall seconds, CPU seconds of this process, and the process's peak memory up to its end.

    The peak is of resident memory, native arrays of NumPy included (which `tracemalloc` sees in part and slows):
    `VmHWM` of `/proc/self/status` on Linux, else `ru_maxrss` of `resource.getrusage`. The kernel keeps one peak a
    process, so what came before the block counts too: measure in a process of its own.
    """
    measured = Cost()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield measured
    finally:
        measured.seconds = time.perf_counter() - wall
        measured.cpu_seconds = time.process_time() - cpu
        measured.peak_memory_bytes = _peak()


def command(words: Sequence[str]) -> tuple[int, Cost]:
    """Run a program with its output on the terminal; return its exit code and its cost, of any language.

    The peak is that of the largest process the program started and waited for. Raises UserError if it is not there.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "used.json"
        subprocess.run([sys.executable, "-I", Path(__file__).with_name("watch.py"), out, *words], check=False)
        used: dict[str, Any] = json.loads(out.read_bytes()) if out.exists() else {"error": "it was interrupted"}
    if "error" in used:
        raise UserError(f"`{words[0]}` cannot be run: {used['error']}.")
    spent = Cost(seconds=used["seconds"], cpu_seconds=used["cpu_seconds"], peak_memory_bytes=used["peak"])
    return used["code"], spent


def latency(call: Callable[[], Any], *, name: str, repeats: int = 50) -> Mapping[str, float]:
    """Return `{name}_p50_seconds` and `{name}_p95_seconds` of `repeats` calls, after one call that is not counted."""
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    at = quantiles(seconds, n=20, method="inclusive")
    return {f"{name}_p50_seconds": at[9], f"{name}_p95_seconds": at[18]}


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder. Raises UserError if there is none."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    try:
        return path.stat().st_size
    except OSError as error:
        raise UserError(f"{path} does not exist.", "Run the stage that writes it.") from error


def _peak() -> int | None:
    if sys.platform == "win32":
        return None
    if _STATUS.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024  # getrusage(2): bytes on macOS, KiB elsewhere
