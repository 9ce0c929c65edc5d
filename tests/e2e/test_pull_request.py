"""A pull request from an empty folder to its comment: generated workflows, the real runner, a real API server."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import github
from support.repos import Repo, run
from support.runner import Run, Runner

ROOT = Path(__file__).parents[2]
WORKFLOW = "mltool.yml"
POST = "mltool-post.yml"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class World:
    """A developer's clone, the forge and the runner."""

    repo: Repo
    api: github.Api
    proxy: github.Proxy
    runner: Runner
    folder: Path
    environ: dict[str, str]

    def develop(self, *command: str, code: int = 0) -> str:
        """Do something on the developer's machine."""
        return run(*command, cwd=self.repo.folder, code=code)

    def push(self, pull: dict[str, Any]) -> str:
        """Push the developer's commit to the pull request, and return its SHA.

        The server makes its own SHAs, and keeps a pull request at its first one: that one is renamed on the way.
        """
        sha = self.repo.git("rev-parse", "HEAD")
        self.proxy.aliases[pull["head"]["sha"]] = sha
        return sha

    def event(self, pull: dict[str, Any], sha: str, base: str, **more: Any) -> dict[str, Any]:
        """Return the event that GitHub sends for a pull request that was pushed to."""
        head = {**pull["head"], "sha": sha}
        return {
            "action": "synchronize",
            "number": pull["number"],
            "repository": {"full_name": self.api.repository, "default_branch": "main"},
            "pull_request": {**pull, "head": head, "base": {**pull["base"], "sha": base}},
            **more,
        }

    def act(self, name: str, payload: dict[str, Any], workflow: str, token: str) -> Run:
        """Let the runner do what the event starts."""
        return self.runner.run(
            self.repo.folder,
            name,
            payload,
            workflow=workflow,
            artifacts=self.folder / "artifacts",
            environ={"GITHUB_API_URL": self.proxy.url, **self.environ},
            secrets={"GITHUB_TOKEN": token},
        )

    def comments(self, pull: dict[str, Any]) -> list[str]:
        return [comment["body"] for comment in self.api.comments(pull["number"])]

    def writes(self) -> list[github.Call]:
        return [call for call in self.proxy.calls if call.method != "GET"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Build the wheel that the workflows install, an empty repository and a place on the forge."""
    folder = tmp_path_factory.mktemp("world")
    run("uv", "build", "--quiet", "--wheel", "--out-dir", folder / "dist", ROOT, cwd=folder)
    api = github.repository(github.shared_emulator())
    repo = Repo.create(folder / "project", dvc=False)
    repo.git("remote", "add", "origin", f"https://github.com/{api.repository}.git")
    with github.Proxy(github.shared_emulator(), like_github=True) as proxy:
        yield World(
            repo=repo,
            api=api,
            proxy=proxy,
            runner=Runner(folder / "runner"),
            folder=folder,
            environ=_fresh_machine(folder),
        )


def _fresh_machine(folder: Path) -> dict[str, str]:
    """Return the environment of a machine that has Python, uv and Git, and of mltool only the wheel just built."""
    tools = folder / "bin"
    tools.mkdir()
    for name in ("uv", "uvx", "git", "node"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    python = Path(sys.base_prefix) / "bin"
    (tools / "python").symlink_to(python / "python3")
    local = Path(os.environ["HOME"]) / ".local" / "bin"  # where uv puts tools, which its set-up action puts on PATH
    links = f"{os.environ.get('PIP_FIND_LINKS', '')} {folder / 'dist'}".strip()
    return {
        "PATH": f"{tools}:{local}:{python}:/usr/bin:/bin",
        "PIP_FIND_LINKS": links,
        "PIP_NO_COMPILE": "1",
        "UV_FIND_LINKS": str(folder / "dist"),
        "DVC_NO_ANALYTICS": "1",
    }


@pytest.fixture(scope="module")
def started(world: World) -> str:
    """Make the project in the empty folder, reproduce it, and return the first commit on main."""
    world.develop(sys.executable, "-m", "mltool", "init", "--yes")
    world.develop(sys.executable, "-m", "dvc", "repro", "--quiet")
    sha = world.repo.commit(message="A first model")
    theirs = world.api.get("/git/ref/heads/main")["object"]["sha"]
    world.proxy.aliases[theirs] = sha
    return sha


@pytest.fixture(scope="module")
def pull(world: World, started: str) -> dict[str, Any]:
    """Open a pull request that changes a parameter and brings the new dvc.lock."""
    world.repo.git("switch", "--quiet", "--create", "trees")
    edit(world.repo, "max_depth: 3", "max_depth: 2")
    world.develop(sys.executable, "-m", "dvc", "repro", "--quiet")
    world.repo.commit(message="Try shallower trees")
    return open_pull(world, "trees")


def open_pull(world: World, branch: str) -> dict[str, Any]:
    tip = world.api.get("/git/ref/heads/main")["object"]["sha"]
    world.api.post("/git/refs", {"ref": f"refs/heads/{branch}", "sha": tip})
    world.api.push(branch)
    return world.api.open_pull(branch)


def edit(repo: Repo, old: str, new: str) -> None:
    params = repo.folder / "params.yaml"
    assert old in params.read_text()
    params.write_text(params.read_text().replace(old, new))


def metric(repo: Repo, key: str) -> float:
    return float(json.loads((repo.folder / "metrics.json").read_text())[key])


def test_a_pull_request_is_commented_on_and_a_second_push_that_makes_it_worse_updates_that_and_fails(
    world: World, started: str, pull: dict[str, Any]
) -> None:
    sha = world.push(pull)
    done = world.act("pull_request", world.event(pull, sha, started), WORKFLOW, github.BOT)
    assert done.succeeded, done.log
    assert "passed" in done.log, "pytest did not run"
    (comment,) = world.comments(pull)
    assert "Passed" in comment
    assert f"{metric(world.repo, 'roc_auc'):.4f}" in comment
    assert "train.max_depth" in comment
    (check,) = world.api.checks(pull["head"]["sha"])
    assert (check["name"], check["status"], check["conclusion"]) == ("mltool", "completed", "success")

    # A second push, without a run of the pipeline: the runner finds the numbers, and the stale dvc.lock.
    edit(world.repo, "max_depth: 2", "max_depth: 8")
    world.repo.commit(message="Try much deeper trees")
    sha = world.push(pull)
    done = world.act("pull_request", world.event(pull, sha, started), WORKFLOW, github.BOT)
    assert not done.succeeded, "the job to require must fail"
    (comment,) = world.comments(pull)
    assert "Failed: 2 regressions" in comment
    assert "roc_auc fell" in comment
    assert "dvc.lock" in comment
    world.develop(sys.executable, "-m", "dvc", "repro", "--quiet")
    assert f"{metric(world.repo, 'roc_auc'):.4f}" in comment
    assert latest(world.api.checks(pull["head"]["sha"]))["conclusion"] == "failure"
    assert all(found["status"] == "completed" for found in world.api.checks(pull["head"]["sha"]))


def test_from_a_fork_the_first_workflow_writes_nothing_and_the_second_posts(world: World, started: str) -> None:
    world.repo.git("switch", "--quiet", "--discard-changes", "--create", "topic", started)
    edit(world.repo, "learning_rate: 0.1", "learning_rate: 0.12")
    world.repo.commit(message="From outside")
    world.api.by(github.HUMAN).post("/forks", {})
    fork = f"{github.HUMAN_LOGIN}/{world.api.repository.split('/')[1]}"
    outside = github.Api(world.api.url, fork, github.HUMAN)
    tip = outside.get("/git/ref/heads/main")["object"]["sha"]
    outside.post("/git/refs", {"ref": "refs/heads/topic", "sha": tip})
    theirs = outside.push("topic")
    pull = world.api.open_pull(f"{github.HUMAN_LOGIN}:topic")
    sha = world.repo.git("rev-parse", "HEAD")
    world.proxy.aliases[theirs] = sha
    world.proxy.calls.clear()
    shutil.rmtree(world.folder / "artifacts", ignore_errors=True)

    first = world.act("pull_request", world.event(pull, sha, started), WORKFLOW, "")
    assert world.writes() == []
    assert [path.name for path in (world.folder / "artifacts" / "mltool-report").iterdir()] == ["report.json"]
    assert not first.succeeded, "its dvc.lock is stale"

    second = world.act("workflow_run", after(world, pull, sha, fork), POST, github.BOT)
    assert second.succeeded, second.log
    (comment,) = world.comments(pull)
    assert "train.learning_rate" in comment
    # The server keeps a fork's commits out of the base repository, where GitHub has them: it refuses the check run.
    assert world.proxy.asked("POST", "/check-runs$")[0].json()["conclusion"] == "failure"


def latest(checks: list[dict[str, Any]]) -> dict[str, Any]:
    return max(checks, key=lambda check: check["id"])


def after(world: World, pull: dict[str, Any], sha: str, fork: str) -> dict[str, Any]:
    """Return the event that GitHub sends when the fork's run has ended: it names no pull request."""
    return {
        "action": "completed",
        "repository": {"full_name": world.api.repository, "default_branch": "main"},
        "workflow_run": {
            "id": 1,
            "name": "mltool",
            "event": "pull_request",
            "head_sha": sha,
            "head_branch": "topic",
            "head_repository": {"id": 2, "full_name": fork},
            "pull_requests": [],
            "conclusion": "failure",
        },
    }
