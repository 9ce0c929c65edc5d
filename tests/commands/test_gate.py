"""`mltool gate` names what it judged."""

from pathlib import Path

from mltool.commands import gate
from mltool.commands.compare import compare
from mltool.report.model import Revision
from support.predicted import commit, project
from support.predicted import predictions as made
from support.repos import Repo
from support.said import mltool


def judged(repo: Repo, *, head: str | None = None, committed: bool = False) -> Revision:
    return gate.judge(compare(repo.folder, "main", head), committed=committed).head


def test_the_head_is_named_with_its_branch_and_with_what_is_not_committed(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    commit(repo, made(100))
    repo.git("branch", "-M", "main")
    repo.git("checkout", "-q", "-b", "try")
    sha = commit(repo, made(100, others=0.08))
    assert (judged(repo).ref, judged(repo).dirty) == ("try", False)
    file = repo.folder / "mltool.toml"
    file.write_text(file.read_text().replace("tolerance = 0.0", "tolerance = 0.1"))
    assert judged(repo).dirty
    assert f"{sha[:7]} (try) with uncommitted changes compared with" in mltool(repo.folder, "gate", "main").out
    assert not judged(repo, committed=True).dirty  # CI reproduced it here
    assert judged(repo, head="HEAD") == Revision(sha=sha, subject=judged(repo).subject)
