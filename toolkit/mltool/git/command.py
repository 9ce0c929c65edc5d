"""Run Git in a clean environment, with output that is safe to parse."""

import os
from collections.abc import Mapping
from pathlib import Path

from mltool import shell
from mltool.errors import UserError

# Git sets GIT_DIR, GIT_INDEX_FILE and others for its hooks; they would make us answer about another repository.
# What says who we are, how to reach a remote and which configuration counts stays.
KEPT = frozenset(
    {
        "GIT_ALLOW_PROTOCOL",
        "GIT_ASKPASS",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_SYSTEM",
        "GIT_EXEC_PATH",
        "GIT_HTTP_PROXY_AUTHMETHOD",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSH_VARIANT",
        "GIT_SSL_CAINFO",
        "GIT_SSL_NO_VERIFY",
    }
)
KEPT_FAMILIES = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")


def environ(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for Git: no repository but the one it is run in, no locks, no prompts, no translation."""
    clean = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("GIT_") or name in KEPT or name.startswith(KEPT_FAMILIES)
    }
    return clean | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def ask(root: Path, *words: str, stdin: bytes | None = None, timeout: float | None = None) -> shell.Result:
    """Run `git WORDS` in `root` and return what it said, whatever its exit code."""
    return shell.run(("git", *words), cwd=root, stdin=stdin, environ=environ(os.environ), timeout=timeout)


def answer(root: Path, *words: str, stdin: bytes | None = None) -> bytes:
    """Return what `git WORDS` prints, or raise UserError with Git's own first sentence."""
    result = ask(root, *words, stdin=stdin)
    if result.code:
        raise UserError(f"`git {words[0]}` failed in {root}: {reason(result)}")
    return result.out


def line(root: Path, *words: str) -> str:
    """Return the one line that `git WORDS` prints."""
    return os.fsdecode(answer(root, *words)).removesuffix("\n")


def reason(result: shell.Result) -> str:
    """Return the sentence in which Git says what went wrong."""
    said = [text.strip() for text in result.err.splitlines() if text.strip()]
    fatal = next((text for text in said if text.startswith(("fatal:", "error:"))), said[0] if said else "no reason")
    return fatal.partition(": ")[2] or fatal
