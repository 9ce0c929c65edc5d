"""The verbs of the ledger, as people call them, on a project with a real model and a real remote."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltool import git
from mltool.commands import hold, ledger, promote, register
from mltool.commands.register import Wish
from mltool.errors import MltoolError, RefusedError, UserError
from mltool.registry.model import NewEvent
from support import released
from support.repos import Repo, run
from support.said import Said, mltool

POLICY = '\n[environments.prod.approvals]\ncount = 1\nnot_author = false\nevidence = ["card"]\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project, its DVC store and its remote."""
    home = tmp_path_factory.mktemp("ledger")
    repo = released.create(home / "project")
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", home / "origin.git", cwd=home)
    repo.git("remote", "add", "origin", "../origin.git")
    repo.git("push", "--quiet", "--set-upstream", "origin", "main")
    return home


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Repo]:
    shutil.copytree(made, tmp_path / "here", symlinks=True)
    return Repo(tmp_path / "here" / "project")


def at(repo: Repo) -> git.Project:
    return git.find(repo.folder)


def registered(repo: Repo, *versions: str) -> git.Project:
    """Register versions without asking what they consist of."""
    here = at(repo)
    for version in versions:
        commit = repo.commit(message=version)
        event = NewEvent(kind="register", model="delay", commit=commit, version=version)
        ledger.append(here, (event,), remote="origin")
    return here


def refused(said: Said) -> str:
    assert said.out == ""
    return said.err


def sentence(error: pytest.ExceptionInfo[MltoolError]) -> str:
    return f"{error.value.what} {error.value.remedy}"


def test_a_release_is_registered_promoted_held_and_told(project: Repo) -> None:
    folder = project.folder
    assert mltool(folder, "register", "delay", "1.0.0", "--reason", "first").out == (
        "Wrote delay@v1.0.0 and pushed to origin: register delay v1.0.0\n"
    )
    assert mltool(folder, "promote", "delay", "v1.0.0", "prod", "--reason", "gates pass").code == 0
    held = mltool(folder, "hold", "delay", "1.0.0", "--reason", "too slow", "--json").json
    assert [event["tag"] for event in held["events"]] == ["mltool/hold/delay/3"]
    told = mltool(folder, "log", "delay", "--json").json["events"]
    assert [(event["kind"], event["actor"], event["reason"]) for event in told] == [
        ("hold", "Ada Example", "too slow"),
        ("promote", "Ada Example", "gates pass"),
        ("register", "Ada Example", "first"),
    ]
    assert all(event["manifest"] == told[-1]["manifest"] != "" for event in told)
    status = mltool(folder, "status", "--json").json["models"]
    assert status[0]["stages"][0]["version"] == "1.0.0"
    assert status[0]["versions"][0]["held"]["reason"] == "too slow"
    verified = mltool(folder, "registry", "verify", "--remote", "origin")
    assert (verified.code, verified.out) == (0, "The ledger is whole\n  3 events of 1 model checked.\n")


def test_what_people_read_says_who_what_when_why_and_on_which_evidence(project: Repo) -> None:
    here = registered(project, "1.0.0")
    promote.promote(here, "delay", "1.0.0", "prod", reason="gates pass", remote="origin")
    hold.hold(here, "delay", "1.0.0", reason="too slow", remote="origin")
    commit = project.git("rev-parse", "--short=7", "delay@v1.0.0^{commit}")
    (digest,) = {event.manifest for event in ledger.read(here).models["delay"].events} - {""}
    rows = (
        ("No.", "When (UTC)", "Who", "What and why", "Evidence", "Signature"),
        ("3", "2026-01-02 03:04", "Ada Example", "hold delay v1.0.0: too slow", commit, "none"),
        ("2", "2026-01-02 03:04", "Ada Example", "promote delay v1.0.0 to prod: gates pass",
         f"{commit}, {digest[:19]}", "none"),
        ("1", "2026-01-02 03:04", "Ada Example", "register delay v1.0.0", commit, "none"),
    )  # fmt: skip
    widths = (3, 16, 11, 40, 28, 9)
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    assert mltool(project.folder, "log", COLUMNS="200").out == "".join(("delay\n", *(f"  {line}\n" for line in lines)))
    assert mltool(project.folder, "status", COLUMNS="120").out == (
        "delay · 1 version: v1.0.0 (held)\n"
        "  Environment  Version  Since (UTC)       By           Deployed        Held\n"
        "  prod         v1.0.0   2026-01-02 03:04  Ada Example  never recorded  too slow\n"
    )


class TestFailingGates:
    """A version is used up for ever: one whose gates fail is registered by nobody's oversight."""

    @pytest.fixture
    def failing(self, project: Repo) -> Repo:
        rule = '\n[gates.rows]\nmetric = "metrics.json:rows"\ndirection = "higher"\nfloor = 1000\n'
        config = project.folder / "mltool.toml"
        config.write_text(config.read_text() + rule)
        project.commit(message="ask for more rows")
        return project

    @pytest.mark.parametrize("more", [(), ("--dry-run",)])
    def test_it_is_refused_and_the_version_stays_free(self, failing: Repo, more: tuple[str, ...]) -> None:
        before = failing.git("for-each-ref")
        said = mltool(failing.folder, "register", "delay", "1.0.0", "--reason", "first", *more)
        assert said.code == 1
        assert refused(said) == (
            "mltool: delay 1.0.0 does not pass its gates (rows fail), and a version is never used twice. rows is 50, "
            "below the floor of 1000.\n"
            "  → See `mltool release plan delay 1.0.0`. To register it all the same: --allow-failing.\n"
        )
        assert failing.git("for-each-ref") == before

    def test_whoever_insists_gives_a_reason_and_the_event_says_so(self, failing: Repo) -> None:
        words = ("register", "delay", "1.0.0", "--allow-failing")
        said = mltool(failing.folder, *words)
        assert (said.code, "Give --reason." in refused(said)) == (2, True)
        assert mltool(failing.folder, *words, "--reason", "for the audit").out == (
            "Wrote delay@v1.0.0 and pushed to origin: register delay v1.0.0, despite rows fail\n"
        )
        (event,) = mltool(failing.folder, "log", "delay", "--json").json["events"]
        assert (event["despite"], event["reason"]) == ("rows fail", "for the audit")

    def test_where_the_gates_pass_nothing_is_said(self, project: Repo) -> None:
        words = ("register", "delay", "1.0.0", "--allow-failing", "--reason", "first", "--json")
        assert mltool(project.folder, *words).json["events"][0]["despite"] == ""


def test_an_empty_name_of_a_remote_is_not_taken_for_none(project: Repo) -> None:
    registered(project, "1.0.0")
    said = mltool(project.folder, "hold", "delay", "1.0.0", "--reason", "x", "--remote", "")
    assert (said.code, "no remote ``" in refused(said)) == (2, True)
    assert project.git("tag", "--list", "mltool/*") == ""


def test_a_tag_from_a_year_that_no_calendar_has_is_read(project: Repo) -> None:
    registered(project, "1.0.0")
    made = project.git("cat-file", "tag", "delay@v1.0.0")
    (project.folder / "tag").write_text(re.sub(r"> \d+ ", "> 300000000000 ", made) + "\n")
    sha = project.git("hash-object", "-t", "tag", "-w", "tag")
    project.git("update-ref", "-d", "refs/mltool/ledger/delay")
    project.git("update-ref", "refs/tags/delay@v1.0.0", sha)
    said = mltool(project.folder, "register", "delay", "1.0.0", "--no-push")
    assert (said.code, "registered it on 9999-12-31" in refused(said)) == (2, True)


def test_a_dry_run_writes_nothing(project: Repo) -> None:
    before = project.git("for-each-ref")
    said = mltool(project.folder, "register", "delay", "--bump", "minor", "--dry-run")
    assert (said.code, said.out) == (0, "Would write delay@v0.1.0: register delay v0.1.0\n")
    assert project.git("for-each-ref") == before


def test_in_a_job_the_person_who_started_it_is_named_beside_the_robot(project: Repo) -> None:
    registered(project, "1.0.0")
    job = {"CI": "true", "GITHUB_TRIGGERING_ACTOR": "octocat", "GIT_COMMITTER_NAME": "robot"}
    (event,) = mltool(project.folder, "hold", "delay", "1.0.0", "--reason", "x", "--json", **job).json["events"]
    assert (event["actor"], event["tagger"]["name"]) == ("octocat", "robot")
    assert "octocat, by robot" in mltool(project.folder, "log", COLUMNS="200").out


def test_a_dry_run_has_json_without_what_only_a_tag_has(project: Repo) -> None:
    here = registered(project, "1.0.0")
    said = mltool(project.folder, "hold", "delay", "1.0.0", "--reason", "x", "--dry-run", "--json").json
    assert said["dry_run"]
    assert said["events"] == [{
        "tag": "mltool/hold/delay/2", "kind": "hold", "model": "delay", "version": "1.0.0", "stage": "",
        "commit": git.head(here), "manifest": "", "actor": "", "approvers": [], "reason": "x", "outcome": "",
        "despite": "", "blessing": None,
    }]  # fmt: skip


def test_no_push_keeps_the_event_here(project: Repo) -> None:
    assert mltool(project.folder, "register", "delay", "1.0.0", "--no-push").code == 0
    assert "delay" not in project.git("ls-remote", "origin", "refs/tags/*")
    assert mltool(project.folder, "registry", "verify").code == 0
    against = mltool(project.folder, "registry", "verify", "--remote", "origin", "--json")
    assert against.code == 1
    assert [item["kind"] for item in against.json["findings"]] == ["deleted", "broken"]


class TestRegister:
    """Versions go forward, and are never used twice."""

    def test_an_unknown_model_is_answered_with_near_ones(self, project: Repo) -> None:
        said = mltool(project.folder, "register", "dealy", "1.0.0")
        assert said.code == 2
        assert refused(said) == "mltool: There is no model `dealy`.\n  → Did you mean `delay`?\n"

    @pytest.mark.parametrize(
        ("version", "why"),
        [
            ("1.1.0", "delay 1.1.0 exists: Ada Example registered it on 2026-01-02 at "),
            ("1.0.5", "delay 1.0.5 goes back: 1.1.0 is registered."),
            ("1.1.0-rc.1", "delay 1.1.0-rc.1 goes back: 1.1.0 is registered."),
            ("2", "`2` is no version."),
            ("1.2.0;id", "`1.2.0;id` is no version."),
            ("01.2.0", "`01.2.0` is no version."),
        ],
    )
    def test_a_version_that_exists_goes_back_or_is_none_is_refused(self, project: Repo, version: str, why: str) -> None:
        here = registered(project, "1.0.0", "1.1.0")
        with pytest.raises(UserError) as error:
            register.register(here, Wish(model="delay", version=version), remote="origin")
        assert why in sentence(error)

    def test_a_version_that_was_taken_back_is_not_free(self, project: Repo) -> None:
        here = registered(project, "1.0.0")
        commit = project.git("rev-parse", "HEAD")
        ledger.append(
            here, (NewEvent(kind="deregister", model="delay", commit=commit, version="1.0.0"),), remote="origin"
        )
        with pytest.raises(UserError, match=r"delay 1\.0\.0 exists"):
            register.register(here, Wish(model="delay", version="1.0.0"), remote="origin")

    def test_an_older_line_goes_on_where_asked(self, project: Repo) -> None:
        here = registered(project, "1.0.0", "2.0.0")
        project.commit(message="fix")
        done = register.register(here, Wish(model="delay", version="1.0.1", backport=True), remote="origin")
        assert done.tags == ("delay@v1.0.1",)
        with pytest.raises(UserError, match=r"delay 1\.0\.0-rc\.1 goes back"):
            register.register(here, Wish(model="delay", version="1.0.0-rc.1", backport=True), remote="origin")

    def test_a_commit_has_one_version(self, project: Repo) -> None:
        here = registered(project, "1.0.0")
        with pytest.raises(UserError, match=r"is delay 1\.0\.0 already"):
            register.register(here, Wish(model="delay", part="minor"), remote="origin")

    def test_a_candidate_becomes_the_release(self, project: Repo) -> None:
        here = registered(project, "1.0.0-rc.1")
        done = register.register(here, Wish(model="delay", part="major"), remote="origin")
        assert done.tags == ("delay@v1.0.0",)

    def test_of_two_that_want_the_next_version_the_slower_gets_the_one_after(
        self, project: Repo, tmp_path: Path
    ) -> None:
        registered(project, "1.0.0")
        project.commit(message="ada's")
        project.git("push", "--quiet")
        run("git", "clone", "--quiet", project.folder.parent / "origin.git", tmp_path / "bo", cwd=tmp_path)
        bo = Repo(tmp_path / "bo")
        bo.commit(message="bo's")
        for repo in (project, bo):
            repo.git("config", "remote.origin.url", project.folder.parent / "origin.git")
        assert register.register(at(project), Wish(model="delay", part="minor"), remote="origin").tags == (
            "delay@v1.1.0",
        )
        assert register.register(at(bo), Wish(model="delay", part="minor"), remote="origin").tags == ("delay@v1.2.0",)

    def test_an_artifact_of_dvc_yaml_is_a_model(self, project: Repo) -> None:
        here = at(project)
        text = (project.folder / "dvc.yaml").read_text()
        assert text.count("\nartifacts:\n") == 1
        project.commit({"dvc.yaml": text.replace("\nartifacts:\n", "\nartifacts:\n  other-name: {path: models/x}\n")})
        with pytest.raises(UserError, match="Did you mean `other-name`"):
            register.register(here, Wish(model="othername", version="1.0.0"), remote="origin")

    def test_a_pipeline_file_that_cannot_be_read_is_named(self, project: Repo) -> None:
        project.commit({"dvc.yaml": "stages: [\n"})
        with pytest.raises(UserError, match=r"dvc\.yaml"):
            register.register(at(project), Wish(model="delay", version="1.0.0"), remote="origin")

    @pytest.mark.parametrize("words", [(), ("1.0.0", "--bump", "minor")])
    def test_a_version_or_a_bump_is_asked_for(self, project: Repo, words: tuple[str, ...]) -> None:
        said = mltool(project.folder, "register", "delay", *words)
        assert said.code == 2
        assert "Which version of delay?" in said.err

    def test_a_tag_moved_upstream_is_not_built_on(self, project: Repo) -> None:
        here = registered(project, "1.0.0", "1.1.0")
        remote = project.folder.parent / "origin.git"
        run("git", "tag", "--force", "-m", "x", "delay@v1.0.0", "delay@v1.1.0^{commit}", cwd=remote)
        with pytest.raises(UserError, match=r"delay@v1\.0\.0 is another tag on origin than here"):
            hold.hold(here, "delay", "1.1.0", reason="x", remote="origin")


class TestPromote:
    """What may go where."""

    def test_an_unknown_version_or_environment_is_refused(self, project: Repo) -> None:
        here = registered(project, "1.0.0")
        with pytest.raises(UserError, match=r"has no registered version 3\.0\.0\. Registered are: 1\.0\.0"):
            promote.promote(here, "delay", "3.0.0", "prod", reason="", remote="origin")
        with pytest.raises(UserError, match=r"no environment `prd`\. Did you mean `prod`"):
            promote.promote(here, "delay", "1.0.0", "prd", reason="", remote="origin")
        with pytest.raises(UserError, match=r"There is no model `dela`\. Did you mean `delay`"):
            promote.promote(here, "dela", "1.0.0", "prod", reason="", remote="origin")

    def test_a_held_version_is_refused_until_the_hold_ends(self, project: Repo) -> None:
        here = registered(project, "1.0.0")
        hold.hold(here, "delay", "1.0.0", reason="bias", remote="origin")
        with pytest.raises(RefusedError, match=r"delay 1\.0\.0 is on hold, by Ada Example: bias"):
            promote.promote(here, "delay", "1.0.0", "prod", reason="", remote="origin")
        hold.unhold(here, "delay", "1.0.0", reason="measured again", remote="origin")
        assert promote.promote(here, "delay", "1.0.0", "prod", reason="", remote="origin").tags == ("delay#prod#4",)

    def test_an_older_version_is_a_rollback(self, project: Repo) -> None:
        here = registered(project, "1.0.0", "1.1.0")
        promote.promote(here, "delay", "1.1.0", "prod", reason="", remote="origin")
        with pytest.raises(RefusedError, match=r"mltool rollback delay prod --to 1\.0\.0"):
            promote.promote(here, "delay", "1.0.0", "prod", reason="", remote="origin")

    def test_what_is_there_already_is_said_so(self, project: Repo) -> None:
        here = registered(project, "1.0.0")
        promote.promote(here, "delay", "1.0.0", "prod", reason="", remote="origin")
        said = mltool(project.folder, "promote", "delay", "1.0.0", "prod")
        assert (said.code, said.out) == (0, "Nothing to write: the ledger says so already.\n")

    def test_an_approval_that_is_asked_for_is_waited_for(self, project: Repo) -> None:
        project.write({"mltool.toml": (project.folder / "mltool.toml").read_text() + POLICY})
        project.commit()
        project.git("push", "--quiet", "origin", "main")
        assert mltool(project.folder, "register", "delay", "1.0.0").code == 0
        said = mltool(project.folder, "promote", "delay", "1.0.0", "prod")
        assert said.code == 1
        assert "delay 1.0.0 may not go into prod: " in refused(said)
        assert mltool(project.folder, "approve", "delay", "1.0.0", "prod", "--reason", "read the card").code == 0
        assert mltool(project.folder, "promote", "delay", "1.0.0", "prod").code == 0
        promoted, approved, _ = mltool(project.folder, "log", "delay", "--json").json["events"]
        assert approved["approvers"] == promoted["approvers"] == ["ada@example.org"]

    def test_an_approval_that_does_not_count_is_written_and_says_why(self, project: Repo) -> None:
        text = (project.folder / "mltool.toml").read_text()
        project.write({"mltool.toml": text + "[environments.prod.approvals]\ncount = 1\n"})
        project.commit()
        project.git("push", "--quiet", "origin", "main")
        assert mltool(project.folder, "register", "delay", "1.0.0").code == 0
        said = mltool(project.folder, "approve", "delay", "1.0.0", "prod", "--reason", "mine")
        assert said.code == 0
        assert said.out.startswith("Wrote mltool/approve/delay/2")
        assert said.err.startswith("mltool: It is written, and does not count: Nothing proves who wrote it: ")
        assert mltool(project.folder, "promote", "delay", "1.0.0", "prod").code == 1


class TestLookingBack:
    """`log`, `status` and `registry` on repositories as they come."""

    @pytest.fixture
    def gto(self, tmp_path: Path) -> Repo:
        """A repository that GTO kept, without DVC."""
        repo = Repo.create(tmp_path / "gto", dvc=False)
        for at_, (name, message) in enumerate({
            "churn@v3.0.0": "1", "churn#prod#1": "1", "churn@v3.1.0": "2", "churn#dev#2": "2", "churn#prod#3": "1",
        }.items()):  # fmt: skip
            commit = repo.git("log", "--format=%H", f"--grep=^{message}$", "-1") if at_ else ""
            repo.git("tag", "-m", f"Assigning {name}", name, commit or repo.commit(message=message))
        return repo

    def test_a_repository_of_gto_keeps_its_history(self, gto: Repo) -> None:
        found = mltool(gto.folder, "status", "churn", "--json").json["models"][0]
        assert {stage["name"]: stage["version"] for stage in found["stages"]} == {"dev": "3.1.0", "prod": "3.0.0"}
        assert found["head"] is None
        assert mltool(gto.folder, "registry", "verify").code == 0
        assert mltool(gto.folder, "log").out.count("none (GTO)") == 5

    def test_a_date_and_a_commit_are_moments(self, project: Repo) -> None:
        registered(project, "1.0.0")
        for moment, versions in (("2026-01-02", 1), ("2026-01-02T03:04:05", 1), ("2026-01-02T03:04:05+01:00", 0)):
            found = mltool(project.folder, "registry", "at", moment, "--json").json
            assert sum(len(model["versions"]) for model in found["models"]) == versions
        found = mltool(project.folder, "registry", "at", "HEAD", "--json").json
        assert [event["tag"] for event in found["events"]] == ["delay@v1.0.0"]
        said = mltool(project.folder, "registry", "at", "last tuesday")
        assert said.code == 2
        assert "`last tuesday` is neither a date nor a commit." in said.err

    def test_a_hostile_tag_is_shown_and_does_nothing(self, project: Repo) -> None:
        registered(project, "1.0.0")
        project.git("update-ref", "refs/tags/m@v1.0.0;touch${IFS}pwned|sh", "HEAD")
        project.git("update-ref", "refs/tags/m@v1.0.0\u202ecod.exe", "HEAD")
        project.git("tag", "-m", "\x1b[31mred\x1b[0m\n\n::error::x", "delay#prod#9", "HEAD")
        for words in (("log",), ("status",), ("registry", "verify")):
            said = mltool(project.folder, *words, COLUMNS="160")
            assert not any(mark in said.out for mark in ("\x1b", "\u202e", "\n::"))
            assert "m@v1.0.0;touch${IFS}pwned|sh looks like an event" in " ".join(said.out.split())
        assert not (project.folder / "pwned").exists()

    def test_an_empty_ledger_says_how_to_begin(self, project: Repo) -> None:
        assert mltool(project.folder, "status").out == (
            "No events\n  No model is registered: see `mltool register --help`.\n"
        )
        said = mltool(project.folder, "log", "delay")
        assert said.code == 2
        assert "No model is registered in this repository." in said.err

    def test_the_remotes_events_are_fetched_on_demand(self, project: Repo, tmp_path: Path) -> None:
        registered(project, "1.0.0")
        run("git", "clone", "--quiet", "--no-tags", project.folder.parent / "origin.git", tmp_path / "bo", cwd=tmp_path)
        assert mltool(tmp_path / "bo", "status", "--json").json["models"] == []
        assert mltool(tmp_path / "bo", "registry", "fetch").code == 0
        assert mltool(tmp_path / "bo", "status", "--json").json == mltool(project.folder, "status", "--json").json
