"""`mltool ci`: workflows out of `[ci]`, whether they are still what it makes, and what they run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mltool import __version__, config, disk
from mltool.commands import reproduce
from mltool.commands.pipeline import pipeline
from mltool.config import Config
from mltool.errors import Exit, UserError
from mltool.git import Project
from mltool.scaffold import answers, plan, remotes, template
from mltool.scaffold.model import Kind, Plan

COMMAND = "mltool ci generate"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The folder that is worked on, where templates lie, and where sentences go."""

    root: Path
    templates: Path
    say: Callable[[str], None]


def generate(desk: Desk, *, force: bool = False) -> Exit:
    """Write the workflows of `[ci]`.

    Raises UserError for a file that was edited by hand or is not ours, with the diff, unless `force`; then nothing is
    written at all.
    """
    made = make_plan(desk, load(desk.root))
    blocked = made.of(Kind.EDITED, Kind.FOREIGN)
    if blocked and not force:
        for step in blocked:
            desk.say(plan.diff(step))
        raise UserError(_refusal(made), f"Keep what you need in [ci] of {config.FILE}, then run `{COMMAND} --force`.")
    written = apply(desk, made, Kind.NEW, Kind.CHANGED, Kind.OBSOLETE, *((Kind.EDITED, Kind.FOREIGN) if force else ()))
    if not written:
        desk.say("Nothing to do: every workflow is up to date.")
    return Exit.GOOD


def check(desk: Desk) -> Exit:
    """Say which workflows `generate` would change, with the diff; a newer pin than ours is no difference."""
    made = make_plan(desk, load(desk.root))
    stale = made.of(Kind.NEW, Kind.CHANGED, Kind.EDITED, Kind.FOREIGN, Kind.OBSOLETE)
    for step in stale:
        if step.now is not None:
            desk.say(plan.diff(step))
        desk.say(f"{step.path}: {SENTENCES[step.kind]}")
    if stale:
        force = " --force" if made.of(Kind.EDITED, Kind.FOREIGN) else ""
        desk.say(f"Run `{COMMAND}{force}` and commit the result.")
        return Exit.FAILED
    desk.say("Every workflow is what mltool.toml asks for.")
    return Exit.GOOD


def run(project: Project, edges: reproduce.Edges) -> Exit:
    """Reproduce the pipeline of a project.

    Raises UserError for a pipeline that is broken, OutsideError for a remote that does not answer.
    """
    folder = project.folder
    remote = remotes.default(disk.read(folder, (remotes.FILE,)).get(remotes.FILE, b""))
    if remote and remote.kind == "local" and not (folder / ".dvc" / remote.url).exists():
        edges.say(
            f"The remote {remote.name} is a folder that is not on this machine ({remote.url}): nothing is pulled."
        )
        remote = None
    return reproduce.run(folder, ci=load(folder).ci, snapshot=pipeline(project), remote=remote, edges=edges)


SENTENCES = {
    Kind.NEW: "missing",
    Kind.CHANGED: "no longer what the settings and this version of mltool make",
    Kind.EDITED: "edited by hand",
    Kind.FOREIGN: "not written by mltool",
    Kind.OBSOLETE: "no longer wanted by the settings",
}


def load(root: Path) -> Config:
    """Return the configuration in `root`; raises UserError where it cannot be understood."""
    return config.load(disk.read(root, (config.FILE, config.PYPROJECT)))


def read_template(templates: Path, name: str) -> template.Template:
    """Return the CI template `name`; raises UserError naming those that exist."""
    known = sorted(path.parent.name for path in templates.glob(f"*/{template.MANIFEST}"))
    parsed = {folder: template.parse(folder, disk.read_folder(templates / folder)) for folder in known}
    systems = [folder for folder in known if parsed[folder].manifest.kind == "ci"]
    if name not in systems:
        raise UserError(f"{config.FILE}: no templates for `ci.provider` {name!r}.", f"Known: {', '.join(systems)}.")
    return parsed[name]


def make_plan(desk: Desk, settings: Config, *, once: bool = False) -> Plan:
    """Return what writing the workflows that the settings ask for does; `once` files only where asked for."""
    answers.check(settings.ci)
    system = read_template(desk.templates, settings.ci.provider)
    context = {"ci": settings.ci, "models": settings.models, "release": settings.release}
    entries = system.manifest.files
    present = disk.read(desk.root, [path for entry in entries for path in (entry.destination, *entry.unless)])
    files = template.render(system, context, version=__version__, present=present)
    return plan.make(
        [file for file in files if once or not file.once],
        existing={path: content.decode(errors="replace") for path, content in present.items()},
        style=system.style,
        unwanted=template.unwanted(system, context),
    )


def apply(desk: Desk, made: Plan, *kinds: Kind) -> int:
    """Do the steps of these kinds, say each, and return how many there were."""
    steps = made.of(*kinds)
    for step in steps:
        if step.then is None:
            disk.remove(desk.root / step.path)
            desk.say(f"deleted {step.path}: {step.why}")
        else:
            disk.write(desk.root / step.path, step.then)
            desk.say(f"{'wrote' if step.now is None else 'updated'} {step.path}")
    return len(steps)


def _refusal(made: Plan) -> str:
    parts = [f"{step.path} ({SENTENCES[step.kind]})" for step in made.of(Kind.EDITED, Kind.FOREIGN)]
    return f"Nothing was written, because it would overwrite {', '.join(parts)}."
