"""`mltool ci run`: reproduce the pipeline where nothing but the commit and a remote is at hand."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mltool.config import Ci
from mltool.dvc.program import program
from mltool.errors import Exit, MltoolError, OutsideError, UserError
from mltool.scaffold.remotes import Remote
from mltool.shell import Result
from mltool.snapshot.model import Snapshot
from mltool.snapshot.paths import parents


@dataclass(frozen=True, kw_only=True)
class Edges:
    """What touches the world: `tee` runs a program with its output shown, `say` prints a line."""

    tee: Callable[[Sequence[str], Path], Result]
    say: Callable[[str], None]
    on_github: bool = False


def run(folder: Path, *, ci: Ci, snapshot: Snapshot, remote: Remote | None, edges: Edges) -> Exit:
    """Run `dvc repro` in `folder`.

    Raises UserError for a pipeline that does not run to its end, OutsideError for a remote that does not answer.
    """
    words, why = arguments(ci=ci, snapshot=snapshot, remote=remote)
    edges.say(f"dvc {' '.join(words)}   ({why})")
    if edges.on_github:
        edges.say("::group::Reproduce the pipeline")
    try:
        done = edges.tee((*program(), *words), folder)
    finally:
        if edges.on_github:
            edges.say("\n::endgroup::")  # DVC may end without a line break
    if done.code:
        raise failure(done.err, remote=remote)
    return Exit.GOOD


def arguments(*, ci: Ci, snapshot: Snapshot, remote: Remote | None) -> tuple[tuple[str, ...], str]:
    """Return the words after `dvc`, and why they are these."""
    if remote is None:
        return ("repro",), "no remote is configured, so every stage whose outputs are not here runs"
    everything = ("repro", "--pull")
    if ci.pull == "all" or (ci.pull == "auto" and ci.tests):
        return everything, f"all data comes from the remote {remote.name}; `ci.pull` decides"
    if inside := reads_inside(snapshot):
        stage, path = inside
        # With --allow-missing DVC takes such a stage for unchanged: https://github.com/treeverse/dvc/issues/11099
        return everything, f"`{stage}` reads {path}, a part of a folder, so DVC must see all data"
    return (*everything, "--allow-missing"), f"only what the stages need comes from the remote {remote.name}"


def reads_inside(snapshot: Snapshot) -> tuple[str, str] | None:
    """Return the first stage that depends on a path strictly inside a folder that DVC keeps, with the path."""
    kept = {out.path for out in snapshot.data} | {out.path for stage in snapshot.stages for out in stage.outs}
    for stage in snapshot.stages:
        for dep in stage.deps:
            if not kept.isdisjoint(parents(dep.path)):
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
