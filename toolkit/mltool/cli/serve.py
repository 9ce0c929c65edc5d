"""`mltool serve`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import PolicyOf, Signers
from mltool.errors import UserError


def serve(
    bundle: Annotated[Path, typer.Argument(help="A bundle: the .tar, or the folder it was unpacked to.")],
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = 8501,
    log: Annotated[Path | None, typer.Option("--log", help="Write every prediction to this file.")] = None,
    signers: Signers = None,
    bench: Annotated[bool, typer.Option("--bench", help="Measure what a request costs, and stop.")] = False,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=600, help="How long to measure each.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="With --bench: print the figures as JSON.")] = False,
    project: PolicyOf = Path(),
) -> None:
    """Serve a bundle's model: verified, in a clean environment of its own requirements.

    \b
    curl localhost:8501/predict -H 'content-type: application/json' -d '{"carrier": "AA", "hour": 7}'

    docs/serve.md has the endpoints. Ctrl-C answers what was asked, and stops. With --bench it prints requests per
    second, CPU time per request, latencies, start time and memory.
    """
    from mltool.commands import serve as verb

    if as_json and not bench:
        raise UserError("--json goes with --bench.", "Leave it out, or add --bench.")
    if bench:
        found = verb.bench(bundle, project=project, signers=signers, seconds=seconds)
        output.put(verb.document(found) if as_json else verb.table(found))
        return
    options = ["--host", host, "--port", str(port)]
    options += ["--log", str(log.resolve())] if log else []
    raise typer.Exit(verb.serve(bundle, options, project=project, signers=signers))
