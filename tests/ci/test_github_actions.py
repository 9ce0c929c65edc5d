"""Each event has one right place for its report."""

import json
from pathlib import Path
from typing import Any

import pytest

from mltool.ci import github_actions
from mltool.ci.build import Build
from mltool.errors import UserError

MERGE, HEAD, BASE = "e" * 40, "a" * 40, "b" * 40
REPOSITORY = {"id": 1, "full_name": "o/r", "default_branch": "main"}
FORK = {"id": 2, "full_name": "stranger/r"}


def environ(event: str, **more: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": "/event.json",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SHA": MERGE,
        "GITHUB_REF_NAME": "topic",
        "GITHUB_RUN_ID": "42",
        "GITHUB_RUN_ATTEMPT": "2",
        "GITHUB_ACTOR": "octocat",
        "GITHUB_STEP_SUMMARY": "/summary",
        **more,
    }


def detect(event: str, content: Any, **more: str) -> Build:
    return github_actions.detect(environ(event, **more), json.dumps(content).encode())


def pull_event(head_repository: Any = REPOSITORY) -> dict[str, Any]:
    return {
        "action": "synchronize",
        "repository": REPOSITORY,
        "pull_request": {
            "number": 7,
            "head": {"ref": "topic", "sha": HEAD, "repo": head_repository},
            "base": {"ref": "main", "sha": BASE, "repo": REPOSITORY},
        },
    }


def run_event(*, head: Any = REPOSITORY, event: str = "pull_request", pulls: Any = ()) -> dict[str, Any]:
    return {
        "repository": REPOSITORY,
        "workflow_run": {
            "event": event,
            "head_sha": HEAD,
            "head_branch": "topic",
            "head_repository": head,
            "pull_requests": list(pulls),
            "conclusion": "failure",
            "html_url": "https://github.com/o/r/actions/runs/41",
        },
    }


def brief(number: int = 7, *, repository: int = 1, sha: str = HEAD) -> dict[str, Any]:
    return {
        "number": number,
        "head": {"ref": "topic", "sha": sha, "repo": {"id": repository}},
        "base": {"ref": "main", "sha": BASE, "repo": {"id": repository}},
    }


def test_a_pull_request_is_about_its_head_and_not_the_merge_commit() -> None:
    build = detect("pull_request", pull_event())
    assert (build.sha, build.checkout_sha) == (HEAD, MERGE)
    assert (build.pull, build.base_ref, build.base_sha, build.head_ref) == (7, "main", BASE, "topic")
    assert not build.is_fork
    assert not build.read_only
    assert not build.hostile


def test_a_pull_request_from_a_fork_can_only_read() -> None:
    build = detect("pull_request", pull_event(FORK))
    assert build.is_fork
    assert build.read_only
    assert build.head_repository == "stranger/r"


def test_a_pull_request_whose_fork_was_deleted_counts_as_a_fork() -> None:
    assert detect("pull_request", pull_event(None)).read_only


def test_a_renamed_letter_case_makes_no_fork() -> None:
    assert not detect("pull_request", pull_event({"full_name": "O/R"})).is_fork


def test_pull_request_target_from_a_fork_is_refused() -> None:
    with pytest.raises(UserError, match="#7 comes from a fork, and `pull_request_target` gives its code your token"):
        detect("pull_request_target", pull_event(FORK))


def test_pull_request_target_from_a_branch_is_a_pull_request() -> None:
    build = detect("pull_request_target", pull_event())
    assert (build.sha, build.pull) == (HEAD, 7)


def test_a_push_is_about_its_commit_and_compares_with_the_one_before() -> None:
    build = detect("push", {"before": BASE, "after": MERGE, "repository": REPOSITORY})
    assert (build.sha, build.base_sha, build.pull, build.expects_pull) == (MERGE, BASE, None, False)


def test_a_first_push_has_no_commit_before() -> None:
    assert detect("push", {"before": "0" * 40, "repository": REPOSITORY}).base_sha == ""


def test_a_push_that_deletes_a_branch_has_nothing_to_report_on() -> None:
    with pytest.raises(UserError, match="The push deleted topic"):
        detect("push", {"deleted": True, "repository": REPOSITORY})


def test_a_merge_group_is_about_its_head_and_compares_with_its_base() -> None:
    group = {"head_sha": HEAD, "base_sha": BASE, "base_ref": "refs/heads/main", "head_ref": "refs/heads/queue/x"}
    build = detect("merge_group", {"merge_group": group, "repository": REPOSITORY})
    assert (build.sha, build.base_sha, build.base_ref, build.head_ref) == (HEAD, BASE, "main", "queue/x")
    assert build.pull is None
    assert not build.expects_pull


@pytest.mark.parametrize(
    ("event", "content"),
    [
        ("workflow_dispatch", {"inputs": {"x": "1"}, "ref": "refs/heads/topic", "repository": REPOSITORY}),
        ("schedule", {"schedule": "0 3 * * *", "repository": REPOSITORY}),
        ("schedule", {"schedule": "0 3 * * *"}),
    ],
)
def test_a_dispatch_and_a_schedule_are_about_the_commit_they_run_on(event: str, content: dict[str, Any]) -> None:
    build = detect(event, content)
    assert (build.sha, build.pull, build.expects_pull, build.head_ref) == (MERGE, None, False, "topic")


def test_after_a_run_the_report_is_about_that_runs_commit_and_is_hostile() -> None:
    build = detect("workflow_run", run_event(pulls=[brief()]))
    assert (build.sha, build.pull, build.base_ref) == (HEAD, 7, "main")
    assert build.hostile
    assert build.expects_pull
    assert build.run_conclusion == "failure"
    assert build.run_url.endswith("/runs/41")
    assert build.run_id == "42"


def test_after_a_run_from_a_fork_the_pull_request_must_be_looked_up() -> None:
    build = detect("workflow_run", run_event(head=FORK))
    assert (build.pull, build.expects_pull, build.is_fork) == (None, True, True)
    assert (build.head_owner, build.head_ref) == ("stranger", "topic")
    assert not build.read_only


@pytest.mark.parametrize(
    "pulls",
    [[brief(repository=9)], [brief(sha="c" * 40)], [brief(7), brief(8)]],
    ids=["of another repository", "at another commit", "more than one"],
)
def test_after_a_run_a_pull_request_that_is_not_surely_ours_is_looked_up(pulls: list[Any]) -> None:
    build = detect("workflow_run", run_event(pulls=pulls))
    assert (build.pull, build.expects_pull) == (None, True)


def test_after_a_run_of_a_push_there_is_no_pull_request_to_find() -> None:
    build = detect("workflow_run", run_event(event="push", pulls=[brief()]))
    assert (build.pull, build.expects_pull) == (None, False)


def test_after_a_run_whose_fork_was_deleted_nothing_is_guessed() -> None:
    build = detect("workflow_run", run_event(head=None))
    assert (build.head_repository, build.is_fork) == ("", True)


@pytest.mark.parametrize("event", ["issue_comment", "release", "pull_request_review", "nonsense"])
def test_an_event_without_a_place_for_a_report_is_refused(event: str) -> None:
    with pytest.raises(UserError, match=f"A report has no place after the event `{event}`"):
        detect(event, {})


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"repository": {"full_name": "o/r"}}', b'{"pull_request": {"number": "7"}}'],
)
def test_a_wrong_event_file_is_one_sentence_that_names_it(content: bytes) -> None:
    with pytest.raises(
        UserError, match=r"^The event file /event.json does not describe the event `pull_request`: "
    ) as error:
        github_actions.detect(environ("pull_request"), content)
    assert "\n" not in str(error.value)


def test_a_missing_event_file_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    with pytest.raises(UserError, match=r"none.json cannot be read: No such file"):
        github_actions.load(environ("push", GITHUB_EVENT_PATH=str(path)))


def test_an_event_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(pull_event()))
    assert github_actions.load(environ("pull_request", GITHUB_EVENT_PATH=str(path))).pull == 7


@pytest.mark.parametrize("name", ["GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GITHUB_SHA"])
def test_a_variable_that_is_not_set_is_named(name: str) -> None:
    known = environ("push")
    del known[name]
    with pytest.raises(UserError, match=f"{name} is not set"):
        github_actions.load({**known, **({} if name == "GITHUB_EVENT_PATH" else {"GITHUB_EVENT_PATH": "/dev/null"})})


@pytest.mark.parametrize("sha", ["main", "abc123", "../../x", "A" * 40])
def test_a_head_that_is_no_commit_is_refused(sha: str) -> None:
    event = pull_event()
    event["pull_request"]["head"]["sha"] = sha
    with pytest.raises(UserError, match="names no commit"):
        detect("pull_request", event)


@pytest.mark.parametrize("name", ["o", "o/r/x", "o/r?x=1", "../..", "o/..", "o r/x"])
def test_a_repository_that_is_not_owner_and_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="GITHUB_REPOSITORY is not"):
        detect("push", {"repository": REPOSITORY}, GITHUB_REPOSITORY=name)


def test_github_enterprise_is_where_the_variables_say() -> None:
    build = detect(
        "push",
        {"repository": REPOSITORY},
        GITHUB_API_URL="https://git.corp.example/api/v3/",
        GITHUB_SERVER_URL="https://git.corp.example",
    )
    assert build.api_url == "https://git.corp.example/api/v3"
    assert build.run_url == "https://git.corp.example/o/r/actions/runs/42"
    assert build.attempt == 2


def test_outside_of_a_job_nothing_runs() -> None:
    assert github_actions.running(environ("push"))
    assert not github_actions.running({})
