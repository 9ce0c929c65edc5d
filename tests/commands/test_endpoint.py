"""Whom a deployment trusts with its token: the address of the default branch, not that of the commit at hand."""

import pytest

from mltool import git
from mltool.commands import endpoint
from mltool.commands.endpoint import TOKEN, Endpoint
from mltool.commands.evidence import load_config
from mltool.errors import UserError
from support.repos import Repo

SECRET = {TOKEN: "hidden"}
JOB = {"GITHUB_ACTIONS": "true"}
PROD = """[environments.prod]
target = "exec"
url = "{}"
[environments.prod.settings]
apply = ["true"]
undo = ["true"]
"""
OURS = "https://model.example.org/"


@pytest.fixture
def tagged(repo: Repo) -> Repo:
    """A commit beside the default branch, which has an environment `prod`."""
    repo.commit({"dvc.yaml": "stages: {}\n", "mltool.toml": PROD.format(OURS)})
    repo.git("switch", "--quiet", "--create", "beside")
    return repo


def ask(repo: Repo, environ: dict[str, str], name: str = "prod") -> Endpoint:
    project = git.find(repo.folder)
    return endpoint.endpoint(project, load_config(git.WorkTree(project)), "delay", name, environ=environ)


@pytest.mark.parametrize("environ", [{}, SECRET, JOB, {**SECRET, **JOB}], ids=["bare", "token", "job", "both"])
def test_an_address_that_the_default_branch_has_too_is_asked(tagged: Repo, environ: dict[str, str]) -> None:
    tagged.commit({"mltool.toml": PROD.format("https://model.example.org/other/path")})
    assert ask(tagged, environ).url == "https://model.example.org/other/path"


@pytest.mark.parametrize(
    "url",
    ["https://thief.example.org/", "http://model.example.org/", "https://model.example.org:444/",
     "https://model.example.org.thief.example.org/", "https://model.example.org@thief.example.org/"],
)  # fmt: skip
def test_the_token_goes_to_no_address_that_only_the_commit_names(tagged: Repo, url: str) -> None:
    tagged.commit({"mltool.toml": PROD.format(url)})
    with pytest.raises(UserError, match=rf"^{TOKEN} is for https://model\.example\.org, where the default branch"):
        ask(tagged, SECRET)
    assert ask(tagged, {}).url == url.rstrip("/")


@pytest.mark.parametrize("environ", [SECRET, JOB], ids=["token", "job"])
def test_an_environment_that_only_the_commit_has_is_refused(tagged: Repo, environ: dict[str, str]) -> None:
    more = PROD.format("https://thief.example.org").replace("prod", "staging")
    tagged.commit({"mltool.toml": PROD.format(OURS) + more})
    with pytest.raises(UserError, match=r"not in the default branch's, which decides\. Merge the environment first\."):
        ask(tagged, environ, "staging")
    assert ask(tagged, {}, "staging").url == "https://thief.example.org"


def test_a_tag_with_the_name_of_the_default_branch_is_not_asked(tagged: Repo) -> None:
    tagged.commit({"mltool.toml": PROD.format("https://thief.example.org")})
    for name in ("main", "origin/main", "heads/main"):
        tagged.git("tag", name)
    with pytest.raises(UserError, match="is for https"):
        ask(tagged, SECRET)
