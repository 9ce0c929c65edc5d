"""`mltool ci release`, in the job that a tag started: what is judged, what is said, what the jobs after it are told."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mltool import git
from mltool.commands import ci_release
from mltool.errors import Exit, OutsideError, RefusedError, UserError
from support import released
from support.repos import Repo, run
from support.said import mltool

PROD = '\n[release]\nenvironment = "prod"\n'


@dataclass(frozen=True)
class Job:
    """A developer's clone, and what both they and the job call origin."""

    repo: Repo
    hub: Repo
    folder: Path

    def mltool(self, *words: str, code: int = 0) -> str:
        said = mltool(self.repo.folder, *words)
        assert said.code == code, said.err
        return said.out

    def run(
        self, tag: str, *, pushed: str = "", name: str = "push", checkout: bool = False
    ) -> tuple[Exit, dict[str, str], str]:
        """Run the command as the job does, in a clone without the refs of the ledger; return code, outputs, summary."""
        clone = self.folder / "job"
        run("rm", "-rf", clone, self.folder / "output", self.folder / "summary", cwd=self.folder)
        run("git", "clone", "--quiet", self.hub.folder, clone, cwd=self.folder)
        if checkout:
            run("git", "checkout", "--quiet", f"refs/tags/{tag}", cwd=clone)
        inputs = {"inputs": {"tag": tag}} if name == "workflow_dispatch" else {"after": pushed}
        (self.folder / "event.json").write_text(json.dumps(inputs))
        environ = {
            "GITHUB_EVENT_NAME": name,
            "GITHUB_REF": f"refs/tags/{tag}" if name == "push" else "refs/heads/main",
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        said: list[str] = []
        code = ci_release.run(git.find(clone), ci_release.Edges(environ=environ, say=said.append))
        output, summary = self.folder / "output", self.folder / "summary"
        lines = output.read_text().splitlines() if output.exists() else []
        return code, dict(line.split("=", 1) for line in lines), summary.read_text()


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Job]:
    def create(config: str = PROD) -> Job:
        hub = Repo(tmp_path / "hub.git")
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", hub.folder, cwd=tmp_path)
        repo = released.create(tmp_path / "project", config=config)
        repo.git("remote", "add", "origin", str(hub.folder))
        repo.git("push", "--quiet", "--set-upstream", "origin", "main")
        return Job(repo=repo, hub=hub, folder=tmp_path)

    return create


@pytest.fixture
def job(start: Callable[..., Job]) -> Job:
    made = start()
    made.mltool("register", "delay", "1.0.0", "--reason", "the `first` one")
    return made


def test_a_registered_version_is_judged_and_the_jobs_after_it_know_what_to_do(job: Job) -> None:
    tag = job.hub.git("rev-parse", "refs/tags/delay@v1.0.0")
    code, outputs, summary = job.run("delay@v1.0.0", pushed=tag)
    assert code is Exit.GOOD
    assert outputs == {
        "package": "true",
        "deploy": "true",
        "model": "delay",
        "version": "1.0.0",
        "environment": "prod",
        "commit": job.repo.git("rev-parse", "HEAD"),
    }
    assert "registered v1.0.0 of delay: the 'first' one." in summary
    assert re.search(r"makes the release that the tag names \(sha256:[0-9a-f]{64}\), compared with no version", summary)
    assert "It was registered with the judgement: pass." in summary
    assert "pass: accuracy (tolerance): " in summary


def test_a_reason_can_write_over_nothing_and_start_nothing(start: Callable[..., Job]) -> None:
    job = start()
    tampered = "fine\rdelay@v1.0.0: approved by all\x1b[2K\u202e\n::set-output name=x::y ##[error]"
    job.mltool("register", "delay", "1.0.0", "--reason", tampered)
    code, _, summary = job.run("delay@v1.0.0")
    assert code is Exit.GOOD
    assert not {letter for letter in summary if letter != "\n" and not letter.isprintable()}
    assert "\n::" not in summary
    assert "##[" not in summary
    assert "registered v1.0.0 of delay: fine delay@v1.0.0: approved by all" in summary


def test_started_by_hand_the_input_names_the_tag(job: Job) -> None:
    assert job.run("delay@v1.0.0", name="workflow_dispatch")[1]["version"] == "1.0.0"


def test_a_promotion_is_deployed_and_nothing_is_packaged(job: Job) -> None:
    job.mltool("promote", "delay", "1.0.0", "prod", "--reason", "let it")
    (tag,) = job.hub.git("tag", "--list", "delay#prod#*").splitlines()
    outputs = job.run(tag)[1]
    assert (outputs["package"], outputs["deploy"], outputs["version"]) == ("false", "true", "1.0.0")


def test_an_unknown_tag_is_refused(job: Job) -> None:
    with pytest.raises(UserError, match="no event of the ledger"):
        job.run("delay@v9.0.0")


def test_a_tag_that_was_moved_after_the_push_is_refused(job: Job) -> None:
    with pytest.raises(RefusedError, match="it was moved since"):
        job.run("delay@v1.0.0", pushed="1" * 40)


def test_a_tag_that_was_moved_to_another_commit_is_refused_with_what_was_there(job: Job) -> None:
    job.repo.commit({"steps.py": "print('other')\n"}, message="Other")
    job.repo.git("push", "--quiet", "origin", "main")
    message = job.repo.git("tag", "--list", "--format=%(contents)", "delay@v1.0.0")
    job.repo.git("tag", "--force", "--annotate", "--message", message, "delay@v1.0.0", "HEAD")
    job.repo.git("push", "--quiet", "--force", "origin", "refs/tags/delay@v1.0.0")
    with pytest.raises(RefusedError, match=r"delay@v1\.0\.0"):
        job.run("delay@v1.0.0")


def test_a_hold_that_was_deleted_is_found_and_does_not_let_the_version_go(job: Job) -> None:
    job.mltool("hold", "delay", "1.0.0", "--reason", "wrong for snow")
    with pytest.raises(RefusedError, match="on hold: wrong for snow"):
        job.run("delay@v1.0.0")
    (hold,) = job.hub.git("tag", "--list", "mltool/hold/*").splitlines()
    job.hub.git("tag", "--delete", hold)
    with pytest.raises(RefusedError, match="was deleted"):
        job.run("delay@v1.0.0")


def test_where_signatures_are_asked_for_a_tag_without_one_is_refused(start: Callable[..., Job]) -> None:
    job = start('\n[signing]\nallowed_signers = "signers"\n')
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", job.folder / "key", cwd=job.folder)
    job.repo.commit({"signers": f"ada@example.org {(job.folder / 'key.pub').read_text()}"})
    job.repo.git("push", "--quiet", "origin", "main")
    job.mltool("register", "delay", "1.0.0")
    with pytest.raises(RefusedError, match=r"delay@v1\.0\.0"):
        job.run("delay@v1.0.0")
    for key, value in {
        "gpg.format": "ssh",
        "user.signingKey": str(job.folder / "key.pub"),
        "tag.gpgSign": "true",
    }.items():
        job.repo.git("config", key, value)
    job.repo.commit({"README.md": "signed"})
    job.repo.git("push", "--quiet", "origin", "main")
    job.mltool("register", "delay", "1.1.0")
    assert job.run("delay@v1.1.0")[0] is Exit.GOOD


def test_a_side_branch_cannot_drop_the_list_of_signers(start: Callable[..., Job]) -> None:
    signing = '\n[signing]\nallowed_signers = "signers"\n'
    job = start(signing)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", job.folder / "key", cwd=job.folder)
    job.repo.commit({"signers": f"ada@example.org {(job.folder / 'key.pub').read_text()}"})
    job.repo.git("push", "--quiet", "origin", "main")
    job.repo.git("checkout", "--quiet", "-b", "side")
    config = job.repo.folder / "mltool.toml"
    config.write_text(config.read_text().replace(signing, ""))
    job.repo.commit(message="nobody is asked")
    job.mltool("register", "delay", "1.0.0")
    with pytest.raises(RefusedError, match=r"delay@v1\.0\.0 is not signed"):
        job.run("delay@v1.0.0", checkout=True)


def test_a_commit_that_makes_another_release_than_the_tag_names_is_refused(job: Job) -> None:
    message = job.repo.git("tag", "--list", "--format=%(contents)", "delay@v1.0.0")
    forged = re.sub(r"(?<=Manifest: )sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", message)
    job.hub.git("update-ref", "-d", "refs/tags/delay@v1.0.0")
    for ref in job.hub.git("for-each-ref", "--format=%(refname)", "refs/mltool").splitlines():
        job.hub.git("update-ref", "-d", ref)
    job.repo.git("tag", "--force", "--annotate", "--message", forged, "delay@v1.0.0")
    job.repo.git("push", "--quiet", "origin", "refs/tags/delay@v1.0.0")
    with pytest.raises(RefusedError, match="names the release sha256:000"):
        job.run("delay@v1.0.0")


def test_a_failed_gate_ends_the_job_and_tells_the_others_nothing(start: Callable[..., Job]) -> None:
    job = start('\n[gates.rows]\nmetric = "metrics.json:rows"\ndirection = "higher"\nfloor = 1000\n')
    job.mltool("register", "delay", "1.0.0", "--allow-failing", "--reason", "all the same")
    code, outputs, summary = job.run("delay@v1.0.0")
    assert (code, outputs) == (Exit.FAILED, {})
    assert "fail: rows (tolerance): " in summary
    assert "Nothing is released." in summary


def test_a_remote_that_does_not_answer_is_the_outside(job: Job) -> None:
    tag = job.hub.git("rev-parse", "refs/tags/delay@v1.0.0")
    job.run("delay@v1.0.0", pushed=tag)
    clone = job.folder / "job"
    run("git", "remote", "set-url", "origin", "/nowhere", cwd=clone)
    (job.folder / "event.json").write_text("{}")
    environ = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/tags/delay@v1.0.0"}
    environ["GITHUB_EVENT_PATH"] = str(job.folder / "event.json")
    with pytest.raises(OutsideError):
        ci_release.run(git.find(clone), ci_release.Edges(environ=environ, say=lambda _: None))


def test_a_job_that_registers_a_version_is_told_that_its_tag_starts_nothing(job: Job) -> None:
    job.repo.commit({"README.md": "more"})
    words = ("register", "delay", "1.1.0", "--reason", "more")
    assert "starts no workflow" not in mltool(job.repo.folder, *words, "--dry-run", GITHUB_ACTIONS="true").err
    said = mltool(job.repo.folder, *words, GITHUB_ACTIONS="true").err
    assert "gh workflow run mltool-release.yml --ref 'delay@v1.1.0'" in said
