"""`mltool measure`: what a pipeline stage calls to leave facts behind."""

import json
from pathlib import Path
from types import ModuleType
from typing import Literal

import typer

from mltool.cli import extra
from mltool.errors import UserError

# The defaults of [facts] and [predictions]. To ask the configuration for them would cost every command 20 ms; a test
# compares.
SLICES, COST = "eval/slices.json", "eval/cost.json"
TABLE, ID, TRUTH, LABEL, SCORE = "eval/predictions.parquet", "row_id", "y_true", "y_pred", "y_score"


def evaluate(
    predictions: Path = typer.Argument(Path(TABLE), help="Table of predictions, .parquet or .csv."),
    task: Literal["auto", "binary", "multiclass", "regression"] = typer.Option(
        "auto", help="What is predicted; auto tells it from the values."
    ),
    slices: list[str] = typer.Option([], "--slice", help="Also score each value of this column. Repeatable."),
    groups: list[str] = typer.Option(
        [], "--group", help="Also measure how far apart the groups of this column are treated. Repeatable."
    ),
    positive: str = typer.Option("", help="The positive label of a binary task, where it is not 1 or True."),
    min_rows: int = typer.Option(
        30, min=1, help="A slice with fewer rows gets its count and no scores, a group no gap."
    ),
    metrics: Path = typer.Option(Path("metrics.json"), help="Where the metrics go."),
    slices_file: Path = typer.Option(Path(SLICES), help="Where the scores by slice go."),
    plots: Path = typer.Option(Path("eval/plots"), help="Folder for the points of ROC, confusion and so on."),
    id_column: str = typer.Option(ID, "--id", help="Column that names each row."),
    truth: str = typer.Option(TRUTH, help="Column of what was true."),
    label: str = typer.Option(LABEL, help="Column of what the model said."),
    score: str = typer.Option(
        SCORE, help="Column of the positive class's score; `<score>_<class>` for several classes."
    ),
) -> None:
    """Score a table of predictions: metrics, scores by slice, points of the plots.

    Example stage:  mltool measure evaluate eval/predictions.parquet --slice country
    """
    from mltool.config import Predictions

    measure = _room()
    columns = Predictions(path=str(predictions), id=id_column, truth=truth, label=label, score=score)
    evaluation = measure.evaluate(
        measure.read(predictions),
        columns=columns,
        task=None if task == "auto" else task,
        slices=slices,
        groups=groups,
        positive=positive or None,
        min_rows=min_rows,
    )
    written = measure.write_evaluation(evaluation, metrics=metrics, slices=slices_file, plots=plots)
    for note in evaluation.notes:
        typer.echo(note)
    for name, found in ((evaluation.task, evaluation.metrics), *evaluation.gaps.items()):
        typer.echo(f"{name}: " + ", ".join(f"{metric} {value:g}" for metric, value in found.items()))
    typer.echo("Wrote " + ", ".join(map(str, written)))


def split(
    data: Path = typer.Argument(..., help="Table of rows, .parquet or .csv."),
    out: Path = typer.Option(..., help="Folder for the parts: train, validation and test, of the same kind as DATA."),
    time: str = typer.Option("", help="Column of times: train is earlier than validation, validation than test."),
    group: str = typer.Option("", help="Column of groups (users, patients) that must not be in two parts."),
    random: bool = typer.Option(False, "--random", help="Draw rows at random; right only if rows are independent."),
    stratify: str = typer.Option("", help="With --random: column whose mix of values each part keeps."),
    seed: int = typer.Option(0, help="Seed of --group and --random."),
    shares: str = typer.Option("0.7,0.15,0.15", help="Shares of train, validation and test."),
    counts: Path | None = typer.Option(None, help="Also write the rows of each part here, as JSON."),
) -> None:
    """Split a table into train, validation and test without leaking one into the other.

    Example stage:  mltool measure split data/rows.parquet --time sold_at --out data/split
    """
    if [bool(time), bool(group), random].count(True) != 1:
        raise UserError("Say how to split: exactly one of --time, --group and --random.", "Rows with a date: --time.")
    if stratify and not random:
        raise UserError("--stratify goes with --random only.")
    measure = _room()
    frame, parts_of = measure.read(data), _shares(measure, shares)
    if time:
        parts = measure.by_time(frame, time=time, shares=parts_of, source=str(data))
    elif group:
        parts = measure.by_group(frame, group=group, seed=seed, shares=parts_of, source=str(data))
    else:
        parts = measure.at_random(frame, seed=seed, shares=parts_of, stratify=stratify or None, source=str(data))
    for name in parts.counts():
        measure.write(out / f"{name}{data.suffix}", getattr(parts, name))
    if counts:
        measure.write_fact(counts, parts.counts())
    typer.echo(", ".join(f"{name} {rows} rows" for name, rows in parts.counts().items()))


def cost(
    command: list[str] = typer.Argument(..., help="The program to measure, after `--`."),
    out: Path = typer.Option(Path(COST), help="Where the costs go; numbers of other names there are kept."),
    name: str = typer.Option("train", help="What is measured: writes NAME_seconds, NAME_cpu_seconds."),
    model: Path | None = typer.Option(None, help="File or folder of the model: writes model_bytes."),
) -> None:
    """Run a program, in any language, and write what it cost: seconds, CPU seconds, peak memory, model size.

    Example stage:  mltool measure cost --model models/model.bin -- python train.py
    """
    measure = _room()
    code, spent = measure.command(command)
    if code:
        typer.echo(f"mltool: `{command[0]}` ended with exit code {code}; no cost was written.", err=True)
        raise typer.Exit(code if code > 0 else 128 - code)
    fact = {**_kept(out), f"{name}_seconds": spent.seconds, f"{name}_cpu_seconds": spent.cpu_seconds}
    if spent.peak_memory_bytes is not None:
        fact["peak_memory_bytes"] = spent.peak_memory_bytes
    if model is not None:
        fact["model_bytes"] = measure.size(model)
    measure.write_fact(
        out, {key: measure.number(value) if isinstance(value, float) else value for key, value in fact.items()}
    )
    typer.echo(", ".join(f"{key} {value:g}" for key, value in fact.items()))


def _room() -> ModuleType:
    return extra.load("mltool.measure", doing="Measuring")


def _shares(measure: ModuleType, text: str) -> object:
    try:
        train, validation, test = (float(share) for share in text.split(","))
    except ValueError as error:
        raise UserError(f"--shares {text} are not three numbers.", "Write them so: 0.7,0.15,0.15") from error
    return measure.Shares(train=train, validation=validation, test=test)


def _kept(out: Path) -> dict[str, float]:
    try:
        found = json.loads(out.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UserError(f"{out} is not JSON: {error}.", "Delete it; this command writes it anew.") from error
    if not isinstance(found, dict):
        raise UserError(f"{out} is no object of names and numbers.", "Delete it; this command writes it anew.")
    return {key: value for key, value in found.items() if isinstance(value, int | float)}
