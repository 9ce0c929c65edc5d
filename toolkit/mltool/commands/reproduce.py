"""`mltool ci run`: reproduce the pipeline where nothing but the commit and a remote is at hand."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mltool.config import Ci
from mltool.errors import Exit, MltoolError, OutsideError, UserError
from mltool.scaffold.remotes import Remote
from mltool.shell import Result
from mltool.snapshot.model import Stage


@dataclass(frozen=True, kw_only=True)
class Edges:
    """What touches the world: `tee` runs a program with its output shown, `say` prints a line."""

    tee: Callable[[Sequence[str], Path], Result]
    say: Callable[[str], None]
    on_github: bool = False


def run(folder: Path, *, ci: Ci, stages: Iterable[Stage], remote: Remote | None, edges: Edges) -> Exit:
    """Run `dvc repro` in `folder`.

    Raises UserError for a pipeline that does not run to its end, OutsideError for a remote that does not answer.
    """
    command, why = arguments(ci=ci, stages=tuple(stages), remote=remote)
    edges.say(f"{' '.join(command)}   ({why})")
    if edges.on_github:
        edges.say("::group::Reproduce the pipeline")
    try:
        done = edges.tee(command, folder)
    finally:
        if edges.on_github:
            edges.say("::endgroup::")
    if done.code:
        raise failure(done.err, remote=remote)
    return Exit.GOOD


def arguments(*, ci: Ci, stages: Sequence[Stage], remote: Remote | None) -> tuple[tuple[str, ...], str]:
    """Return the command and why it is this one."""
    if remote is None:
        return ("dvc", "repro"), "no remote is configured, so every stage whose outputs are not here runs"
    everything = ("dvc", "repro", "--pull")
    if ci.pull == "all" or (ci.pull == "auto" and ci.tests):
        return everything, f"all data comes from the remote {remote.name}; `ci.pull` decides"
    if inside := reads_inside(stages):
        stage, path = inside
        # https://github.com/treeverse/dvc/issues/11099: DVC then takes a stage for unchanged that is not.
        return everything, f"`{stage}` reads {path}, a part of another stage's folder, so DVC must see all data"
    return (*everything, "--allow-missing"), f"only what the stages need comes from the remote {remote.name}"


def reads_inside(stages: Sequence[Stage]) -> tuple[str, str] | None:
    """Return the first stage that depends on a path strictly inside another stage's output, with the path."""
    outputs = {out.path.rstrip("/") for stage in stages for out in stage.outs}
    for stage in stages:
        for dep in stage.deps:
            parts = dep.path.split("/")
            if any("/".join(parts[:count]) in outputs for count in range(1, len(parts))):
                return stage.address, dep.path
    return None


_STAGE = re.compile(r"failed to reproduce '(?P<stage>[^']+)': failed to run: .*, exited with (?P<code>-?\d+)")
_NOT_THERE = re.compile(r"missing data 'source': (.+)|Missing cache files|Checkout failed for following targets")
_PLUG_IN = re.compile(r"(\w+) is supported, but requires '(dvc-\w+)' to be installed")
_OUTSIDE = re.compile(
    r"^ERROR: (?P<what>.*(?:connect|credential|time.?out|forbidden|denied|unauthori|resol(?:ve|ution)|unreachable"
    r"|reset by peer|SSL|certificate|no such bucket|NoSuchBucket|\b40[13]\b|\b429\b|\b50\d\b).*)$",
    re.IGNORECASE | re.MULTILINE,
)
_FIRST = re.compile(r"^(?:ERROR: |')(?P<what>.*)$", re.MULTILINE)


def failure(text: str, *, remote: Remote | None) -> MltoolError:
    """Return what DVC's words on standard error mean for whoever has to act."""
    if found := _STAGE.search(text):
        return UserError(
            f"Stage `{found['stage']}` failed: its command ended with exit code {found['code']}.",
            f"Its output is above; `dvc repro {found['stage']}` shows the same on your machine.",
        )
    if found := _PLUG_IN.search(text):
        return UserError(
            f"DVC cannot reach a {found[1]} remote: {found[2]} is not installed.", f"Add {found[2]} to your packages."
        )
    if found := _OUTSIDE.search(text):
        return OutsideError(_remote_said(found["what"], remote), "Check the login and the remote, and try again.")
    if found := _NOT_THERE.search(text):
        where = f"the remote {remote.name}" if remote else "this checkout, and no remote is configured"
        what = f"{found[1]} is" if found[1] else "Data that dvc.lock names is"
        return UserError(f"{what} not in {where}.", "Run `dvc push` where the data is.")
    return UserError(f"DVC could not reproduce the pipeline{_because(text)}.", "DVC's own words are above.")


def _remote_said(what: str, remote: Remote | None) -> str:
    name = f"The remote {remote.name} ({remote.url})" if remote else "A remote"
    return f"{name} failed: {what.removeprefix('unexpected error - ').rstrip('.')}."


def _because(text: str) -> str:
    found = _FIRST.search(text)
    return f": {found['what'].rstrip('.')}" if found else ""
