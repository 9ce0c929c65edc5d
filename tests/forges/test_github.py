"""GitHub's answers become our words, whatever is missing in them."""

import json
from dataclasses import replace

import pytest

from mltool import http
from mltool.ci.build import Build
from mltool.commands import delivery
from mltool.commands.delivery import Create, Delete, Edit, Facts
from mltool.errors import OutsideError, UserError
from mltool.forges import github as forge
from mltool.forges.github_words import CheckName, Comment, Completion, Pull, Refusal
from mltool.forges.session import Session
from support import github

ENDED = Completion(conclusion="success", title="t", summary="s")


def session(proxy: github.Proxy, token: str = github.BOT) -> Session:
    return Session(base=proxy.url, token=http.Secret(token), send=http.connect(proxy.url), sleep=lambda seconds: None)


@pytest.mark.slow
def test_open_pull_requests_of_a_branch_are_found_over_all_pages(proxy: github.Proxy) -> None:
    api = github.repository(proxy.upstream)
    for number in range(3):
        api.open_pull("topic", f"base{number}")
    api.open_pull("other")
    found = forge.open_pulls(session(proxy), api.repository, owner=github.OWNER, branch="topic")
    assert not isinstance(found, Refusal)
    assert sorted((pull.number, pull.head_ref, pull.base_ref) for pull in found) == [
        (number + 1, "topic", f"base{number}") for number in range(3)
    ]
    assert {pull.head_repository for pull in found} == {api.repository}


@pytest.mark.slow
def test_a_branch_name_is_quoted_in_an_address(proxy: github.Proxy) -> None:
    api = github.repository(proxy.upstream)
    found = forge.open_pulls(session(proxy), api.repository, owner=github.OWNER, branch="a&state=closed#é ?")
    assert found == ()
    assert "head=admin%3Aa%26state%3Dclosed%23%C3%A9+%3F" in proxy.calls[-1].path


@pytest.mark.slow
def test_a_deleted_account_and_a_deleted_fork_have_no_name(proxy: github.Proxy) -> None:
    comments = [{"id": 1, "user": None, "body": None}]
    proxy.fail("GET", "/comments", status=200, body=json.dumps(comments).encode())
    assert forge.comments(session(proxy), "o/r", 1) == (Comment(id=1, author="", body=""),)
    pull = {"number": 1, "head": {"sha": "a", "ref": "x", "repo": None}, "base": {"sha": "b", "ref": "main"}}
    proxy.fail("GET", "/pulls/1", status=200, body=json.dumps(pull).encode())
    assert forge.pull(session(proxy), "o/r", 1) == Pull(number=1, head_sha="a", head_ref="x", base_ref="main")


@pytest.mark.slow
def test_a_pull_request_that_is_not_there_is_yours_to_fix(proxy: github.Proxy) -> None:
    api = github.repository(proxy.upstream)
    with pytest.raises(UserError, match=r"GitHub does not know pull request .*#99 .*the token may not see it"):
        forge.pull(session(proxy), api.repository, 99)


@pytest.mark.slow
def test_a_check_that_was_deleted_is_written_anew(proxy: github.Proxy) -> None:
    api = github.repository(proxy.upstream)
    sha = api.open_pull()["head"]["sha"]
    check = forge.finish_check(
        session(proxy), api.repository, CheckName(name="n", sha=sha, url=""), ENDED, number=999_999
    )
    assert not isinstance(check, Refusal)
    assert [run["name"] for run in api.checks(sha)] == ["n"]


@pytest.mark.slow
def test_a_comment_already_deleted_needs_no_deleting(proxy: github.Proxy) -> None:
    api = github.repository(proxy.upstream)
    assert forge.delete_comment(session(proxy), api.repository, 999_999) is None


@pytest.mark.slow
def test_the_server_may_know_a_commit_by_another_name(proxy: github.Proxy) -> None:
    api = github.repository(proxy.upstream)
    pull = api.open_pull()
    proxy.aliases[pull["head"]["sha"]] = "c" * 40
    seen = forge.pull(session(proxy), api.repository, pull["number"])
    assert not isinstance(seen, Refusal)
    assert seen.head_sha == "c" * 40
    forge.start_check(session(proxy), api.repository, CheckName(name="n", sha="c" * 40, url=""))
    assert len(api.checks(pull["head"]["sha"])) == 1


@pytest.mark.slow
def test_graphql_stands_beside_the_rest_api_of_an_enterprise_server(proxy: github.Proxy) -> None:
    refused = github.refusal()
    proxy.fail("GET", "/api/v3/user", status=403, body=refused)
    proxy.fail(
        "POST", "^/api/graphql$", status=200, body=json.dumps({"data": {"viewer": {"login": "app[bot]"}}}).encode()
    )
    enterprise = Session(
        base=f"{proxy.url}/api/v3",
        token=http.Secret("x"),
        send=http.connect(proxy.url),
        sleep=lambda seconds: None,
    )
    assert forge.whoami(enterprise) == "app[bot]"


@pytest.mark.slow
def test_an_answer_of_the_wrong_shape_is_the_forges_fault(proxy: github.Proxy) -> None:
    proxy.fail("GET", "/comments", status=200, body=b'[{"id": 1}, "x"]')
    with pytest.raises(OutsideError, match="not what its API promises"):
        forge.comments(session(proxy), "o/r", 1)


BUILD = Build(
    repository="o/r",
    event="workflow_run",
    sha="a" * 40,
    checkout_sha="a" * 40,
    api_url="",
    server_url="",
    run_url="",
    run_id="",
    default_branch="main",
    head_ref="topic",
    head_repository="Fork/r",
)


def pull(number: int, **changes: str) -> Pull:
    whole = Pull(number=number, head_sha="a" * 40, head_ref="topic", head_repository="fork/R", base_ref="dev")
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pulls", "chosen"),
    [
        ((), None),
        ((pull(1, head_repository="else/r"), pull(2, head_ref="other")), None),
        ((pull(3), pull(2)), 2),
        ((pull(2), pull(3, base_ref="main")), 3),
        ((pull(2, base_ref="main", head_sha="b" * 40), pull(3)), 3),
        ((pull(2, head_sha="b" * 40),), 2),
        ((pull(1, head_repository=""),), None),
    ],
)
def test_of_several_pull_requests_the_one_at_our_commit_into_the_default_branch_is_chosen(
    pulls: tuple[Pull, ...], chosen: int | None
) -> None:
    found = delivery.choose(pulls, BUILD)
    assert (found.number if found else None) == chosen


MARK = "<!-- mltool:report:mltool -->"


def comment(number: int, author: str = "me", body: str = f"text\n\n{MARK}") -> Comment:
    return Comment(id=number, author=author, body=body)


@pytest.mark.parametrize(
    ("comments", "acts"),
    [
        ((), ("create",)),
        ((comment(1),), ()),
        ((comment(1, body=f"text\r\n\r\n{MARK}\r\n"),), ()),
        ((comment(1, body=f"old\n\n{MARK}"),), ("edit 1",)),
        ((comment(1, body=MARK),), ("edit 1",)),
        ((comment(1, author="you"),), ("create",)),
        ((comment(1, author=""),), ("create",)),
        ((comment(1, body=f"> {MARK}"),), ("create",)),
        ((comment(1, body=f"{MARK}\n\ntext"),), ("create",)),
        ((comment(1, body="text\n\n<!-- mltool:report:mltool2 -->"),), ("create",)),
        ((comment(4), comment(6), comment(9)), ("delete 6", "delete 9")),
        ((comment(1, author="you"), comment(4, body=f"old\n\n{MARK}"), comment(6)), ("edit 4", "delete 6")),
    ],
)
def test_what_happens_to_the_comments_is_decided_from_facts(
    comments: tuple[Comment, ...], acts: tuple[str, ...]
) -> None:
    decided = delivery.decide(
        Facts(head="s", me="me", comments=comments), sha="s", key="mltool", body=f"text\n\n{MARK}"
    )
    assert tuple(_short(act) for act in decided) == acts


def test_nothing_happens_to_a_pull_request_that_moved_on() -> None:
    assert delivery.decide(Facts(head="new", me="me"), sha="old", key="mltool", body="x") == ()


@pytest.mark.parametrize(
    ("markdown", "title"),
    [
        ("### ❌ 1 regression · [`abc`](https://x/y) vs main\n\nmore", "❌ 1 regression · abc vs main"),
        ("\n<details>\n**Bold** a\\_b\n", "Bold a_b"),
        ("### ✅ Passed: a&#95;b &#60;i&#62; @&#8203;team (<code>key</code>)", "✅ Passed: a_b <i> @team (key)"),
        ("", ""),
    ],
)
def test_the_first_line_of_the_report_is_the_checks_title(markdown: str, title: str) -> None:
    assert delivery.headline(markdown) == title


def _short(act: delivery.Act) -> str:
    if isinstance(act, Create):
        return "create"
    return f"{'edit' if isinstance(act, Edit) else 'delete' if isinstance(act, Delete) else act} {act.comment}"
