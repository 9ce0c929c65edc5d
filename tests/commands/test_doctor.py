"""`mltool doctor`: exit 1 for what is open, 4 for what could not be seen, and a sentence for each."""

from pathlib import Path

import pytest

from mltool import git, http
from mltool.commands import doctor
from mltool.commands.forge import Forge
from mltool.errors import Exit
from mltool.forges.session import Session
from mltool.release.protection import Finding
from support import github
from support.repos import Repo
from support.said import mltool

OPEN = Finding(level="open", about="tags", sentence="Anybody may.", remedy="Stop it.")
UNSEEN = Finding(level="unseen", about="GitHub", sentence="Could not see it.")
NOTE = Finding(level="note", about="git", sentence="Know this.")


def test_the_exit_code_is_the_worst_of_it() -> None:
    assert doctor.exit_code((NOTE, UNSEEN, OPEN)) == Exit.FAILED
    assert doctor.exit_code((NOTE, UNSEEN)) == Exit.OUTSIDE
    assert doctor.exit_code((NOTE,)) == Exit.GOOD
    assert doctor.exit_code(()) == Exit.GOOD


def test_what_is_open_comes_first() -> None:
    assert doctor.words((NOTE, UNSEEN, OPEN)) == (
        "✗ tags: Anybody may.\n    Stop it.\n? GitHub: Could not see it.\n· git: Know this.\n"
        "1 open, 1 could not be seen.\n"
    )
    assert doctor.words((NOTE,)).endswith("Nothing is open.\n")


SIGNED = """
[models.delay]
path = "m"
[environments.prod.approvals]
count = 1
[signing]
sign = "ssh"
allowed_signers = "signers"
"""


@pytest.fixture
def repo(repo: Repo) -> Repo:
    repo.commit({"mltool.toml": SIGNED, "signers": "ada@example.org ssh-ed25519 AAAA\n"})
    return repo


@pytest.mark.slow
def test_without_a_network_the_project_is_judged_and_github_is_said_to_be_unseen(repo: Repo) -> None:
    alone = mltool(repo.folder, "doctor", "--json")
    assert (alone.code, {finding["level"] for finding in alone.json}) == (0, {"note"})
    repo.git("remote", "add", "origin", "git@github.com:o/r.git")
    known = mltool(repo.folder, "doctor")
    assert known.code == 4
    assert "? GitHub: o/r was not asked, for there is no token." in known.out


def test_a_github_that_is_down_is_unseen(repo: Repo) -> None:
    nowhere = f"http://127.0.0.1:{github.free_port()}"
    session = Session(base=nowhere, token=http.Secret("x"), send=http.connect(nowhere), sleep=lambda seconds: None)
    found = doctor.examine(git.find(repo.folder), Forge(session=session, repository="o/r"))
    assert doctor.exit_code(found) == Exit.OUTSIDE
    assert "No connection to 127.0.0.1" in doctor.words(found)


@pytest.mark.slow
def test_a_repository_without_any_protection_is_open(repo: Repo, tmp_path: Path) -> None:
    with github.Proxy(github.shared_emulator()) as hub:
        api = github.repository(hub.upstream)
        said = mltool(
            repo.folder,
            "doctor",
            GITHUB_TOKEN=github.ADMIN,
            GITHUB_API_URL=hub.url,
            GITHUB_REPOSITORY=api.repository,
        )
    # The server has no environments and rule sets at all: it answers as GitHub does to who may not see them.
    assert said.code in (1, 4)
    assert "? environments: Could not see the settings" in said.out
    assert "Nothing is open" not in said.out
