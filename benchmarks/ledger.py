"""The ledger beside GTO, on one repository whose tags both read; GTO gets an environment of its own."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import clock
from benchmarks.clock import Took
from mltool.registry import tag, trailers
from mltool.registry.model import NewEvent
from mltool.registry.trailers import Place

FILE = Path(__file__).with_name("ledger.json")
GTO = "1.10.1"
MODELS = 20
ROUNDS, GTO_ROUNDS = 9, 3
MOMENT = 1_767_323_045
PERSON = "A Bench <bench@example.org>"
STAGES = ("dev", "staging", "prod")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One run: how many tags and models, GTO's version, and the median of each command.

    `floor` is `git for-each-ref` alone, `start` is `mltool --help`. `same` says for how many models and stages both
    tools named the same version, which is all of them.
    """

    tags: int
    models: int
    gto: str
    rounds: int
    gto_rounds: int
    same: int
    start: Took
    floor: Took
    commands: Mapping[str, Took]


def measure(folder: Path, tags: int = 5000) -> Figures:
    """Return the figures for a repository with so many tags, all commands in turn, round after round."""
    gto = install(folder / "gto")
    repository = make(folder / "repository", tags)
    last = _git(
        repository, "for-each-ref", "--count=1", "--sort=-taggerdate", "--format=%(refname:strip=2)", "refs/tags"
    )
    model = last.partition("#")[0].partition("@")[0]
    ours = {
        "mltool status": ("mltool", "status", "--json"),
        "mltool log MODEL": ("mltool", "log", model, "--json"),
        "mltool registry at DATE": ("mltool", "registry", "at", "2026-01-02T04:00", "--json"),
        "mltool registry verify": ("mltool", "registry", "verify", "--json"),
    }
    theirs = {"gto show": (str(gto), "show", "--json"), "gto check-ref TAG": (str(gto), "check-ref", last, "--json")}
    other = {"floor": ("git", "for-each-ref", "--format=%(refname) %(objectname) %(contents)", "refs/tags"),
             "start": ("mltool", "--help")}  # fmt: skip
    same = agreement(clock.run(ours["mltool status"], repository).out, gto, repository)
    ran = [_round(ours | other | (theirs if at < GTO_ROUNDS else {}), repository) for at in range(ROUNDS)]
    medians = {name: clock.median(found[name] for found in ran if name in found) for name in (*ours, *theirs, *other)}
    start, floor = medians.pop("start"), medians.pop("floor")
    return Figures(
        tags=tags,
        models=MODELS,
        gto=GTO,
        rounds=ROUNDS,
        gto_rounds=GTO_ROUNDS,
        same=same,
        start=start,
        floor=floor,
        commands=medians,
    )


def agreement(status: bytes, gto: Path, repository: Path) -> int:
    """Return how many versions in stages both tools name; raises RuntimeError where they differ."""
    ours = {
        (model["name"], stage["name"]): f"v{stage['version']}"
        for model in json.loads(status)["models"]
        for stage in model["stages"]
    }
    shown = json.loads(clock.run((str(gto), "show", "--json"), repository).out)
    theirs = {
        (name, stage): version for name, row in shown.items() for stage, version in row["stage"].items() if version
    }
    if ours != theirs:
        raise RuntimeError(f"mltool and GTO differ: {sorted(set(ours.items()) ^ set(theirs.items()))[:5]}")
    return len(ours)


def install(folder: Path) -> Path:
    """Return the command of GTO, in an environment of its own."""
    subprocess.run(("uv", "venv", "--quiet", "--python", sys.executable, folder), check=True)
    python = folder / "bin" / "python"
    subprocess.run(("uv", "pip", "install", "--quiet", "--python", python, f"gto=={GTO}"), check=True)
    return folder / "bin" / "gto"


def make(folder: Path, tags: int) -> Path:
    """Return a repository with so many tags in the chains of `MODELS` models, the same bytes every time."""
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    number = tags // (2 * MODELS) + 1
    commits = "".join(
        f"commit refs/heads/main\nmark :{at}\ncommitter {PERSON} {MOMENT + at} +0000\ndata 1\nx\n"
        for at in range(1, number + 1)
    )
    marks = folder / ".git" / "marks"
    _git(folder, "fast-import", "--quiet", f"--export-marks={marks}", stdin=commits)
    known = dict(line.split() for line in marks.read_text().splitlines())
    heads: dict[str, str] = {}
    stream = "".join(_tags(tags, [known[f":{at}"] for at in range(1, number + 1)], heads))
    _git(folder, "fast-import", "--quiet", stdin=stream)
    rows = "".join(f"update refs/mltool/ledger/{model} {sha}\n" for model, sha in heads.items())
    _git(folder, "update-ref", "--stdin", stdin=rows)
    _git(folder, "pack-refs", "--all")
    return folder


def _tags(tags: int, commits: Sequence[str], heads: dict[str, str]) -> Iterator[str]:
    """Yield the tags for `git fast-import`: each model registers a version and promotes it, in turn with the others."""
    names: dict[str, str] = {}
    for at in range(tags):
        model, round_ = f"model-{at % MODELS}", at // MODELS
        commit, number = commits[round_ // 2], round_ + 1
        event = NewEvent(
            kind="promote" if round_ % 2 else "register",
            model=model,
            commit=commit,
            version=f"1.{round_ // 2}.0",
            stage=STAGES[round_ // 2 % len(STAGES)] if round_ % 2 else "",
            manifest=f"sha256:{hashlib.sha256(str(at).encode()).hexdigest()}",
            reason="It is better than the one before.",
        )
        place = Place(sequence=number, previous=heads.get(model, trailers.NONE), previous_tag=names.get(model, ""))
        message = trailers.message(event, place)
        name = tag.name(event.kind, model=model, version=event.version, stage=event.stage, sequence=number)
        moment = f"{MOMENT + at} +0000"
        body = f"object {commit}\ntype commit\ntag {name}\ntagger {PERSON} {moment}\n\n{message}"
        heads[model] = hashlib.sha1(f"tag {len(body)}\0{body}".encode()).hexdigest()
        names[model] = name
        yield f"tag {name}\nfrom {commit}\ntagger {PERSON} {moment}\ndata {len(message)}\n{message}\n"


def table(found: Figures) -> str:
    """Return what every command takes, and how many times less ours takes than `gto show`."""
    slow = found.commands["gto show"].wall
    rows = [
        f"| `{name}` | {took.wall:.2f} s | {took.cpu:.2f} s | {took.memory:.0f} MiB | {slow / took.wall:.0f}× |"
        for name, took in found.commands.items()
    ]
    return "\n".join(
        (
            f"| {found.tags:,} tags, {found.models} models | wall | CPU | peak memory | `gto show` takes |",
            "|---|---:|---:|---:|---:|",
            *rows,
        )
    )


def section(found: Figures) -> str:
    """Return the part of docs/benchmarks.md about the ledger."""
    return f"""\
## The ledger

{table(found)}

`python -m benchmarks --ledger --write` makes one repository whose tags both tools read: names in GTO's grammar, with
mltool's trailers in the messages, and honest clocks, because GTO orders by them. GTO {found.gto} is in an environment
of its own. {found.rounds} rounds, {found.gto_rounds} of GTO, in turn; medians. Both name the same version in all
{found.same} stages, or the benchmark stops. Of ours, {found.start.wall:.2f} s is the start of any command
(`mltool --help`) and {found.floor.wall:.2f} s what `git for-each-ref` takes alone. What gto-action does on a push is
several such calls.
"""


def write(found: Figures, path: Path = FILE) -> None:
    """Write the figures as JSON."""
    rounded = json.loads(json.dumps(asdict(found)), parse_float=lambda text: round(float(text), 4))
    path.write_text(json.dumps(rounded, indent=1) + "\n")


def load(path: Path = FILE) -> Figures:
    """Return the figures in a file."""
    found = json.loads(path.read_text())
    took = {name: Took(**found[name]) for name in ("start", "floor")}
    return Figures(**(found | took | {"commands": {name: Took(**each) for name, each in found["commands"].items()}}))


def _round(commands: Mapping[str, Sequence[str]], folder: Path) -> dict[str, Took]:
    return {name: clock.run(command, folder).took for name, command in commands.items()}


def _git(folder: Path, *words: str, stdin: str = "") -> str:
    done = subprocess.run(("git", *words), cwd=folder, input=stdin.encode(), capture_output=True, check=True)
    return done.stdout.decode().strip()
