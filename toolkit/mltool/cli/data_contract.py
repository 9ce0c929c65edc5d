"""`mltool data infer`, `check` and `convert`."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import typer

from mltool.cli import extra, output
from mltool.errors import UserError


class Form(StrEnum):
    """What a contract can be turned into, and back."""

    CONTRACT = "contract"
    FRICTIONLESS = "frictionless"
    PANDERA = "pandera"
    TFDV = "tfdv"


def infer(
    table: Path = typer.Argument(..., help="A table, .parquet or .csv, or a folder of such parts."),
    out: Path | None = typer.Option(None, help="Where the contract goes. Default: print it."),
    force: bool = typer.Option(False, "--force", help="Replace a contract that is there."),
) -> None:
    """Write a first contract that the table keeps, for people to tighten.

    Example:  mltool data infer data/train.parquet --out contracts/train.yaml
    """
    verb = extra.load("mltool.commands.data_contract", doing="Reading tables")
    if out and out.exists() and not force:
        raise UserError(f"{out} exists.", "`mltool data check --suggest` shows how to change it; --force replaces it.")
    contract = verb.infer(table)
    if out:
        verb.write(out, contract)
        typer.echo(f"Wrote {out}. Read it, and tighten what you know better.")
    else:
        output.put(contract)


def check(
    contract: Path = typer.Argument(..., help="The contract, .yaml."),
    table: Path = typer.Argument(..., help="The table, .parquet or .csv, or a folder of such parts."),
    environment: str = typer.Option("", help="Where the table comes from: one of the contract's environments."),
    now: datetime | None = typer.Option(
        None, help="What ages are counted to, in UTC. Default: the clock.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
    ),
    out: Path | None = typer.Option(None, help="Also write the result here, as JSON: what a DVC stage leaves behind."),
    base: str = typer.Option("", help="Compare the row count with that of --out at this revision."),
    examples: int = typer.Option(
        3, min=0, max=100, help="Values shown of each broken rule; of sensitive columns, none."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON."),
    suggest: bool = typer.Option(False, "--suggest", help="Print the patch of the contract that would make it pass."),
) -> None:
    """Judge a table by its contract. Exits 0 when every rule holds, 1 when one is broken.

    Example stage:  mltool data check contracts/train.yaml data/train.parquet --out eval/train-check.json
    """
    verb = extra.load("mltool.commands.data_contract", doing="Reading tables")
    if base and not out:
        raise UserError("--base reads what --out was at that revision.", "Name it with --out.")
    result = verb.check(
        contract,
        table,
        now=(now or datetime.now(UTC)).replace(tzinfo=UTC),
        environment=environment,
        last_rows=verb.last_rows(base, out) if base and out else None,
        examples=examples,
        suggest=suggest,
    )
    if out:
        verb.write(out, verb.document(result))
    output.put(verb.document(result) if as_json else verb.words(result))
    raise typer.Exit(verb.exit_code(result))


def convert(
    source: Path = typer.Argument(
        ..., help="A contract or a pandera schema, .yaml; a Table Schema, .json; a TFDV schema, .pbtxt."
    ),
    out: Path | None = typer.Option(None, help="Where the other one goes. Default: print it."),
    to: Form | None = typer.Option(
        None, help="What to write. Default: a contract; out of a contract, what the name of --out says."
    ),
) -> None:
    """Turn a contract into a schema of Frictionless, pandera or TFDV, or back, and say what the other cannot.

    Example:  mltool data convert contracts/train.yaml --out train.schema.json
    """
    verb = extra.load("mltool.commands.data_contract", doing="Reading tables")

    def form(name: str) -> ModuleType:
        return extra.load(f"mltool.data.exchange.{name}", doing=f"A schema of {name}")

    text, notes = verb.convert(source, to=to.value if to else verb.target(source, out), form=form)
    for note in notes:
        typer.echo(f"mltool: {note}", err=True)
    if out:
        verb.write(out, text)
        typer.echo(f"Wrote {out}.")
    else:
        output.put(text)
