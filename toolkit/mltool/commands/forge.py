"""Our repository on GitHub, where there is one: from the job's environment, or from the remote `origin`."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mltool import __version__, git, http
from mltool.errors import UserError
from mltool.forges.session import Session
from mltool.git import command

TOKENS: Final = ("MLTOOL_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
_NAME: Final = re.compile(r"(?!\.+/)[A-Za-z0-9_.-]+/(?!\.+$)[A-Za-z0-9_.-]+")
_ON_GITHUB: Final = re.compile(r"(?:(?:https|ssh)://(?:[^@/]*@)?github\.com(?::[0-9]+)?/|[^@/]*@?github\.com:)(.+)")


@dataclass(frozen=True, kw_only=True)
class Forge:
    """A repository on GitHub and, in a job of GitHub Actions, the run; `tag` is what a person started it for."""

    session: Session
    repository: str
    run: str = ""
    tag: str = ""


def connect(project: git.Project, environ: Mapping[str, str] | None = None, *, repository: str = "") -> Forge | None:
    """Return our repository on GitHub, None where there is none or no token; nothing is sent yet.

    Raises UserError for an unsafe address and for a name that no repository has.
    """
    environ = os.environ if environ is None else environ
    token = next((environ[name] for name in TOKENS if environ.get(name)), "")
    repository = repository or environ.get("GITHUB_REPOSITORY", "") or of_remote(project)
    if not token or not repository:
        return None
    if not _NAME.fullmatch(repository):
        raise UserError(f"`{repository[:80]}` is not a repository on GitHub.", "Write it as owner/name.")
    api = environ.get("GITHUB_API_URL", "") or "https://api.github.com"
    session = Session(base=api, token=http.Secret(token), send=http.connect(api), agent=f"mltool/{__version__}")
    return Forge(session=session, repository=repository, run=environ.get("GITHUB_RUN_ID", ""), tag=_input(environ))


def of_remote(project: git.Project) -> str:
    """Return `owner/name` of the remote `origin` where that is on github.com, else an empty string."""
    url = command.ask(project.root, "config", "--get", f"remote.{git.ORIGIN}.url").out.decode(errors="replace").strip()
    found = _ON_GITHUB.fullmatch(url)
    return found[1].strip("/").removesuffix(".git") if found else ""


def _input(environ: Mapping[str, str]) -> str:
    """Return the tag that a person gave to `workflow_dispatch`."""
    if environ.get("GITHUB_EVENT_NAME") != "workflow_dispatch":
        return ""
    try:
        inputs = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_bytes()).get("inputs") or {}
    except (OSError, ValueError, AttributeError):
        return ""
    tag = inputs.get("tag") if isinstance(inputs, dict) else ""
    return tag if isinstance(tag, str) else ""
