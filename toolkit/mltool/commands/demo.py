"""Play a pull request from an empty folder to its report, and a release to a live model and back, on the starter."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mltool import shell
from mltool.errors import Exit, UserError
from mltool.targets import Place, local

MODEL = "parcels"
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command of the play: what is said before it, what is typed, and the exit code it must end with."""

    command: tuple[str, ...]
    title: str = ""
    edit: tuple[str, str, str] | None = None
    """Before the command: in this file, the first text becomes the second."""
    loud: bool = False
    code: Exit = Exit.GOOD


def steps(report: Path) -> tuple[Step, ...]:
    """Return the play; the last report goes into the folder `report`."""
    return (
        Step(title="An empty folder becomes a small project", command=("git", "init", "--quiet", "-b", "main")),
        Step(command=("mltool", "init", "--yes"), loud=True),
        Step(command=("dvc", "repro", "--quiet")),
        Step(command=("git", "add", "--all")),
        Step(command=("git", "commit", "--quiet", "--message", "A first model")),
        Step(command=("python", "-m", "pytest", "--quiet")),
        Step(title="A branch tries shallower trees", command=("git", "switch", "--quiet", "--create", "trees")),
        Step(edit=("params.yaml", "max_depth: 3", "max_depth: 2"), command=("dvc", "repro", "--quiet")),
        Step(command=("python", "-m", "pytest", "--quiet")),
        Step(command=("git", "commit", "--quiet", "--all", "--message", "Try shallower trees")),
        Step(title="What its pull request says", command=("mltool", "report"), loud=True),
        Step(
            title="A second push tries much deeper ones",
            edit=("params.yaml", "max_depth: 2", "max_depth: 8"),
            command=("dvc", "repro", "--quiet"),
        ),
        Step(command=("git", "commit", "--quiet", "--all", "--message", "Try much deeper trees")),
        Step(
            title="What the pull request says now",
            command=("mltool", "report", "--output", str(report)),
            loud=True,
            code=Exit.FAILED,
        ),
    )


def release_steps(port: int) -> tuple[Step, ...]:
    """Return the second act: two versions go live on this machine's `port`, and the second one is taken back."""
    here = f'target = "local"\nsettings = {{ home = "served", port = {port} }}'
    return (
        Step(title="A release: what serving installs is locked", command=("git", "switch", "--quiet", "main")),
        Step(command=("dvc", "checkout", "--quiet")),
        Step(edit=("mltool.toml", 'target = "local"', here), command=("mltool", "release", "lock", MODEL)),
        Step(command=("git", "add", "--all", "release", "mltool.toml")),
        Step(command=("git", "commit", "--quiet", "--message", "Serve it from this machine")),
        *_version("1.0.0", "the first one"),
        Step(title="The shallower trees are merged and released", command=("git", "merge", "--quiet", "trees~1")),
        Step(command=("dvc", "checkout", "--quiet")),
        *_version("1.1.0", "smaller, and no worse"),
        Step(
            title="Somebody misses parcels: back to the version before",
            command=("mltool", "rollback", MODEL, "prod", "--to", "previous-good", "--reason", "misses late parcels",
                     "--no-push"),
            loud=True,
        ),
        Step(command=("mltool", "status", "--live"), loud=True),
        Step(command=("mltool", "log", MODEL), loud=True),
    )  # fmt: skip


def _version(version: str, reason: str) -> tuple[Step, ...]:
    return (
        Step(
            title=f"Version {version}: a tag, a bundle, a published release, a model that answers",
            command=("mltool", "register", MODEL, version, "--reason", reason, "--no-push"),
            loud=True,
        ),
        Step(command=("mltool", "release", "package", MODEL, version), loud=True),
        Step(command=("mltool", "release", "publish", MODEL, version)),
        Step(command=("mltool", "deploy", MODEL, "prod", "--version", version, "--no-push"), loud=True),
    )


def play(folder: Path, report: Path, *, say: Say, environ: Mapping[str, str], clock: Callable[[], float]) -> None:
    """Play every step in `folder`, which must be empty, and leave the last report in `report`, and nothing running.

    The release is left out where there is no uv, which locks what serving installs. Raises UserError when a step does
    not end as it must, with what it said.
    """
    begun = clock()
    env = _environment(environ)
    port = _free_port()
    second = release_steps(port) if shutil.which("uv", path=env["PATH"]) else ()
    try:
        _play((*steps(report), *second), folder, env, say=say, clock=clock)
    finally:
        _stop(folder, port)
    say(f"\n── Done in {clock() - begun:.0f} s {'─' * 60}\n")
    if not second:
        say("The release was left out: it needs uv, https://docs.astral.sh/uv.")
    say(f"The project:  {folder}")
    say(f"The report:   {report / 'report.html'}   (open it in a browser)")
    say(f"The comment:  {report / 'report.md'}")


def _play(play: Sequence[Step], folder: Path, env: Mapping[str, str], *, say: Say, clock: Callable[[], float]) -> None:
    for step in play:
        if step.title:
            say(f"\n── {step.title} {'─' * max(3, 72 - len(step.title))}\n")
        if step.edit:
            _edit(folder, *step.edit)
            new = step.edit[2].replace("\n", "\\n")
            say(f"$ sed -i 's/{step.edit[1]}/{new}/' {step.edit[0]}")
        say(f"$ {' '.join(_quoted(step.command))}")
        _run(step, folder, env, say=say, clock=clock)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(folder: Path, port: int) -> None:
    """Stop the model that the release started, if it did."""
    home = folder / "served"
    if home.is_dir():
        settings = local.Settings(home=str(home), port=port)
        local.undo(Place(environment="prod", model=MODEL, settings=settings, project=folder), None)


def _run(step: Step, folder: Path, env: Mapping[str, str], *, say: Say, clock: Callable[[], float]) -> None:
    begun = clock()
    if step.loud:
        code, said = shell.stream(_program(step.command), cwd=folder, environ=env), ""
    else:
        result = shell.run(_program(step.command), cwd=folder, environ=env)
        code, said = result.code, result.err + result.out.decode(errors="replace")
    if code != step.code:
        raise UserError(
            f"The demo stopped: `{' '.join(step.command)}` ended with {code}. {said.strip()[-2000:]}".strip(),
            f"The project is left in {folder} for you to look at.",
        )
    if clock() - begun >= 1:
        say(f"  ({clock() - begun:.0f} s)")


def _program(command: Sequence[str]) -> tuple[str, ...]:
    """Run Python and ourselves by the interpreter that runs us, whatever PATH says."""
    ours = {"mltool": (sys.executable, "-m", "mltool"), "python": (sys.executable,)}
    return (*ours.get(command[0], command[:1]), *command[1:])


def _quoted(command: Sequence[str]) -> list[str]:
    return [f"'{word}'" if " " in word else word for word in command]


def _edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise UserError(f"The demo stopped: {name} does not say `{old}`.")
    path.write_text(text.replace(old, new), encoding="utf-8")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with our own programs first on PATH and nobody's Git identity or CI job in it."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("GIT_", "GITHUB_"))}
    path = os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", os.defpath)))
    who = {"NAME": "mltool demo", "EMAIL": "demo@localhost"}
    identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    return kept | identity | {"PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONWARNINGS": "ignore"}


def now() -> float:
    """Return seconds that only grow."""
    return time.monotonic()
