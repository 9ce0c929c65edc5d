"""Run a program and write what it used as JSON: `python watch.py OUT PROGRAM …`, a file that imports nothing heavy.

On Linux a new process starts with the peak memory of the one that started it. The process that loads pandas would
hand its own 200 MB to every program it measures; this one hands over less than 20.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

if sys.platform != "win32":
    import resource


def main(out: str, *words: str) -> None:
    """Write exit code, wall seconds, CPU seconds and peak memory, or the error that kept the program from running."""
    start = time.perf_counter()
    try:
        code = subprocess.run(words, check=False).returncode
    except OSError as error:
        Path(out).write_text(json.dumps({"error": error.strerror}), encoding="utf-8")
        return
    except KeyboardInterrupt:
        sys.exit(130)  # who started us was interrupted too, and says so
    used = {"code": code, "seconds": time.perf_counter() - start, "cpu_seconds": 0.0, "peak": None}
    if sys.platform != "win32":
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        used["cpu_seconds"] = children.ru_utime + children.ru_stime
        # getrusage(2): bytes on macOS, KiB elsewhere.
        used["peak"] = children.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    Path(out).write_text(json.dumps(used), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
