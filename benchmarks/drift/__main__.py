"""Measure `mltool data drift` beside deepchecks, TFDV, NannyML and Evidently: CPU, memory, and who is right.

python -m benchmarks.drift [--only speed scenarios power] [--tools NAME …] [--write] [--render]

Every tool gets an environment of its own, made with uv and kept in the cache; together they take 5 GB. With --write,
the parts that were measured are written to benchmarks/drift/results.json, and docs/benchmarks.md and docs/drift.md are
rewritten. `speed` takes ten minutes, most of it Evidently's, `scenarios` as long, and `power` with 1,000 draws too.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks import environments
from benchmarks.drift import figures, measure, power, tables, words
from benchmarks.drift.figures import Results
from benchmarks.drift.tools import TOOLS

PARTS = ("speed", "scenarios", "power")


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.drift", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure these parts")
    parser.add_argument("--tools", nargs="*", choices=[tool.name for tool in TOOLS], help="beside these tools alone")
    parser.add_argument("--rounds", type=int, default=5, help="how often ours is run against the clock")
    parser.add_argument("--rival-rounds", type=int, default=1, help="how often each of the others is")
    parser.add_argument("--rows", type=int, default=tables.ROWS, help="rows of the large pair")
    parser.add_argument("--draws", type=int, default=power.DRAWS, help="tables of each size to tell the power from")
    parser.add_argument("--write", action="store_true", help="write what was measured, and the pages")
    parser.add_argument("--render", action="store_true", help="measure nothing; write the pages again")
    asked = parser.parse_args()
    if asked.render:
        words.publish(figures.load())
        return
    if asked.write and (asked.tools is not None or asked.rows < tables.ROWS or asked.draws < power.DRAWS):
        parser.error("--write needs all tools, rows and draws")
    # The mltool of the Python that runs this, not that of another environment on PATH.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found = _measured(asked)
    print(words.section(found))
    if asked.write:
        figures.write(found)
        words.publish(figures.load())


def _measured(asked: argparse.Namespace) -> Results:
    """Return the results in the file with those parts that are asked for measured anew."""
    tools = [tool for tool in TOOLS if asked.tools is None or tool.name in asked.tools]
    found = figures.load() if figures.FILE.exists() else Results()
    with tempfile.TemporaryDirectory(prefix="mltool-benchmark-") as folder:
        if "speed" in asked.only:
            speed = measure.speed(
                Path(folder) / "speed", tools, rounds=asked.rounds, rival_rounds=asked.rival_rounds, rows=asked.rows
            )
            found = replace(found, speed=speed, rows=asked.rows)
        if "scenarios" in asked.only:
            found = replace(found, scenarios=measure.scenarios(Path(folder) / "scenarios", tools))
        if "power" in asked.only:
            found = replace(found, power=power.measure(asked.draws))
    return replace(found, cores=len(os.sched_getaffinity(0)), python=environments.version())


if __name__ == "__main__":
    main()
