"""`mltool verify`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import PolicyOf, Signers


def verify(
    bundle: Annotated[Path, typer.Argument(help="A bundle: the .tar, or the folder it was unpacked to.")],
    signers: Signers = None,
    digest: Annotated[str, typer.Option("--digest", help="The release that it must be, as sha256:….")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    project: PolicyOf = Path(),
) -> None:
    """Check a bundle before anything of it is loaded: files, origin, what it may do.

    Checksums always; signatures and what a model may hold by the policy in
    mltool.toml. Exits 0 when it is good, 1 when it is refused, 2 for what is no
    bundle.
    """
    from mltool.commands import bundle_words
    from mltool.commands import verify as verb

    found = verb.inspect(bundle, folder=project, signers=signers, digest=digest)
    output.put(bundle_words.judged_json(found) if as_json else bundle_words.judged(found))
    raise typer.Exit(1 if found.findings else 0)
