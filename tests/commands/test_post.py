"""The contract of delivery, each line a test against a real stateful server."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from mltool import http
from mltool.ci.build import Build
from mltool.commands import check_run, delivery, post
from mltool.errors import OutsideError, UserError
from mltool.forges.session import Session
from mltool.gates.verdict import Outcome, Verdict
from mltool.report.model import Report, Revision
from mltool.snapshot.model import Changes, Problem, ValueChange
from support import github

pytestmark = pytest.mark.slow

FORBIDDEN = {"status": 403, "body": github.refusal()}
CHECKS = r"/check-runs"
COMMENTS = r"/issues/\d+/comments"


@dataclass
class Stage:
    """A pull request on the server, and everything a post leaves behind."""

    server: github.Proxy
    api: github.Api
    build: Build
    summaries: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    token: str = github.BOT

    def session(self, patience: float = 120.0) -> Session:
        return Session(
            base=self.server.url,
            token=http.Secret(self.token),
            send=http.connect(self.server.url),
            sleep=self.slept.append,
            now=lambda: 1_700_000_000.0,
            patience=patience,
        )

    def post(
        self,
        text: str | Callable[[int], str] = "### all good\n\nnumbers",
        *,
        key: str = "mltool",
        outcome: Outcome = Outcome.PASS,
        build: Build | None = None,
        sha: str = "",
        expected: str | None = None,
        **how: object,
    ) -> post.Posted:
        build = build or self.build
        self.server.calls.clear()
        return post.post(
            report(sha or build.sha, key=key, outcome=outcome),
            build,
            session=self.session(),
            render=text if callable(text) else lambda limit: text,
            summary=self.summaries.append,
            say=self.lines.append,
            key=expected,
            **how,  # type: ignore[arg-type]
        )

    @property
    def pull(self) -> int:
        assert self.build.pull is not None
        return self.build.pull

    def comments(self) -> list[str]:
        return [comment["body"] for comment in self.api.comments(self.pull)]

    def writes(self) -> list[github.Call]:
        return [call for call in self.server.calls if call.method != "GET"]


def report(sha: str, *, key: str = "mltool", outcome: Outcome = Outcome.PASS) -> Report:
    return Report(head=Revision(sha=sha), outcome=outcome, key=key)


@pytest.fixture
def stage(server: github.Proxy) -> Stage:
    api = github.repository(server.upstream)
    pull = api.open_pull()
    build = Build(
        repository=api.repository,
        event="pull_request",
        sha=pull["head"]["sha"],
        checkout_sha="f" * 40,
        api_url=server.url,
        server_url="https://github.com",
        run_url="https://github.com/o/r/actions/runs/5",
        run_id="5",
        pull=pull["number"],
        expects_pull=True,
        base_ref="main",
        default_branch="main",
        head_ref="topic",
        head_repository=api.repository,
    )
    return Stage(server=server, api=api, build=build)


def test_a_first_report_becomes_a_comment_a_check_and_a_summary(stage: Stage) -> None:
    posted = stage.post("### 1 regression\n\nwhy", outcome=Outcome.FAIL)
    assert (posted.check, posted.comment) == ("created", "created")
    assert stage.comments() == ["### 1 regression\n\nwhy\n\n<!-- mltool:report:mltool -->"]
    (check,) = stage.api.checks(stage.build.sha)
    assert (check["name"], check["status"], check["conclusion"]) == ("mltool", "completed", "failure")
    assert check["output"]["title"] == "1 regression"
    assert check["output"]["summary"] == "### 1 regression\n\nwhy"
    assert check["details_url"] == stage.build.run_url
    assert stage.summaries == ["### 1 regression\n\nwhy\n"]


def test_creating_updating_and_finding_nothing_new_take_at_most_three_calls(stage: Stage) -> None:
    asked = []
    for text in ("one", "two", "two"):
        stage.post(text)
        asked.append([call.method for call in stage.server.calls])
    assert asked == [["POST", "GET", "POST"], ["POST", "GET", "PATCH"], ["POST", "GET"]]
    assert len(stage.comments()) == 1


def test_an_identical_report_is_not_written_again(stage: Stage) -> None:
    stage.post("same")
    assert stage.post("same").comment == "unchanged"
    assert [call.path for call in stage.writes() if "comments" in call.path] == []


def test_the_own_comment_is_found_on_a_later_page(stage: Stage) -> None:
    human = stage.api.by(github.HUMAN)
    for number in range(130):
        human.comment(stage.pull, f"talk {number}")
    stage.post("old")
    for number in range(5):
        human.comment(stage.pull, f"more {number}")
    assert stage.post("new").comment == "updated"
    assert len(stage.server.asked("GET", COMMENTS)) == 2
    assert [body for body in stage.comments() if "mltool:report" in body] == ["new\n\n<!-- mltool:report:mltool -->"]


def test_several_keyed_reports_live_on_one_pull_request(stage: Stage) -> None:
    stage.post("cats", key="cats")
    stage.post("dogs", key="dogs")
    stage.post("cats again", key="cats")
    assert stage.comments() == [
        "cats again\n\n<!-- mltool:report:cats -->",
        "dogs\n\n<!-- mltool:report:dogs -->",
    ]
    assert {check["name"] for check in stage.api.checks(stage.build.sha)} == {"mltool: cats", "mltool: dogs"}


def test_a_person_who_quotes_the_report_is_left_alone(stage: Stage) -> None:
    stage.post("first")
    raw = stage.comments()[0]
    human = stage.api.by(github.HUMAN)
    human.comment(stage.pull, raw)
    human.comment(stage.pull, "> " + raw.replace("\n", "\n> ") + "\n\nWhat is this?")
    stage.post("second")
    bodies = stage.comments()
    assert bodies[0].startswith("second")
    assert bodies[1] == raw
    assert bodies[2].startswith("> first")


def test_a_copy_by_a_person_is_not_taken_for_ours_when_we_have_none(stage: Stage) -> None:
    stage.api.by(github.HUMAN).comment(stage.pull, "mine\n\n<!-- mltool:report:mltool -->")
    assert stage.post("ours").comment == "created"
    assert stage.comments()[0].startswith("mine")


def test_another_tool_under_our_login_that_mentions_the_key_is_left_alone(stage: Stage) -> None:
    stage.api.by(github.BOT).comment(stage.pull, "see\n\n<!-- mltool:report:mltool -->\n\nabove")
    assert stage.post("ours").comment == "created"


def test_own_duplicates_are_removed_and_the_oldest_kept(stage: Stage) -> None:
    bot = stage.api.by(github.BOT)
    first = bot.comment(stage.pull, "a\n\n<!-- mltool:report:mltool -->")
    bot.comment(stage.pull, "b\n\n<!-- mltool:report:mltool -->")
    bot.comment(stage.pull, "c\n\n<!-- mltool:report:other -->")
    stage.post("fresh")
    left = stage.api.comments(stage.pull)
    assert [comment["body"].split("\n")[0] for comment in left] == ["fresh", "c"]
    assert left[0]["id"] == first["id"]


def test_a_comment_deleted_meanwhile_is_written_anew(stage: Stage) -> None:
    stage.post("old")
    stage.server.fail("PATCH", r"/issues/comments/", status=404, body=github.refusal("Not Found"), times=1)
    assert stage.post("new").comment == "created"


def test_a_personal_token_finds_its_comment_by_asking_who_it_is(stage: Stage) -> None:
    stage.server.like_github = False
    stage.token = github.ADMIN
    stage.post("old")
    assert stage.post("new").comment == "updated"
    assert len(stage.comments()) == 1


def test_a_workflow_token_that_may_not_ask_who_it_is_still_finds_its_comment(stage: Stage) -> None:
    stage.server.like_github = False
    stage.server.fail("GET", r"^/user$", **FORBIDDEN)
    stage.post("old")
    assert stage.post("new").comment == "updated"
    assert len(stage.comments()) == 1


def test_an_app_without_checks_learns_its_name_from_graphql(stage: Stage) -> None:
    stage.server.fail("POST", CHECKS, **FORBIDDEN)
    stage.server.fail("GET", r"^/user$", **FORBIDDEN)
    viewer = json.dumps({"data": {"viewer": {"login": github.OWNER}}}).encode()
    stage.server.fail("POST", r"^/graphql$", status=200, body=viewer)
    stage.token = github.ADMIN
    stage.post("old")
    assert stage.post("new").comment == "updated"


def test_when_comments_are_forbidden_the_check_has_the_report_and_one_line_says_what_to_add(stage: Stage) -> None:
    stage.server.fail("POST", COMMENTS, **FORBIDDEN)
    posted = stage.post()
    assert (posted.check, posted.comment) == ("created", "refused")
    (line,) = stage.lines
    assert "\n" not in line
    assert "`pull-requests: write`" in line
    assert "permissions: { contents: read, checks: write, pull-requests: write }" in line
    assert stage.api.checks(stage.build.sha)
    assert stage.summaries


def test_when_checks_are_forbidden_the_comment_is_still_written(stage: Stage) -> None:
    stage.server.fail("POST", CHECKS, **FORBIDDEN)
    posted = stage.post()
    assert (posted.check, posted.comment) == ("refused", "created")
    assert "`checks: write`" in stage.lines[-1]
    assert len(stage.comments()) == 1


def test_when_everything_is_forbidden_the_summary_has_the_report(stage: Stage) -> None:
    stage.server.fail("POST|PATCH", r".", **FORBIDDEN)
    posted = stage.post()
    assert (posted.check, posted.comment) == ("refused", "refused")
    (line,) = stage.lines
    assert "`checks: write` and `pull-requests: write`" in line
    assert "The report is in the job summary." in line
    assert stage.summaries == ["### all good\n\nnumbers\n"]


def test_a_pull_request_that_may_not_be_read_is_a_missing_permission(stage: Stage) -> None:
    stage.server.fail("GET", COMMENTS, **FORBIDDEN)
    assert stage.post().comment == "refused"


def test_a_stale_head_gets_no_comment_and_is_told(stage: Stage) -> None:
    stage.post("current")
    old = replace(stage.build, sha="a" * 40)
    posted = stage.post("late", build=old)
    assert posted.comment == "stale"
    assert stage.comments()[0].startswith("current")
    assert f"is at {stage.build.sha[:7]} now and this report is about aaaaaaa" in stage.lines[-1]


def test_a_stale_head_is_noticed_when_github_lists_the_pull_request_with_its_new_head(stage: Stage) -> None:
    other = replace(stage.build, sha="a" * 40)
    run = {
        "id": 9,
        "status": "completed",
        "app": {"slug": "github-actions"},
        "pull_requests": [
            {
                "number": stage.pull,
                "head": {"sha": stage.build.sha},
                "base": {"sha": "b" * 40, "repo": {"url": f"https://api.github.com/repos/{stage.api.repository}"}},
            }
        ],
    }
    stage.server.fail("POST", CHECKS, status=201, body=json.dumps(run).encode())
    assert stage.post(build=other).comment == "stale"


def test_a_pull_request_of_another_repository_with_our_number_says_nothing_about_ours(stage: Stage) -> None:
    other = replace(stage.build, sha="a" * 40)
    run = {
        "id": 9,
        "pull_requests": [
            {
                "number": stage.pull,
                "head": {"sha": other.sha},
                "base": {"sha": "b" * 40, "repo": {"url": "https://api.github.com/repos/somebody/else"}},
            }
        ],
    }
    stage.server.fail("POST", CHECKS, status=201, body=json.dumps(run).encode())
    assert stage.post(build=other).comment == "stale"


@pytest.mark.parametrize("event", ["push", "merge_group", "workflow_dispatch", "schedule"])
def test_events_without_a_pull_request_get_a_check_and_a_summary(stage: Stage, event: str) -> None:
    build = replace(stage.build, event=event, pull=None, expects_pull=False)
    posted = stage.post(build=build)
    assert (posted.check, posted.comment) == ("created", "none")
    assert len(stage.server.calls) == 1
    assert stage.comments() == []
    assert stage.summaries


def test_a_forks_pull_request_gets_nothing_but_the_summary(stage: Stage) -> None:
    posted = stage.post(build=replace(stage.build, is_fork=True, read_only=True))
    assert stage.server.calls == []
    assert stage.summaries
    assert posted.check == posted.comment == "none"


def following(stage: Stage, **changes: object) -> Build:
    known: dict[str, object] = {"event": "workflow_run", "pull": None, "hostile": True, "checkout_sha": "c" * 40}
    return replace(stage.build, **{**known, **changes})  # type: ignore[arg-type]


def test_after_a_run_the_pull_request_is_found_by_head_repository_and_branch(stage: Stage) -> None:
    stage.api.open_pull("another")
    assert stage.post(build=following(stage)).comment == "created"
    assert len(stage.comments()) == 1
    assert len(stage.server.calls) == 4


def test_after_a_run_from_a_fork_the_pull_request_of_that_fork_is_found(stage: Stage) -> None:
    stage.api.by(github.HUMAN).post("/forks", {})
    pull = stage.api.open_pull(f"{github.HUMAN_LOGIN}:topic")
    fork = f"{github.HUMAN_LOGIN}/{stage.api.repository.split('/')[1]}"
    build = following(stage, sha=pull["head"]["sha"], head_repository=fork, is_fork=True)
    assert stage.post(build=build).comment == "created"
    assert len(stage.api.comments(pull["number"])) == 1
    assert stage.comments() == []


def test_after_a_run_a_branch_of_the_same_name_elsewhere_is_not_mistaken(stage: Stage) -> None:
    build = following(stage, head_repository=f"{github.OWNER}/elsewhere", is_fork=True)
    assert stage.post(build=build).comment == "stale"
    assert stage.comments() == []
    assert "No open pull request" in stage.lines[-1]


def test_after_a_run_a_report_on_another_commit_is_refused_and_nothing_is_sent(stage: Stage) -> None:
    with pytest.raises(UserError, match="The report is about commit dddddddddddd, but this run is about"):
        stage.post(build=following(stage), sha="d" * 40)
    with pytest.raises(UserError, match="but this run is about"):
        stage.post(build=following(stage), sha="c" * 40)
    assert stage.server.calls == []
    assert stage.summaries == []


def test_after_a_failed_run_a_report_cannot_claim_success(stage: Stage) -> None:
    stage.post(build=following(stage, run_conclusion="failure"))
    (check,) = stage.api.checks(stage.build.sha)
    assert check["conclusion"] == "failure"
    assert check["output"]["title"] == "The run that made this report ended with `failure`"


def test_in_a_pull_request_a_report_on_the_merge_commit_belongs_to_the_head(stage: Stage) -> None:
    stage.post(sha=stage.build.checkout_sha)
    assert stage.api.checks(stage.build.sha)


def test_an_opened_check_is_completed_by_the_report(stage: Stage) -> None:
    number = check_run.start(stage.build, session=stage.session(), say=stage.lines.append)
    assert stage.api.checks(stage.build.sha)[0]["status"] == "in_progress"
    stage.post(check_id=number)
    assert [call.method for call in stage.server.calls] == ["PATCH", "GET", "POST"]
    (check,) = stage.api.checks(stage.build.sha)
    assert (check["id"], check["status"], check["conclusion"]) == (number, "completed", "success")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("cancelled", "conclusion"), [(False, "failure"), (True, "cancelled")])
def test_an_opened_check_is_closed_when_no_report_was_made(
    stage: Stage, *, known: bool, cancelled: bool, conclusion: str
) -> None:
    number = check_run.start(stage.build, session=stage.session(), say=stage.lines.append)
    how = {"session": stage.session(), "say": stage.lines.append, "cancelled": cancelled}
    check_run.close(stage.build, check_id=number if known else None, **how)  # type: ignore[arg-type]
    (check,) = stage.api.checks(stage.build.sha)
    assert (check["status"], check["conclusion"]) == ("completed", conclusion)
    assert (
        "before a report was posted: see [the log](https://github.com/o/r/actions/runs/5)" in check["output"]["summary"]
    )


def test_closing_leaves_a_finished_check_as_it_is(stage: Stage) -> None:
    number = check_run.start(stage.build, session=stage.session(), say=stage.lines.append)
    stage.post(check_id=number)
    check_run.close(stage.build, session=stage.session(), say=stage.lines.append, check_id=number)
    check_run.close(stage.build, session=stage.session(), say=stage.lines.append)
    assert stage.api.checks(stage.build.sha)[0]["conclusion"] == "success"


def test_a_run_without_a_report_whose_check_was_never_opened_gets_a_failed_one(stage: Stage) -> None:
    for _ in range(2):
        check_run.close(following(stage, run_conclusion="failure"), session=stage.session(), say=stage.lines.append)
    (check,) = stage.api.checks(stage.build.sha)
    assert check["conclusion"] == "failure"
    assert len(stage.lines) == 1


@pytest.mark.parametrize("ended", ["skipped", "action_required", "success"])
def test_a_run_that_owes_no_report_gets_no_check(stage: Stage, ended: str) -> None:
    check_run.close(following(stage, run_conclusion=ended), session=stage.session(), say=stage.lines.append)
    assert stage.api.checks(stage.build.sha) == []


def test_a_check_that_may_not_be_closed_is_said_with_the_permission(stage: Stage) -> None:
    number = check_run.start(stage.build, session=stage.session(), say=stage.lines.append)
    stage.server.fail("PATCH", CHECKS, **FORBIDDEN)
    check_run.close(stage.build, session=stage.session(), say=stage.lines.append, check_id=number)
    assert "`checks: write`" in stage.lines[-1]


def test_a_stale_report_still_completes_the_check_that_was_opened(stage: Stage) -> None:
    build = replace(stage.build, sha="a" * 40)
    number = check_run.start(build, session=stage.session(), say=stage.lines.append)
    assert stage.post(build=build, check_id=number).comment == "stale"
    call = stage.server.asked("PATCH", CHECKS)[0]
    assert call.json()["status"] == "completed"


def test_a_check_that_cannot_be_opened_does_not_stop_the_work(stage: Stage) -> None:
    stage.server.fail("POST", CHECKS, times=1, **FORBIDDEN)
    assert check_run.start(stage.build, session=stage.session(), say=stage.lines.append) is None
    assert "`checks: write`" in stage.lines[0]
    stage.server.fail("POST", CHECKS, status=502, body=b"<html>")
    assert check_run.start(stage.build, session=stage.session(), say=stage.lines.append) is None


@pytest.mark.parametrize(
    ("outcome", "strict", "conclusion"),
    [
        (Outcome.PASS, False, "success"),
        (Outcome.FAIL, False, "failure"),
        (Outcome.UNDECIDED, False, "neutral"),
        (Outcome.UNDECIDED, True, "failure"),
        (Outcome.SKIP, False, "neutral"),
    ],
)
def test_undecided_is_never_a_green_check(stage: Stage, *, outcome: Outcome, strict: bool, conclusion: str) -> None:
    stage.post(outcome=outcome, undecided_blocks=strict)
    assert stage.api.checks(stage.build.sha)[0]["conclusion"] == conclusion


def test_a_comment_keeps_to_its_limit_with_the_key_counted(stage: Stage) -> None:
    limits: list[int] = []

    def render(limit: int) -> str:
        limits.append(limit)
        return "é" * (limit // 2)

    stage.post(render)
    (body,) = stage.comments()
    assert len(body.encode()) <= 60_000
    assert body.endswith("<!-- mltool:report:mltool -->")
    assert max(limits) <= 2**20
    assert len(stage.summaries[0].encode()) <= 2**20


def test_a_comment_that_is_too_long_for_github_is_rendered_shorter(stage: Stage) -> None:
    too_long = github.refusal("Validation Failed: body is too long (maximum is 65536 characters)")
    stage.server.fail("POST", COMMENTS, status=422, body=too_long, times=1)
    stage.server.fail("POST", CHECKS, status=422, body=too_long, times=1)
    posted = stage.post(lambda limit: "x" * limit)
    assert (posted.check, posted.comment) == ("created", "created")
    assert len(stage.comments()[0]) == 15_000


def test_a_text_that_keeps_to_no_limit_ends_in_the_summary_alone(stage: Stage) -> None:
    posted = stage.post("x" * 70_000)
    assert (posted.check, posted.comment) == ("refused", "refused")
    assert "body is too long (maximum is 65536 characters)" in stage.lines[-1]
    assert "The report is in the job summary." in stage.lines[-1]
    assert len(stage.summaries[0]) > 70_000


def test_a_text_of_exactly_our_limit_is_one_that_github_takes(stage: Stage) -> None:
    posted = stage.post(lambda limit: "x" * limit)
    assert (posted.check, posted.comment) == ("created", "created")
    assert len(stage.comments()[0]) == 60_000


def test_after_a_run_a_report_with_another_key_than_the_jobs_is_refused(stage: Stage) -> None:
    with pytest.raises(UserError, match="has the key `other`, but this job posts `mltool`"):
        stage.post(build=following(stage), key="other", expected="mltool")
    assert stage.server.calls == []
    assert stage.post(build=following(stage), key="mltool", expected="mltool").comment == "created"


def test_a_token_that_is_wrong_is_yours_to_fix_and_the_summary_is_there(stage: Stage) -> None:
    stage.server.fail("POST", CHECKS, status=401, body=github.refusal("Bad credentials"))
    with pytest.raises(UserError, match="does not accept the token: Bad credentials"):
        stage.post()
    assert stage.summaries
    assert stage.comments() == []


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"status": 500}, "in trouble: it answered 500"),
        ({"status": 503, "body": b"<html>Unicorn</html>"}, "in trouble: it answered 503"),
        ({"status": 200, "body": b"<html>a proxy's login page</html>"}, "not what its API promises"),
        ({"status": 200, "body": b'{"id": "nine"}'}, "not what its API promises"),
        ({"status": 200, "body": b""}, "not what its API promises"),
        ({"silent": 0.0}, "broke in the middle of an answer"),
        ({"status": 429, "headers": {"Retry-After": "7200"}}, "asks us to slow down"),
        ({"status": 403, "headers": {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700003600"}}, "slow down"),
    ],
)
def test_github_in_trouble_is_outside_and_the_summary_is_there(
    stage: Stage, fault: dict[str, object], sentence: str
) -> None:
    stage.server.fail("GET|POST|PATCH", r"/repos/", **fault)
    with pytest.raises(OutsideError, match=sentence):
        stage.post()
    assert stage.summaries
    assert stage.comments() == []
    assert sum(stage.slept) <= 120


def test_a_repository_that_is_not_there_is_yours_to_fix(stage: Stage) -> None:
    with pytest.raises(UserError, match=r"GitHub does not know .*nobody/nothing"):
        stage.post(build=replace(stage.build, repository="nobody/nothing"))


def test_a_refused_request_says_in_githubs_words_what_is_wrong(stage: Stage) -> None:
    said = json.dumps({"message": "Validation Failed", "errors": [{"message": "No commit found for SHA: abc"}]})
    stage.server.fail("POST", CHECKS, status=422, body=said.encode())
    with pytest.raises(UserError, match="Validation Failed: No commit found for SHA: abc"):
        stage.post()


def test_a_rate_limit_is_waited_for_and_then_the_report_is_there(stage: Stage) -> None:
    stage.server.fail("POST", CHECKS, status=429, headers={"Retry-After": "3"}, times=1)
    stage.server.fail("POST", COMMENTS, status=403, body=github.refusal("exceeded a secondary rate limit"), times=1)
    assert stage.post().comment == "created"
    assert stage.slept == [3.0, 60.0]
    assert len(stage.comments()) == 1


def test_a_comment_whose_answer_was_lost_is_not_written_twice(stage: Stage) -> None:
    stage.server.fail("POST", COMMENTS, silent=0.0, after=True, times=1)
    assert stage.post().comment == "created"
    assert len(stage.comments()) == 1


def test_a_comment_that_never_arrived_is_sent_again(stage: Stage) -> None:
    stage.server.fail("POST", COMMENTS, status=502, times=1)
    assert stage.post().comment == "created"
    assert len(stage.comments()) == 1


def test_a_dry_run_says_what_it_would_write_and_writes_nothing(stage: Stage) -> None:
    stage.post("old")
    stage.lines.clear()
    posted = stage.post("new", dry_run=True)
    assert (posted.check, posted.comment) == ("planned", "planned")
    assert stage.writes() == []
    assert len(stage.summaries) == 1
    assert stage.lines[0] == f"Would complete check run `mltool` on {stage.build.sha[:7]} with success."
    assert "Would replace the text of comment" in stage.lines[1]


def test_without_a_token_only_the_summary_is_written(stage: Stage) -> None:
    posted = post.post(
        report(stage.build.sha),
        stage.build,
        session=None,
        render=lambda limit: "text",
        summary=stage.summaries.append,
        say=stage.lines.append,
    )
    assert posted.why_not == "there is no token"
    assert stage.summaries == ["text\n"]


@pytest.mark.parametrize("key", ["", "a b", "a--b", "-->", "é", "x" * 64, "a\nb"])
def test_a_key_that_cannot_stand_in_a_hidden_line_is_refused(stage: Stage, key: str) -> None:
    with pytest.raises(UserError, match="is unfit"):
        stage.post(key=key)
    assert stage.server.calls == []


def test_annotations_put_what_blocks_first_and_stop_at_ten(stage: Stage) -> None:
    full = replace(
        report(stage.build.sha),
        verdicts=(
            Verdict(gate="g", metric="metrics.json:acc", outcome=Outcome.FAIL, level="fail", sentence="acc fell"),
        ),
        problems=(Problem(path="broken.yaml", kind="unreadable", sentence="broken", line=7),),
        changes=Changes(
            params=tuple(
                ValueChange(path=f"p{n // 2:02}.yaml", key=f"k{n}", kind="changed", old=n, new=None) for n in range(40)
            )
        ),
    )
    notes = delivery.annotations(full)
    assert len(notes) == 10
    assert (notes[0].path, notes[0].level, notes[0].message) == ("metrics.json", "failure", "acc fell")
    assert (notes[1].line, notes[2].message) == (7, "k0: 0 → —\nk1: 1 → —")
    stage.server.calls.clear()
    post.post(
        full,
        stage.build,
        session=stage.session(),
        render=lambda limit: "text",
        summary=stage.summaries.append,
        say=stage.lines.append,
    )
    (check,) = stage.api.checks(stage.build.sha)
    assert check["output"]["annotations_count"] == 10


def test_a_key_with_a_colon_leaves_the_path_of_its_annotation_whole() -> None:
    verdict = Verdict(gate="a", metric="m.json:NDCG:top=10", outcome=Outcome.FAIL, level="fail", sentence="it fell")
    (note,) = delivery.annotations(replace(report("a" * 40), verdicts=(verdict,)))
    assert note.path == "m.json"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a/../../b", "x" * 600])
def test_a_hostile_path_gets_no_annotation(path: str) -> None:
    problems = (Problem(path=path, kind="unreadable", sentence="x"),)
    assert delivery.annotations(replace(report("a" * 40), problems=problems)) == ()


def test_the_token_is_in_one_header_and_nowhere_else(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    stage.token = "ghs_verysecret"
    stage.server.fail("GET", COMMENTS, status=401, body=github.refusal("Bad credentials: ghs_verysecret"))
    with pytest.raises(UserError) as caught:
        stage.post()
    everything = [*stage.lines, *stage.summaries, str(caught.value), repr(caught.value), *capfd.readouterr()]
    everything += [repr(stage.session().__dict__), *(call.path + call.body.decode() for call in stage.server.calls)]
    assert not [text for text in everything if "verysecret" in text]
    for call in stage.server.calls:
        assert [name for name, value in call.headers.items() if "verysecret" in value] == ["Authorization"]


def test_posting_to_a_healthy_server_is_quick(stage: Stage) -> None:
    started = time.perf_counter()
    stage.post()
    assert time.perf_counter() - started < 5
