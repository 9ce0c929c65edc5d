"""`mltool gate` on many rows with three metrics and twenty slices, beside resampling the rows with scikit-learn."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks import bootstrap, clock

FILE = Path(__file__).with_name("gate.json")
ROWS, FEWER = 1_000_000, 100_000
SLICES = 20
RESAMPLES = 2_000
ROUNDS = 5
METRICS = {"accuracy": "higher", "roc_auc": "higher", "log_loss": "lower"}
GATE, VALUES, DRAWN = "mltool gate", "scikit-learn, values only", "scikit-learn and row bootstrap"
PREDICTIONS = "eval/predictions.parquet"
PERSON = ("-c", "user.name=A Bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A repository of two commits, and the predictions of both as files."""

    folder: Path
    base: Path
    head: Path


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of CPU and wall time. Not memory: of a child, Linux counts what its parent had when it was started."""

    cpu: float
    wall: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One run: the median of each command on `rows` rows, and on `fewer` of them, where rows are resampled too."""

    rows: int
    fewer: int
    slices: int
    resamples: int
    rounds: int
    whole: Mapping[str, Cost]
    part: Mapping[str, Cost]


def measure(
    folder: Path, *, rows: int = ROWS, fewer: int = FEWER, resamples: int = RESAMPLES, rounds: int = ROUNDS
) -> Figures:
    """Return the figures, all commands in turn, round after round; raises RuntimeError where answers differ."""
    many, few = make(folder / "many", rows), make(folder / "few", fewer)
    _agree(many, 0)
    whole = [_round(_commands(many), many.folder) for _ in range(rounds)]
    drawn = _agree(few, resamples)
    part = [_round(_commands(few), few.folder) for _ in range(rounds)]
    return Figures(
        rows=rows,
        fewer=fewer,
        slices=SLICES,
        resamples=resamples,
        rounds=rounds,
        whole=_medians(whole),
        part=_medians(part) | {DRAWN: drawn},
    )


def make(folder: Path, rows: int) -> Made:
    """Return a repository in which two models, about equally good, predicted the same rows: the same bytes always."""
    (folder / "eval").mkdir(parents=True)
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").touch()
    (folder / ".gitignore").write_text(f"/{PREDICTIONS}\n/.dvc/cache\n")
    (folder / "dvc.yaml").write_text("metrics:\n  - metrics.json\n")
    gates = (
        f'[gates.{name}]\nmetric = "metrics.json:{name}"\ndirection = "{way}"\ntolerance = "5%"\nslices = ["segment"]\n'
        for name, way in METRICS.items()
    )
    (folder / "mltool.toml").write_text("\n".join(gates))
    _git(folder, "init", "--quiet", "--initial-branch=main")
    random = np.random.default_rng(0)
    truth, shared = (random.random(rows) < 0.3).astype(np.int64), random.normal(size=rows)
    segment = random.integers(SLICES, size=rows)
    sides = []
    for side in ("base", "head"):
        logit = 1.5 * truth - 1.05 + 0.8 * shared + 0.5 * random.normal(size=rows)
        sides.append(_commit(folder, side, truth, 1 / (1 + np.exp(-logit)), segment))
    return Made(folder=folder, base=sides[0], head=sides[1])


def _commit(folder: Path, side: str, truth: np.ndarray, score: np.ndarray, segment: np.ndarray) -> Path:
    """Commit the metrics and the pointer to the predictions, which are put where DVC's cache has them."""
    names = np.array([f"s{number}" for number in range(SLICES)])[segment]
    columns = {"row_id": np.arange(len(truth)), "y_true": truth, "y_pred": (score > 0.5).astype(np.int64)}
    table = pa.table({**columns, "y_score": score, "segment": names})
    place = folder / PREDICTIONS
    parquet.write_table(table, place)
    content = place.read_bytes()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    cached = folder / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    entry = f"- md5: {digest}\n  size: {len(content)}\n  hash: md5\n  path: {place.name}\n"
    place.with_name(f"{place.name}.dvc").write_text(f"outs:\n{entry}")
    values = bootstrap.values(truth, columns["y_pred"], score)
    (folder / "metrics.json").write_text(json.dumps(values))
    _git(folder, "add", "--all")
    _git(folder, *PERSON, "commit", "--quiet", "--message", side)
    return cached


def _commands(made: Made) -> dict[str, tuple[str, ...]]:
    return {GATE: ("mltool", "gate", "HEAD~1", "HEAD", "--json"), VALUES: _rival(made, 0)}


def _rival(made: Made, resamples: int) -> tuple[str, ...]:
    return (sys.executable, str(Path(bootstrap.__file__)), str(made.base), str(made.head), str(resamples))


def _agree(made: Made, resamples: int) -> Cost:
    """Return what scikit-learn takes; raises RuntimeError where the gate says another thing: speed is not all."""
    verdicts = json.loads(clock.run(_commands(made)[GATE], made.folder).out)["verdicts"]
    ran = clock.run(_rival(made, resamples), made.folder)
    theirs = json.loads(ran.out)
    wanted = {("", name): value for name, value in theirs["whole"].items()}
    wanted |= {(f"segment={name}", key): each[key] for name, each in theirs["slices"].items() for key in each}
    ours = {(each["slice"], each["gate"]): each for each in verdicts if each["rows"]}
    compare(ours, wanted, theirs["intervals"])
    return Cost(cpu=ran.took.cpu, wall=ran.took.wall)


def compare(
    ours: Mapping[tuple[str, str], Mapping[str, float]],
    wanted: Mapping[tuple[str, str], float],
    intervals: Mapping[str, Sequence[float]],
) -> None:
    """Raise RuntimeError where differences by slice and metric are not `wanted`, or an end of an interval on all rows
    lies further from the bootstrap's than a tenth of its width.
    """
    if ours.keys() != wanted.keys():
        raise RuntimeError(f"the gate judged {len(ours)} differences, and there are {len(wanted)}")
    for key, value in wanted.items():
        if abs(ours[key]["delta"] - value) > 1e-9:
            raise RuntimeError(f"{key}: the gate says {ours[key]['delta']}, scikit-learn {value}")
    for name, (low, high) in intervals.items():
        ends = (ours["", name]["low"], ours["", name]["high"])
        if max(abs(ends[0] - low), abs(ends[1] - high)) > 0.1 * (high - low):
            raise RuntimeError(f"{name}: the gate's interval is {ends}, the bootstrap's {(low, high)}")


def section(found: Figures) -> str:
    """Return the part of docs/benchmarks.md about the gate."""
    lines = [
        _line(f"{rows:,}", name, took) for rows, ran in ((found.rows, found.whole), (found.fewer, found.part))
        for name, took in ran.items()
    ]  # fmt: skip
    ratio = found.part[DRAWN].cpu / found.part[GATE].cpu
    return f"""\
## The gate on many rows

| rows | command | CPU | wall |
|---:|---|---:|---:|
{chr(10).join(lines)}

`python -m benchmarks --gate --write` makes a repository with the predictions of two models and gates for accuracy, ROC
AUC and log loss, each on all rows and on {found.slices} slices. `mltool gate` reads both files, pairs the rows by id
and judges all {len(METRICS) * (found.slices + 1)} differences with their intervals; *values only* are the same
differences with pandas and scikit-learn, without an interval. *Row bootstrap* adds {found.resamples:,} resamples of all
rows, and none of the slices: **{ratio:,.0f}× the CPU** of the gate on as many rows. {found.rounds} rounds in turn, one
with resamples; medians. The differences are the same to nine digits and the intervals to a tenth of their width, or
the benchmark stops.
"""


def _line(rows: str, name: str, took: Cost) -> str:
    return f"| {rows} | {name} | {took.cpu:.2f} s | {took.wall:.2f} s |"


def write(found: Figures, path: Path = FILE) -> None:
    """Write the figures as JSON."""
    rounded = json.loads(json.dumps(asdict(found)), parse_float=lambda text: round(float(text), 4))
    path.write_text(json.dumps(rounded, indent=1) + "\n")


def load(path: Path = FILE) -> Figures:
    """Return the figures in a file."""
    found = json.loads(path.read_text())
    took = {part: {name: Cost(**each) for name, each in found[part].items()} for part in ("whole", "part")}
    return Figures(**(found | took))


def _round(commands: Mapping[str, Sequence[str]], folder: Path) -> dict[str, clock.Took]:
    return {name: clock.run(command, folder).took for name, command in commands.items()}


def _medians(rounds: Sequence[Mapping[str, clock.Took]]) -> dict[str, Cost]:
    found = {name: clock.median(ran[name] for ran in rounds) for name in rounds[0]}
    return {name: Cost(cpu=took.cpu, wall=took.wall) for name, took in found.items()}


def _git(folder: Path, *words: str) -> None:
    subprocess.run(("git", *words), cwd=folder, check=True)
