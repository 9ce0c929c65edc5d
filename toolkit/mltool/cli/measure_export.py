"""`mltool measure export`: what the pipeline leaves for a release."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from mltool.errors import UserError

if TYPE_CHECKING:
    from mltool.config import Config


def export(
    model: Path = typer.Argument(..., help="The fitted model, as measure.save_model writes it."),
    rows: Path = typer.Option(..., help="Table of the training rows: the schema is told from them."),
    golden: Path = typer.Option(..., help="Table of other rows: golden rows come from it, ONNX is compared on it."),
    truth: str = typer.Option("y_true", help="Column of what was true, which the model does not see."),
    out: Path = typer.Option(..., help="Where it goes: the folder `export` of the model, or release/NAME."),
    columns: list[str] = typer.Option([], "--column", help="With a loader: a column that the model takes. Repeatable."),
    task: Literal["auto", "binary", "multiclass", "regression"] = typer.Option(
        "auto", help="With a loader: what is predicted; auto tells it from the truth."
    ),
    onnx: bool = typer.Option(True, "--onnx/--no-onnx", help="Also write ONNX, if it says the same as scikit-learn."),
) -> None:
    """Write what a release needs of a model: schema, golden rows with their predictions, ONNX, digests.

    Types to trust, pickle and loader stand in the table of the model in mltool.toml.

    Example stage:  mltool measure export models/model.skops --rows data/train.parquet --golden
    data/validation.parquet --out release/delay
    """
    from mltool import config, disk

    room = _room()
    asked = room.Asked(
        model=model,
        training=rows,
        others=golden,
        truth=truth,
        out=out,
        columns=tuple(columns),
        task=None if task == "auto" else task,
    )
    settings = config.load(disk.read(Path(), (config.FILE, config.PYPROJECT)))
    done = room.export(asked, _policy(settings, asked, room), convert=_converter() if onnx else None)
    for path in done.files:
        typer.echo(f"Wrote {path}")
    typer.echo(f"{done.golden_rows} golden rows, served by {done.backend}")
    if done.attempt.parity is not None:
        typer.echo(f"onnx: {done.attempt.parity.rows} rows, differs by up to {done.attempt.parity.max_difference:g}")
    elif onnx:
        typer.echo(f"No ONNX: {done.attempt.reason}")


def _policy(settings: "Config", asked: Any, room: Any) -> Any:
    for name, model in settings.models.items():
        if model.path == asked.model.as_posix() or (model.export or f"release/{name}") == asked.out.as_posix():
            return room.Policy(
                name=name, trusted=model.trusted, pickle=model.pickle, loader=model.loader, packages=model.packages
            )
    return room.Policy(name=asked.out.name)


def _room() -> Any:
    try:
        from mltool.measure.export import exporting
    except ModuleNotFoundError as error:
        raise _missing(error, "measure") from error
    return exporting


def _converter() -> Callable[..., Any]:
    try:
        from mltool.measure.export import to_onnx
    except ModuleNotFoundError as error:
        raise _missing(error, "onnx", "Or say --no-onnx.") from error
    return to_onnx.attempt


def _missing(error: ModuleNotFoundError, extra: str, else_: str = "") -> Exception:
    known = {"numpy", "pandas", "pyarrow", "sklearn", "skops", "onnx", "onnxruntime", "skl2onnx"}
    if (error.name or "").partition(".")[0] not in known:
        return error
    return UserError(f"Exporting a model needs {error.name}.", f"pip install 'mltool-ci[{extra}]' {else_}".strip())
