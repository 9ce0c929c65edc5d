"""Who signed a tag, and who wrote a commit."""

import re
import tempfile
from pathlib import Path

from mltool.git import command
from mltool.git.project import Project

# What Git passes on from ssh-keygen; the address is one of the principals in the file of allowed signers.
GOOD = re.compile(r'^Good "git" signature for (\S+) with ', re.MULTILINE)


def signer(project: Project, tag: str, *, allowed: bytes) -> str:
    """Return the principal whose SSH signature the tag object `tag` (a SHA) carries; empty where none is good.

    `allowed` is the content of a file of allowed signers (`man ssh-keygen`, ALLOWED SIGNERS): times and namespaces in
    it count.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "allowed_signers"
        file.write_bytes(allowed)
        words = ("-c", f"gpg.ssh.allowedSignersFile={file}", "-c", "gpg.format=ssh", "verify-tag", "--raw", tag)
        result = command.ask(project.root, *words)
    found = GOOD.search(result.err)
    # `*@example.org` lets a key in and says of nobody that it is theirs.
    return found[1] if result.code == 0 and found and not re.search(r"[*?!]", found[1]) else ""


def authors(project: Project, commit: str) -> tuple[str, ...]:
    """Return the e-mail addresses of who wrote a commit, in lower case: co-authors too, and for a merge those of what
    it brought in, for who pressed the button wrote nothing.

    Anybody can write any address into a commit. Raises UserError where a shallow clone hides them.
    """
    parents = command.line(project.root, "rev-list", "--parents", "--max-count=1", commit).split()[1:]
    span = ("--no-merges", f"{parents[0]}..{commit}") if len(parents) > 1 else ("--max-count=1", commit)
    layout = "--format=%ae%n%(trailers:key=Co-authored-by,valueonly)"
    lines = command.answer(project.root, "log", layout, *span).decode(errors="replace").splitlines()
    mails = [line.rpartition("<")[2].rstrip("> ").strip().lower() for line in lines if line.strip()]
    return tuple(dict.fromkeys(mails)) or (command.line(project.root, "log", "-1", "--format=%ae", commit).lower(),)


def tree(project: Project, commit: str) -> str | None:
    """Return the Git tree of the project at a commit; None where this clone does not have it."""
    name = f"{commit}:{project.prefix}" if project.prefix else f"{commit}^{{tree}}"
    result = command.ask(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
    return result.out.decode().strip() or None if result.code == 0 else None
