"""The whole path as a job walks it: `mltool report --post` in a process of its own, against the real server."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mltool.gates.verdict import Outcome, Verdict
from mltool.report import json as report_json
from mltool.report.model import Report, Revision
from support import github

pytestmark = pytest.mark.slow

TOKEN = github.BOT


@dataclass
class Job:
    """A job of GitHub Actions on a pull request, as far as its environment goes."""

    server: github.Proxy
    api: github.Api
    pull: int
    sha: str
    folder: Path

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        self.server.calls.clear()
        known = {
            "PATH": os.environ["PATH"],
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": self.api.repository,
            "GITHUB_SHA": "e" * 40,
            "GITHUB_API_URL": self.server.url,
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_TOKEN": TOKEN,
        }
        return subprocess.run(
            [sys.executable, "-m", "mltool", "report", *words],
            cwd=self.folder,
            env={**known, **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def everything(self, done: subprocess.CompletedProcess[str]) -> str:
        files = [path.read_text() for path in self.folder.rglob("*") if path.is_file()]
        return "\n".join([done.stdout, done.stderr, *files])


@pytest.fixture
def job(server: github.Proxy, tmp_path: Path) -> Job:
    api = github.repository(server.upstream)
    pull = api.open_pull()
    sha = pull["head"]["sha"]
    verdict = Verdict(gate="a", metric="m.json:acc", outcome=Outcome.FAIL, level="fail", sentence="acc fell")
    made = Report(head=Revision(sha=sha), outcome=Outcome.FAIL, verdicts=(verdict,))
    (tmp_path / "report.json").write_bytes(report_json.dumps(made))
    repository = {"full_name": api.repository, "default_branch": "main"}
    event = {
        "repository": repository,
        "pull_request": {
            "number": pull["number"],
            "head": {"sha": sha, "ref": "topic", "repo": repository},
            "base": {"sha": pull["base"]["sha"], "ref": "main", "repo": repository},
        },
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    return Job(server=server, api=api, pull=pull["number"], sha=sha, folder=tmp_path)


def test_a_job_opens_a_check_posts_and_leaves_the_token_nowhere(job: Job) -> None:
    opened = job.run("--open-check")
    assert opened.returncode == 0, opened.stderr
    number = (job.folder / "output").read_text().strip().removeprefix("check-id=")
    posted = job.run("--from", "report.json", "--post", MLTOOL_CHECK_ID=number)
    assert posted.returncode == 0, posted.stderr
    assert [call.method for call in job.server.calls] == ["PATCH", "GET", "POST"]
    (check,) = job.api.checks(job.sha)
    assert (check["status"], check["conclusion"]) == ("completed", "failure")
    assert "acc fell" in job.api.comments(job.pull)[0]["body"]
    assert "acc fell" in (job.folder / "summary.md").read_text()
    assert TOKEN not in job.everything(posted) + opened.stdout + opened.stderr


@pytest.mark.parametrize(("cancelled", "conclusion"), [("true", "cancelled"), ("false", "failure")])
def test_a_check_is_closed_after_a_report_that_could_not_be_posted(job: Job, cancelled: str, conclusion: str) -> None:
    job.run("--open-check")
    number = (job.folder / "output").read_text().strip().removeprefix("check-id=")
    (job.folder / "report.json").write_text("{}")
    posted = job.run("--from", "report.json", "--post", MLTOOL_CHECK_ID=number)
    assert posted.returncode == 2
    closed = job.run("--close-check", MLTOOL_CHECK_ID=number, MLTOOL_CANCELLED=cancelled)
    assert closed.returncode == 0, closed.stderr
    (check,) = job.api.checks(job.sha)
    assert (check["status"], check["conclusion"]) == ("completed", conclusion)


@pytest.mark.parametrize("command", ["::error::x", " ::add-mask::0", "a ##[error]x", "\n::stop-commands::x"])
def test_a_report_from_elsewhere_gives_the_runner_no_command(job: Job, command: str) -> None:
    verdict = Verdict(gate=command, metric=f"m.json:{command}", outcome=Outcome.FAIL, level="fail", sentence=command)
    made = Report(head=Revision(sha=job.sha, ref=command), outcome=Outcome.FAIL, verdicts=(verdict,), notes=(command,))
    good = report_json.dumps(made)
    for content in (
        good,
        good.replace(b'"fail"', json.dumps(command).encode()),
        report_json.dumps(replace(made, key=command)),
    ):
        (job.folder / "report.json").write_bytes(content)
        done = job.run("--from", "report.json", "--post")
        log = done.stdout + done.stderr
        assert log
        assert "##[" not in log
        assert not [line for line in log.splitlines() if line.lstrip().startswith("::")]


def test_a_job_that_may_write_nothing_succeeds_and_says_what_to_add(job: Job) -> None:
    job.server.fail("POST|PATCH", "/repos/", status=403, body=github.refusal())
    done = job.run("--from", "report.json", "--post")
    assert done.returncode == 0
    assert "permissions: { contents: read, checks: write, pull-requests: write }" in done.stderr
    assert "acc fell" in (job.folder / "summary.md").read_text()


@pytest.mark.parametrize(
    ("status", "headers", "code", "said"),
    [
        (401, {}, 2, "does not accept the token"),
        (404, {}, 2, "GitHub does not know"),
        (422, {}, 2, "GitHub refused"),
        (429, {"Retry-After": "9000"}, 4, "Try again after"),
    ],
)
def test_a_refusal_is_one_sentence_an_exit_code_and_no_traceback(
    job: Job, status: int, headers: dict[str, str], code: int, said: str
) -> None:
    job.server.fail("POST", "/check-runs", status=status, headers=headers, body=github.refusal(f"no {TOKEN}"))
    done = job.run("--from", "report.json", "--post")
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert TOKEN not in job.everything(done)
    assert (job.folder / "summary.md").is_file()
