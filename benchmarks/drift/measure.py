"""Run the tools, ours among them: on the large pair against the clock, and on the scenarios for what they say."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks import clock, environments
from benchmarks.clock import Took
from benchmarks.drift import tables
from benchmarks.drift.figures import Share, Speed
from benchmarks.drift.tables import SCENARIOS, Scenario
from benchmarks.drift.tools import BOUND, BOUND_PACKAGES, OURS, Tool
from mltool.data import drift, profile
from mltool.data.profile_source import opened

Pairs = Mapping[str, Sequence[tuple[Path, Path]]]

APPS = Path(__file__).with_name("apps")
QUIET = {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
"""Nobody's telemetry, which would cost them time that is not the question."""


def pythons(chosen: Sequence[Tool]) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the Python of each tool that can be installed, and what was said about the others."""
    found, failed = {}, {}
    for tool in chosen:
        try:
            found[tool.name] = environments.python(tool.packages)
        except RuntimeError as error:
            failed[tool.name] = _first(str(error))
    return found, failed


def speed(folder: Path, chosen: Sequence[Tool], *, rounds: int, rival_rounds: int, rows: int) -> dict[str, Speed]:
    """Return what each tool takes for the large pair, all of them in turn, round after round."""
    os.environ.update(QUIET)
    (folder / ".git").mkdir(parents=True)
    # In a process of its own: what starts another hands its own peak of memory down to it.
    subprocess.run((sys.executable, "-m", tables.__name__, folder, str(rows)), cwd=APPS.parents[2], check=True)
    old, new = (folder / f"{side}.parquet" for side in tables.SIDES)
    known = folder / "profile.json"
    clock.run(("mltool", "measure", "profile", str(old), "--out", str(known)), folder)
    found, failed = pythons(chosen)
    commands: dict[str, Sequence[str]] = {
        OURS: ("mltool", "data", "drift", str(known), str(new), "--json"),
        BOUND: (str(environments.python(BOUND_PACKAGES)), str(APPS / "arrow_bound.py"), str(known), str(new)),
    }
    for tool in chosen:
        if tool.name in found:
            commands[tool.name] = _command(tool, found[tool.name], old, new)
    taken: dict[str, list[Took]] = {name: [] for name in commands}
    for at in range(max(rounds, rival_rounds)):
        for name, command in commands.items():
            if at < (rounds if name in (OURS, BOUND) else rival_rounds) and name not in failed:
                try:
                    ran = clock.run(command, folder)
                except RuntimeError as error:
                    failed[name] = _last(str(error))
                    continue
                taken[name].append(ran.took)
                print(f"{name}: {ran.took.cpu:.1f} CPU seconds, {ran.took.memory:.0f} MiB", file=sys.stderr)
    sizes = {name: environments.size(place) for name, place in found.items()}
    return {
        name: Speed(failed=failed[name])
        if name in failed
        else Speed(
            rounds=len(taken[name]),
            cpu=clock.median(taken[name]).cpu,
            memory=clock.median(taken[name]).memory,
            installed_mb=sizes.get(name, 0),
        )
        for name in (OURS, BOUND, *(tool.name for tool in chosen))
    }


def _command(tool: Tool, python: Path, old: Path, new: Path) -> tuple[str, ...]:
    if tool.stores:
        kept = old.parent / "stored" / old.name
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(old, kept)
        subprocess.run((python, APPS / tool.stores, kept), check=True, capture_output=True)
        old = kept
    return str(python), str(APPS / tool.app), str(old), str(new)


def scenarios(folder: Path, chosen: Sequence[Tool]) -> dict[str, dict[str, Share]]:
    """Return what each tool says of each scenario: all tools see the same tables."""
    pairs = {scenario.key: list(tables.write(scenario, folder)) for scenario in SCENARIOS}
    found, _ = pythons(chosen)
    said = {OURS: {key: [ours(*pair) for pair in made] for key, made in pairs.items()}}
    for tool in chosen:
        if tool.scenarios and tool.name in found:
            said[tool.name] = _theirs(tool, found[tool.name], folder, pairs)
    return {name: {key: _share(SCENARIOS_BY_KEY[key], calls, pairs[key]) for key, calls in each.items()}
            for name, each in said.items()}  # fmt: skip


SCENARIOS_BY_KEY: Mapping[str, Scenario] = {scenario.key: scenario for scenario in SCENARIOS}


def ours(old: Path, new: Path) -> set[str]:
    """Return what the rule calls in a pair."""
    with opened(old) as source:
        known = profile.make(source)
    with opened(new) as source:
        found = drift.judge(known, source)
    return {name for item in found.findings if item.state == "drifted" for name in item.columns}


def _theirs(tool: Tool, python: Path, folder: Path, pairs: Pairs) -> dict[str, list[set[str]]]:
    """Return what a tool calls in each pair; all in one process, and where that fails, each scenario in its own."""
    try:
        calls = _run(tool, python, folder, [pair for made in pairs.values() for pair in made])
        return {key: [calls.pop(0) for _ in made] for key, made in pairs.items()}
    except RuntimeError:
        said = {}
        for key, made in pairs.items():
            with suppress(RuntimeError):
                said[key] = _run(tool, python, folder, made)
        return said


def _run(tool: Tool, python: Path, folder: Path, pairs: Sequence[tuple[Path, Path]]) -> list[set[str]]:
    """Return what a tool calls in each pair. Raises RuntimeError where it fails."""
    command = (python, APPS / tool.app, *(path for pair in pairs for path in pair))
    done = subprocess.run(command, cwd=folder, env=os.environ | QUIET, capture_output=True, check=False)
    if done.returncode:
        said = _last(done.stderr.decode(errors="replace"))
        print(f"{tool.name}: {said}", file=sys.stderr)
        raise RuntimeError(said)
    return [set(names) for names in json.loads((folder / "alarms.json").read_text())]


def _share(scenario: Scenario, calls: Sequence[set[str]], pairs: Sequence[tuple[Path, Path]]) -> Share:
    """Return in how many tables what drifts was called, or where nothing does, how many columns were."""
    if scenario.drifts:
        return Share(called=sum(bool(names & set(scenario.drifts)) for names in calls), of=len(calls))
    return Share(called=sum(map(len, calls)), of=sum(_columns(new) for _, new in pairs))


def _columns(path: Path) -> int:
    with opened(path) as source:
        return len(source.columns)


def _first(said: str) -> str:
    return next(iter(said.strip().splitlines()), "no word")


def _last(said: str) -> str:
    return next(iter(said.strip().splitlines()[-1:]), "no word")
