"""`mltool init`: a DVC project → its settings and workflows; an empty folder → a whole project."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mltool import __version__, config, disk, git
from mltool.commands import ci as workflows
from mltool.commands.proposal import Proposal, carry_out, show, show_kept
from mltool.config import Ci, Config
from mltool.dvc.program import program
from mltool.errors import Exit, UserError
from mltool.git import Project
from mltool.scaffold import answers, detect, plan, settings, template
from mltool.scaffold.detect import Finding
from mltool.scaffold.model import Kind, Plan, Step
from mltool.snapshot.model import Snapshot

OWN_WORKFLOW = "Move it there, or call `mltool ci run` and `mltool report -C FOLDER` from a workflow of your own."
STARTER = "project"
SETTINGS = "settings"
# What a folder may hold and still be empty: what forges and editors put into a new one.
NOTHING = {".git", ".gitattributes", ".gitignore", ".idea", ".vscode", ".venv", "LICENSE", "README.md"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asked for; `given` are settings of `[ci]` that need no detecting."""

    folder: Path
    given: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    yes: bool = False


@dataclass(frozen=True, kw_only=True)
class Edges:
    """What touches the world. `ask` is None where there is nobody to answer; `read` reads a pipeline.

    `python` is the version that runs here, for example 3.13: what a release is exported with, if no file says another.
    """

    templates: Path
    say: Callable[[str], None]
    ask: Callable[[str], bool] | None
    read: Callable[[Project], Snapshot]
    python: str


def run(request: Request, edges: Edges) -> Exit:
    """Show what would be written, ask, and write it. Nothing that is there is ever overwritten.

    Raises UserError where there is nothing to set up, a file is broken, or nobody can answer the question.
    """
    proposal = propose(request, edges)
    new = proposal.plan.of(Kind.NEW)
    if not new and not proposal.first:
        show_kept(proposal.plan, edges.say)
        edges.say("Nothing to do: everything that `mltool init` writes is there.")
        return Exit.GOOD
    show(proposal, edges.say)
    if request.dry_run:
        for step in new:
            edges.say(plan.diff(step))
        return Exit.GOOD
    if not request.yes and not _agreed(edges, proposal):
        edges.say("Nothing was written.")
        return Exit.GOOD
    carry_out(proposal, edges.say)
    return Exit.GOOD


def propose(request: Request, edges: Edges) -> Proposal:
    """Return what would be done in the folder; reads only."""
    if is_empty(request.folder):
        return starter(request, edges)
    root = git.repository(request.folder).root
    if not (root / ".dvc").is_dir():
        raise _not_at_the_top(request.folder)
    return adopt(Project(root=root), request, edges)


def adopt(project: Project, request: Request, edges: Edges) -> Proposal:
    """Return the settings and workflows for a DVC project that has none, or lacks some of them."""
    present = disk.read(project.root, (config.FILE, config.PYPROJECT))
    findings: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()
    if config.FILE in present or "mltool" in config.toml(config.PYPROJECT, present.get(config.PYPROJECT, b"")).get(
        "tool", {}
    ):
        wanted = config.load(present)
        _refuse_given(request.given)
    else:
        tree = git.WorkTree(project)
        paths = tree.paths()
        proposed = detect.propose(
            paths,
            tree.read(detect.wanted(paths)),
            snapshot=edges.read(project),
            branch=branch(project),
            python=edges.python,
            given=request.given,
        )
        wanted, findings = Config(ci=proposed.ci), proposed.findings
        steps = _render(edges.templates, SETTINGS, project.root, {"gates": proposed.gates}, proposed.ci)
    desk = workflows.Desk(root=project.root, templates=edges.templates, say=edges.say)
    made = workflows.make_plan(desk, wanted, once=True)
    return Proposal(
        root=project.root,
        findings=findings,
        plan=Plan(steps=(*steps, *made.steps)),
        next=("git add mltool.toml .github", 'git commit -m "Report on pull requests with mltool"'),
    )


def starter(request: Request, edges: Edges) -> Proposal:
    """Return a whole project for an empty folder."""
    folder = request.folder.resolve()
    top = git.top_level(_existing(folder))
    if top is not None and top != folder:
        raise UserError(
            f"{folder} is empty, and inside the Git repository {top}.",
            "Start a project in a folder outside of it, or run `mltool init` at its top.",
        )
    if request.given.get("package_manager", "pip") != "pip":
        raise UserError("The starter lists its packages for pip.", "Leave --package-manager out; change it later.")
    usual = {"tests": "mltool test", "default_branch": "main", "python": edges.python}
    ci = replace(Ci(), **{**usual, **request.given})
    answers.check(ci)
    steps = _render(edges.templates, STARTER, folder, {}, ci)
    desk = workflows.Desk(root=folder, templates=edges.templates, say=edges.say)
    made = workflows.make_plan(desk, _settings(steps), once=True)
    first = () if top else (("git", "init", "--quiet", f"--initial-branch={ci.default_branch}"),)
    return Proposal(
        root=folder,
        findings=(Finding(about="folder", what=f"{folder} is empty: a whole project goes there"),),
        plan=Plan(steps=(*steps, *made.steps)),
        first=(*first, (*program(), "init", "--quiet")),
        next=(
            "pip install -r requirements.txt",
            "dvc repro",
            'git add . && git commit -m "A first model"',
            "mltool test",
        ),
    )


def _not_at_the_top(folder: Path) -> UserError:
    """Return what stands against it: there is no DVC project, or there are some further down."""
    try:
        place = f"The DVC project is in {git.find(folder).prefix}"
    except UserError as error:
        if "-C" not in error.remedy:
            return error
        place = error.what.rstrip(".")
    return UserError(f"{place}; workflows are written for one at the top of the repository.", OWN_WORKFLOW)


def is_empty(folder: Path) -> bool:
    """Return whether a folder holds nothing of a project, or is not there yet; raises UserError for a file."""
    if not folder.exists():
        return True
    if not folder.is_dir():
        raise UserError(f"{folder} is a file, not a folder.")
    return {path.name for path in folder.iterdir()} <= NOTHING


def branch(project: Project) -> str:
    """Return the branch that pull requests go into: the remote's, else the one that is checked out, else main."""
    try:
        return git.default_branch(project).removeprefix("origin/")
    except UserError:
        return git.branch(project) or Ci().default_branch


def _render(templates: Path, name: str, root: Path, context: Mapping[str, Any], ci: Ci) -> tuple[Step, ...]:
    found = template.parse(name, disk.read_folder(templates / name))
    files = template.render(found, {"ci": ci, "ci_table": settings.ci_table(ci), **context}, version=__version__)
    existing = disk.read(root, (file.path for file in files))
    texts = {path: content.decode(errors="replace") for path, content in existing.items()}
    return plan.make(files, existing=texts, style=found.style).steps


def _settings(steps: tuple[Step, ...]) -> Config:
    """Return what the mltool.toml among these files says."""
    return config.load({step.path: (step.then or "").encode() for step in steps if step.path == config.FILE})


def _agreed(edges: Edges, proposal: Proposal) -> bool:
    if edges.ask is None:
        raise UserError("Nothing was written: there is nobody here to ask.", "Run `mltool init --yes`.")
    count = len(proposal.plan.of(Kind.NEW))
    return edges.ask(f"Write {count} file{'' if count == 1 else 's'}?")


def _refuse_given(given: Mapping[str, Any]) -> None:
    if given:
        keys = ", ".join(f"`ci.{name}`" for name in given)
        raise UserError(f"{config.FILE} is there already, and it decides.", f"Change {keys} there.")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())
