"""What a pull request is compared with: the branch that it goes into, whatever else bears that name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mltool.commands.compare import compare
from support.repos import Repo, run

FILES = {"dvc.yaml": "metrics: [metrics.json]\n"}


@pytest.fixture
def clone(repo: Repo, tmp_path: Path) -> Callable[..., Repo]:
    """Return a function that makes the job's checkout of a branch `topic`; tags move `main` to its tip."""
    repo.commit({**FILES, "metrics.json": {"accuracy": 0.9}})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({"metrics.json": {"accuracy": 0.5}})
    for name in ("main", "origin/main", "heads/main", "remotes/origin/main"):
        repo.git("tag", name, "topic")

    def make(*words: str) -> Repo:
        repo.git("symbolic-ref", "HEAD", "refs/heads/main")
        run("git", "clone", "--quiet", *words, f"file://{repo.folder}", tmp_path / "job", cwd=tmp_path)
        job = Repo(tmp_path / "job")
        job.git("checkout", "--quiet", "--detach", "refs/remotes/origin/topic")
        return job

    return make


@pytest.mark.parametrize("targets", [("main",), ("", "main"), ()], ids=["named", "no SHA", "by default"])
def test_a_tag_with_the_name_of_the_branch_does_not_choose_the_base(
    repo: Repo, clone: Callable[..., Repo], targets: tuple[str, ...]
) -> None:
    found = compare(clone().folder, targets=targets)

    assert found.base_sha == found.target_sha == repo.git("rev-parse", "refs/heads/main")
    assert [change.old for change in found.changes.metrics] == [0.9]


def test_a_shallow_job_asks_the_remote_for_the_branch_and_not_for_the_tag(
    repo: Repo, clone: Callable[..., Repo]
) -> None:
    job = clone("--depth=1", "--branch=topic")

    found = compare(job.folder, targets=("main",))

    assert found.base_sha == repo.git("rev-parse", "refs/heads/main")


@pytest.mark.usefixtures("clone")
def test_the_branch_here_is_taken_where_there_is_no_remote(repo: Repo) -> None:
    assert compare(repo.folder, targets=("main",)).base_sha == repo.git("rev-parse", "refs/heads/main")


def test_a_name_that_is_a_tag_only_is_no_target(repo: Repo, clone: Callable[..., Repo]) -> None:
    repo.git("tag", "v1", "topic")

    found = compare(clone().folder, targets=("v1",))

    assert found.base_ref == "origin/main"
