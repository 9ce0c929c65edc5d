"""Measure mltool beside DVC on generated repositories.

python -m benchmarks [--only small … | --ledger | --gate] [--write] [--render]

Without --write the tables are printed only; with it, benchmarks/results.json, docs/benchmarks.md and the block in
README.md are rewritten. All takes about five minutes, nearly all of it DVC's. The ledger beside GTO is measured by
itself, with --ledger, and takes as long; so is the gate on many rows, with --gate.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks import clock, gate, ledger, repositories, results, words
from benchmarks.cases import CASES, DIFF, DVC, MLTOOL, REPORT, Case, commands
from benchmarks.clock import Ran, Took
from benchmarks.results import Machine, Measured, Results, Start

ROOT = Path(__file__).parents[1]
HEAVY = ("dvc", "jinja2", "numpy", "pandas", "sklearn")
START_ROUNDS = 9
MODULES = """
import json, sys
from mltool.cli import main
sys.argv = ["mltool", "--help"]
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=[case.key for case in CASES], help="measure these cases")
    parser.add_argument("--ledger", action="store_true", help="measure the ledger beside GTO, and nothing else")
    parser.add_argument("--gate", action="store_true", help="measure the gate on many rows, and nothing else")
    parser.add_argument("--write", action="store_true", help="write results.json, docs/benchmarks.md and the README")
    parser.add_argument("--render", action="store_true", help="measure nothing; write the words of results.json again")
    asked = parser.parse_args()
    if asked.render:
        words.publish(results.load(), ROOT)
        return
    if asked.only and asked.write:
        parser.error("--write needs all cases")
    # The mltool and dvc of the Python that runs this, not those of another environment on PATH.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory(prefix="mltool-benchmark-") as folder:
        if asked.ledger:
            _ledger(Path(folder), write=asked.write)
            return
        if asked.gate:
            _gate(Path(folder), write=asked.write)
            return
        found = measure(Path(folder), [case for case in CASES if not asked.only or case.key in asked.only])
    print(words.table(found))
    print()
    print(words.details(found))
    if asked.write:
        results.write(found)
        words.publish(results.load(), ROOT)


def _ledger(folder: Path, *, write: bool) -> None:
    found = ledger.measure(folder)
    print(ledger.section(found))
    if write:
        ledger.write(found)
        words.publish(results.load(), ROOT)


def _gate(folder: Path, *, write: bool) -> None:
    found = gate.measure(folder)
    print(gate.section(found))
    if write:
        gate.write(found)
        words.publish(results.load(), ROOT)


def measure(folder: Path, cases: Iterable[Case]) -> Results:
    """Return the results of `cases`, each in a repository of its own under `folder`."""
    return Results(
        machine=machine(folder),
        start=start(folder),
        cases=tuple(measure_case(folder / case.key, case) for case in cases),
    )


def measure_case(folder: Path, case: Case) -> Measured:
    """Run every command of a case in turn, round after round, so that a slow moment is slow for all of them."""
    made = repositories.make(folder / "whole", case.size)
    asked = commands(made)
    ours = {name: asked[name] for name in MLTOOL}
    for command in ours.values():
        clock.run(command, made.folder)
    if case.dvc_rounds > 1:
        _round(asked, made.folder)
    rounds = [_round(asked if at < case.dvc_rounds else ours, made.folder) for at in range(case.rounds)]
    shutil.rmtree(made.folder / ".dvc" / "tmp", ignore_errors=True)
    return Measured(
        key=case.key,
        words=case.words,
        rounds=case.rounds,
        dvc_rounds=case.dvc_rounds,
        same=_same(case, rounds[0]),
        commands={name: clock.median(ran[name].took for ran in rounds if name in ran) for name in asked},
        dvc=clock.median(clock.together(ran[name].took for name in DVC) for ran in rounds[: case.dvc_rounds]),
        quarter=_quarter(folder, case),
    )


def _round(asked: Mapping[str, Sequence[str]], folder: Path) -> dict[str, Ran]:
    return {name: clock.run(command, folder) for name, command in asked.items()}


def _quarter(folder: Path, case: Case) -> dict[str, Took]:
    if case.quarter is None:
        return {}
    made = repositories.make(folder / "quarter", case.quarter)
    ours = {name: command for name, command in commands(made).items() if name in MLTOOL}
    rounds = [_round(ours, made.folder) for _ in range(case.rounds + 1)][1:]
    return {name: clock.median(ran[name].took for ran in rounds) for name in MLTOOL}


def _same(case: Case, ran: Mapping[str, Ran]) -> int:
    """Return how many changed values both tools found; raises RuntimeError where they differ: speed is not all."""
    changes = json.loads(ran[DIFF].out)["changes"]
    ours = {(item["path"], item["key"], item["old"], item["new"]) for item in changes["metrics"] + changes["params"]}
    theirs = {
        (path, key, value["old"], value["new"])
        for command in ("dvc metrics diff", "dvc params diff")
        for path, values in json.loads(ran[command].out).items()
        for key, value in values.items()
    }
    if ours != theirs:
        raise RuntimeError(f"{case.words}: mltool and DVC differ in {len(ours ^ theirs)} values")
    if len(json.loads(ran[REPORT].out)) == 0:
        raise RuntimeError(f"{case.words}: the report is empty")
    return len(ours)


def start(folder: Path) -> Start:
    """Return what `mltool --help` takes and loads."""
    nowhere = folder / "nowhere"
    (nowhere / ".git").mkdir(parents=True)
    runs = [clock.run(("mltool", "--help"), nowhere) for _ in range(START_ROUNDS + 1)][1:]
    clock.run((sys.executable, "-c", MODULES), nowhere)
    modules = json.loads((nowhere / ".git" / "benchmark.err").read_text().splitlines()[-1])
    heavy = sorted({name.partition(".")[0] for name in modules} & set(HEAVY))
    return Start(took=clock.median(run.took for run in runs), modules=len(modules), heavy=tuple(heavy))


def machine(folder: Path) -> Machine:
    """Return what the figures are taken on, in words that name nobody's machine."""
    (folder / "versions" / ".git").mkdir(parents=True)

    def version(*command: str) -> str:
        return clock.run(command, folder / "versions").out.decode().split()[-1]

    return Machine(
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        git=version("git", "--version"),
        dvc=version("dvc", "--version"),
        mltool=version("mltool", "--version"),
    )


if __name__ == "__main__":
    main()
