"""Annotated tags as objects alone: no ref, no checkout, no index is touched."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mltool import shell
from mltool.errors import UserError
from mltool.git import command
from mltool.git.project import Project
from mltool.registry import trailers

SIGN: Final = "--sign"
TAGS: Final = "refs/tags/"
_SETTINGS: Final = r"^(user|gpg|gpg\.ssh|gpg\.openpgp|gpg\.x509|tag|committer)\."

Write = Callable[[str, str, str], str]


@contextmanager
def tag_writer(project: Project) -> Iterator[Write]:
    """Yield a function (name, commit, message) → SHA that makes annotated tag objects, signed where Git is set up so.

    No ref is made: what is never pushed or recorded never was. Raises UserError where Git does not know who we are or
    cannot sign.
    """
    objects = project.root / command.line(project.root, "rev-parse", "--git-path", "objects")
    settings = _settings(project)
    sign = _sign(dict(settings))
    with tempfile.TemporaryDirectory(prefix="mltool-ledger-") as folder:
        environ = command.environ(os.environ) | _as_environ(settings)
        environ |= {"GIT_DIR": folder, "GIT_OBJECT_DIRECTORY": str(objects)}
        form = command.line(project.root, "rev-parse", "--show-object-format")
        _run(Path(folder), environ, "init", "--quiet", "--bare", f"--object-format={form}", folder)

        def write(name: str, commit: str, message: str) -> str:
            words = ("tag", sign, "--cleanup=verbatim", "--file=-", "--", name, commit)
            _run(Path(folder), environ, *words, stdin=message.encode())
            if sign == SIGN:
                _want_signature(_run(Path(folder), environ, "cat-file", "tag", f"{TAGS}{name}"))
            return _run(Path(folder), environ, "rev-parse", "--verify", f"{TAGS}{name}").decode().strip()

        yield write


def _settings(project: Project) -> list[tuple[str, str]]:
    listed = command.ask(project.root, "config", "-z", "--get-regexp", _SETTINGS).out.decode(errors="replace")
    return [(key, value) for key, _, value in (entry.partition("\n") for entry in listed.split("\0") if entry)]


def _as_environ(settings: list[tuple[str, str]]) -> dict[str, str]:
    pairs = {
        f"GIT_CONFIG_{part}_{at}": text
        for at, pair in enumerate(settings)
        for part, text in zip(("KEY", "VALUE"), pair, strict=True)
    }
    return pairs | {"GIT_CONFIG_COUNT": str(len(settings))}


def _sign(settings: Mapping[str, str]) -> str:
    """Return the flag of `git tag`: signed where Git is told to, or is given an SSH key and not told not to."""
    asked = settings.get("tag.gpgsign", "").lower()
    if asked in ("true", "yes", "on", "1") or ("tag.gpgsign" in settings and not asked):
        return SIGN
    by_key = settings.get("gpg.format") == "ssh" and settings.get("user.signingkey")
    return SIGN if by_key and not asked else "--no-sign"


def _want_signature(tag: bytes) -> None:
    """Raise UserError for a tag without a signature: Git 2.39 makes one, and exits 0, where ssh-keygen finds no key."""
    if not trailers.words(tag.decode(errors="replace"))[1]:
        raise UserError("Git is set up to sign and could not.", "Check `user.signingKey`, and that ssh-agent has it.")


def _run(folder: Path, environ: Mapping[str, str], *words: str, stdin: bytes | None = None) -> bytes:
    result = shell.run(("git", *words), cwd=folder, stdin=stdin, environ=environ)
    if result.code == 0:
        return result.out
    if "tell me who you are" in result.err or "empty ident" in result.err or "auto-detect" in result.err:
        raise UserError(
            "Git does not know who you are, and every event names its author.",
            "Run `git config user.name …` and `git config user.email …`.",
        )
    raise UserError(f"Git cannot make the tag: {command.reason(result)}.")
