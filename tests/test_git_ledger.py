"""The ledger in real Git: written whole or not at all, by several clones, signed and not."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from mltool import git
from mltool.commands import ledger, registry_verify
from mltool.errors import MltoolError, OutsideError, UserError
from mltool.registry.model import Ledger, NewEvent
from support.repos import Repo, run
from support.said import mltool


@dataclass(frozen=True)
class Team:
    """A remote and two clones of it, with one commit."""

    remote: Path
    ada: Repo
    bo: Repo
    commit: str

    def events(self, kind: str = "register", version: str = "1.0.0", **more: str) -> tuple[NewEvent, ...]:
        """Return one event about the model."""
        return (NewEvent(kind=kind, model="delay", commit=self.commit, version=version, **more),)  # type: ignore[arg-type]  # a test's word

    def refs(self) -> str:
        """Return everything the remote has."""
        return run("git", "for-each-ref", "--format=%(objectname) %(refname)", cwd=self.remote)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "origin.git", cwd=tmp_path)
    ada = Repo.create(tmp_path / "ada")
    commit = ada.commit({"model": "1"})
    ada.git("remote", "add", "origin", tmp_path / "origin.git")
    ada.git("push", "--quiet", "origin", "main")
    run("git", "clone", "--quiet", tmp_path / "origin.git", tmp_path / "bo", cwd=tmp_path)
    return Team(tmp_path / "origin.git", ada, Repo(tmp_path / "bo"), commit)


def project(repo: Repo) -> git.Project:
    return git.repository(repo.folder)


def names(found: Ledger) -> list[str]:
    return [event.tag.name for event in found.models["delay"].events]


def sentence(error: pytest.ExceptionInfo[MltoolError]) -> str:
    return f"{error.value.what} {error.value.remedy}"


def test_events_are_annotated_tags_on_the_commit_here_and_there(team: Team) -> None:
    (event,) = ledger.append(project(team.ada), team.events(reason="first"), remote="origin")
    assert event.tag.name == "delay@v1.0.0"
    assert (event.tag.tagger, event.tag.email, event.actor) == ("Ada Example", "ada@example.org", "Ada Example")
    assert team.ada.git("rev-parse", "delay@v1.0.0^{commit}") == team.commit
    assert f"{event.tag.object} refs/tags/delay@v1.0.0" in team.refs()
    assert f"{event.tag.object} refs/mltool/ledger/delay" in team.refs()


def test_the_checkout_the_index_and_other_refs_stay_as_they_are(team: Team) -> None:
    team.ada.write({"model": "2", "other": "x"})
    team.ada.git("add", "other")
    before = team.ada.git("status", "--porcelain"), (team.ada.folder / ".git" / "config").read_text()
    ledger.append(project(team.ada), team.events(), remote="origin")
    assert (team.ada.git("status", "--porcelain"), (team.ada.folder / ".git" / "config").read_text()) == before
    assert sorted(team.ada.git("for-each-ref", "--format=%(refname)").splitlines()) == [
        "refs/heads/main", "refs/mltool/ledger/delay", "refs/remotes/origin/main", "refs/tags/delay@v1.0.0"
    ]  # fmt: skip


def test_several_events_follow_each_other_in_one_push(team: Team) -> None:
    wanted = (*team.events(), *team.events("promote", stage="prod"), *team.events("hold"))
    made = ledger.append(project(team.ada), wanted, remote="origin")
    assert [event.tag.name for event in made] == ["delay@v1.0.0", "delay#prod#2", "mltool/hold/delay/3"]
    assert [event.previous for event in made] == ["", made[0].tag.object, made[1].tag.object]
    assert registry_verify.check(project(team.ada), remote="origin").findings == ()


def test_another_clone_reads_the_same(team: Team) -> None:
    ledger.append(project(team.ada), team.events(), remote="origin")
    ledger.append(project(team.ada), team.events("promote", stage="prod"), remote="origin")
    assert ledger.fetch(project(team.bo), "origin") == ledger.read(project(team.ada))


def test_a_clone_that_never_fetched_the_ref_reads_the_same(team: Team) -> None:
    ledger.append(project(team.ada), team.events(), remote="origin")
    ledger.append(project(team.ada), team.events("promote", stage="prod"), remote="origin")
    team.bo.git("fetch", "--quiet", "--tags")
    assert "refs/mltool" not in team.bo.git("for-each-ref")
    assert ledger.read(project(team.bo)) == ledger.read(project(team.ada))


class TestRaces:
    """Two clones write at once."""

    def test_an_event_that_was_planned_on_an_old_ledger_is_planned_again(self, team: Team) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        ledger.fetch(project(team.bo), "origin")
        seen = []

        def plan(now: Ledger) -> tuple[NewEvent, ...]:
            seen.append(names(now))
            if len(seen) == 1:  # while bo is thinking, ada is faster
                ledger.append(project(team.ada), team.events("promote", stage="prod"), remote="origin")
            return team.events("hold")

        (event,) = ledger.append(project(team.bo), (), remote="origin", replan=plan)
        assert seen == [["delay@v1.0.0"], ["delay@v1.0.0", "delay#prod#2"]]
        assert event.tag.name == "mltool/hold/delay/3"
        assert registry_verify.check(project(team.bo), remote="origin").findings == ()

    def test_a_plan_that_no_longer_holds_is_refused_and_leaves_nothing(self, team: Team) -> None:
        before = team.bo.git("for-each-ref")

        def plan(now: Ledger) -> tuple[NewEvent, ...]:
            if now.models:
                raise UserError("delay 1.0.0 exists.")
            ledger.append(project(team.ada), team.events(reason="ada's"), remote="origin")
            return team.events(reason="bo's")

        with pytest.raises(UserError, match=r"delay 1\.0\.0 exists"):
            ledger.append(project(team.bo), (), remote="origin", replan=plan)
        assert "refs/tags/delay@v1.0.0" not in before
        assert ledger.read(project(team.bo)) == ledger.read(project(team.ada))

    def test_many_writers_make_one_chain(self, team: Team) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        places = [project(team.ada), project(team.bo)]

        def work(number: int) -> None:
            ledger.append(places[number % 2], team.events("hold", reason=f"{number}"), remote="origin")

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, range(6)))
        found = ledger.fetch(places[0], "origin")
        assert sorted(event.reason for event in found.models["delay"].events[1:]) == list("012345")
        assert registry_verify.check(places[0], remote="origin").findings == ()

    def test_two_writers_in_one_clone_without_a_remote_make_one_chain(self, team: Team) -> None:
        here = project(team.ada)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda at: ledger.append(here, team.events("hold", reason=f"{at}"), remote=None), range(6)))
        assert len(ledger.read(here).models["delay"].events) == 6
        assert registry_verify.check(here).findings == ()

    def test_a_race_that_never_ends_is_given_up(self, team: Team) -> None:
        def plan(now: Ledger) -> tuple[NewEvent, ...]:
            ledger.append(project(team.ada), team.events("hold"), remote="origin")
            return team.events("unhold")

        with pytest.raises(OutsideError, match="Others wrote to the ledger of delay 8 times meanwhile"):
            ledger.append(project(team.bo), (), remote="origin", replan=plan)
        assert "unhold" not in team.refs() + team.bo.git("for-each-ref")


class TestRefusals:
    """Nothing is half-written."""

    def test_a_remote_that_refuses_leaves_nothing_here(self, team: Team) -> None:
        hook = team.remote / "hooks" / "update"
        hook.write_text(
            "#!/bin/sh\ncase $1 in refs/tags/*#prod#*) echo tags of prod are protected >&2; exit 1;; esac\n"
        )
        hook.chmod(0o755)
        before = team.ada.git("for-each-ref"), team.refs()
        wanted = (*team.events(), *team.events("promote", stage="prod"))
        with pytest.raises(OutsideError) as error:
            ledger.append(project(team.ada), wanted, remote="origin")
        assert "`origin` did not take the event: " in sentence(error)
        assert (team.ada.git("for-each-ref"), team.refs()) == before

    def test_a_remote_that_is_down_leaves_nothing_here(self, team: Team) -> None:
        team.remote.rename(team.remote.with_name("gone"))
        before = team.ada.git("for-each-ref")
        with pytest.raises(OutsideError, match="`origin` does not answer"):
            ledger.append(project(team.ada), team.events(), remote="origin")
        assert team.ada.git("for-each-ref") == before

    def test_an_unknown_remote_is_said_so(self, team: Team) -> None:
        with pytest.raises(UserError, match="This repository has no remote `upstream`"):
            ledger.append(project(team.ada), team.events(), remote="upstream")

    @pytest.mark.parametrize("remote", ["--upload-pack=touch pwned", "-x"])
    def test_a_remote_that_looks_like_a_flag_is_only_unknown(self, team: Team, remote: str) -> None:
        with pytest.raises(UserError, match="has no remote"):
            ledger.append(project(team.ada), team.events(), remote=remote)
        assert not (team.ada.folder / "pwned").exists()

    def test_a_tag_that_exists_is_never_written_over(self, team: Team) -> None:
        team.ada.git("tag", "delay@v1.0.0")
        with pytest.raises(UserError, match=r"delay@v1\.0\.0 exists already"):
            ledger.append(project(team.ada), team.events(), remote="origin")
        assert team.ada.git("cat-file", "-t", "delay@v1.0.0") == "commit"

    def test_an_author_that_git_does_not_know_is_asked_for(self, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
            monkeypatch.delenv(name)
        team.ada.git("config", "user.useConfigOnly", "true")
        with pytest.raises(UserError, match="Git does not know who you are"):
            ledger.append(project(team.ada), team.events(), remote="origin")

    def test_a_tag_moved_upstream_stops_what_would_follow(self, team: Team) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        other = team.ada.commit({"model": "evil"})
        team.ada.git("push", "--quiet", "origin", "main")
        run("git", "tag", "--force", "-m", "x", "delay@v1.0.0", other, cwd=team.remote)
        with pytest.raises(UserError) as error:
            ledger.append(project(team.ada), team.events("promote", stage="prod"), remote="origin")
        assert "delay@v1.0.0 is another tag on origin than here." in sentence(error)
        assert "delay#prod" not in team.refs()

    def test_a_tag_moved_upstream_is_seen_by_a_clone_that_never_saw_the_first_one(self, team: Team) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        ledger.append(project(team.ada), team.events("promote", stage="prod"), remote="origin")
        run("git", "tag", "--force", "-m", "x", "delay@v1.0.0", team.commit, cwd=team.remote)
        ledger.fetch(project(team.bo), "origin")
        assert [(item.kind, item.tag) for item in registry_verify.check(project(team.bo)).findings] == [
            ("moved", "delay@v1.0.0")
        ]  # fmt: skip

    def test_the_newest_tag_deleted_upstream_stops_what_would_follow(self, team: Team) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        (newest,) = ledger.append(project(team.ada), team.events("promote", stage="prod"), remote="origin")
        run("git", "tag", "--delete", "delay#prod#2", cwd=team.remote)
        for repo in (team.ada, team.bo):
            with pytest.raises(UserError, match=r"delay#prod#2 (was deleted|is here and not on origin)"):
                ledger.append(project(repo), team.events("hold"), remote="origin")
        team.ada.git("push", "--quiet", "origin", "refs/tags/delay#prod#2")
        (event,) = ledger.append(project(team.bo), team.events("hold"), remote="origin")
        assert event.previous == newest.tag.object

    def test_who_acts_on_the_ledger_is_told_what_is_not_as_it_was_written(self, team: Team) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        ledger.append(project(team.ada), team.events("promote", stage="prod"), remote="origin")
        assert ledger.whole(project(team.bo), "delay", "origin") == ledger.read(project(team.ada))
        run("git", "tag", "--delete", "delay#prod#2", cwd=team.remote)
        for repo in (team.ada, team.bo):
            with pytest.raises(UserError, match=r"The ledger of delay is not whole: delay#prod#2 "):
                ledger.whole(project(repo), "delay", "origin")

    def test_an_event_kept_in_the_clone_is_not_published_by_the_way(self, team: Team) -> None:
        ledger.append(project(team.ada), team.events(), remote=None)
        with pytest.raises(UserError, match="it was deleted there, or never pushed"):
            ledger.append(project(team.ada), team.events("hold"), remote="origin")
        team.ada.git("push", "--quiet", "origin", "refs/tags/delay@v1.0.0", "refs/mltool/ledger/delay")
        assert ledger.append(project(team.ada), team.events("hold"), remote="origin")

    @pytest.mark.parametrize(("at", "written"), [("push", 0), ("update-ref", 1)])
    def test_killed_in_the_middle_nothing_is_half_written(
        self, team: Team, tmp_path: Path, at: str, written: int
    ) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        here = team.ada.git("for-each-ref")
        deadly = _git_that(tmp_path, f'[ "$1" = {at} ] && {{ kill -9 $PPID; exit 1; }}')
        said = mltool(team.ada.folder, "hold", "delay", "1.0.0", "--reason", "x", PATH=f"{deadly}:{os.environ['PATH']}")
        assert said.code == -9
        assert team.ada.git("for-each-ref") == here
        assert team.refs().count("refs/tags/mltool/hold/") == written
        assert registry_verify.check(project(team.bo), remote="origin").findings == ()
        again = mltool(team.ada.folder, "hold", "delay", "1.0.0", "--reason", "x")
        assert again.out.startswith("Nothing to write" if written else "Wrote mltool/hold/delay/2")
        assert registry_verify.check(project(team.ada), remote="origin").findings == ()

    def test_a_ref_deleted_upstream_is_named_and_made_again(self, team: Team) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        run("git", "update-ref", "-d", "refs/mltool/ledger/delay", cwd=team.remote)
        found = registry_verify.check(project(team.ada), remote="origin").findings
        assert [item.sentence for item in found] == ["origin has no ref for the newest event of delay."]
        (event,) = ledger.append(project(team.ada), team.events("hold"), remote="origin")
        assert f"{event.tag.object} refs/mltool/ledger/delay" in team.refs()


class TestSigning:
    """SSH signatures, where Git is set up to make them."""

    @pytest.fixture
    def keys(self, team: Team, tmp_path: Path) -> Path:
        for name in ("ada", "eve"):
            words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", tmp_path / f"key-{name}")
            subprocess.run(words, check=True)
        self.use(team.ada, tmp_path / "key-ada")
        allowed = tmp_path / "allowed"
        allowed.write_text(f"ada@example.org {(tmp_path / 'key-ada.pub').read_text()}")
        return allowed

    @staticmethod
    def use(repo: Repo, key: Path) -> None:
        repo.git("config", "gpg.format", "ssh")
        repo.git("config", "user.signingKey", key)

    def test_a_key_in_the_configuration_signs_every_event(self, team: Team, keys: Path) -> None:
        (event,) = ledger.append(project(team.ada), team.events(), remote="origin")
        assert event.tag.signed
        assert "SIGNATURE" not in event.tag.message
        assert registry_verify.check(project(team.ada), allowed_signers=keys).findings == ()

    def test_git_is_believed_where_it_says_not_to_sign(self, team: Team, keys: Path) -> None:
        team.ada.git("config", "tag.gpgSign", "false")
        (event,) = ledger.append(project(team.ada), team.events(), remote="origin")
        assert not event.tag.signed

    def test_who_may_not_sign_and_who_did_not_are_named(self, team: Team, keys: Path) -> None:
        ledger.append(project(team.ada), team.events(), remote="origin")
        self.use(team.bo, keys.with_name("key-eve"))
        ledger.append(project(team.bo), team.events("hold"), remote="origin")
        team.bo.git("config", "tag.gpgSign", "false")
        ledger.append(project(team.bo), team.events("unhold"), remote="origin")
        found = registry_verify.check(project(team.bo), allowed_signers=keys).findings
        assert [item.sentence for item in found] == [
            "mltool/hold/delay/2 is signed by nobody who may.", "mltool/unhold/delay/3 is not signed."
        ]  # fmt: skip

    def test_a_key_that_is_not_there_writes_nothing(self, team: Team) -> None:
        self.use(team.ada, Path("/nowhere/key"))
        with pytest.raises(UserError, match="Git is set up to sign and could not"):
            ledger.append(project(team.ada), team.events(), remote="origin")
        assert "delay" not in team.refs() + team.ada.git("for-each-ref", "refs/tags")


class TestPlaces:
    """Repositories of every kind."""

    def test_a_work_tree_beside_its_repository(self, team: Team, tmp_path: Path) -> None:
        team.ada.git("worktree", "add", "--quiet", tmp_path / "beside")
        (event,) = ledger.append(project(Repo(tmp_path / "beside")), team.events(), remote="origin")
        assert team.ada.git("rev-parse", "delay@v1.0.0") == event.tag.object

    def test_a_shallow_clone(self, team: Team, tmp_path: Path) -> None:
        team.ada.commit({"model": "2"})
        team.ada.git("push", "--quiet", "origin", "main")
        ledger.append(project(team.ada), team.events(), remote="origin")
        run("git", "clone", "--quiet", "--depth=1", f"file://{team.remote}", tmp_path / "thin", cwd=tmp_path)
        found = ledger.append(project(Repo(tmp_path / "thin")), team.events("hold"), remote="origin")
        assert [event.tag.name for event in found] == ["mltool/hold/delay/2"]

    def test_a_repository_with_sha256(self, tmp_path: Path) -> None:
        run("git", "init", "--quiet", "--object-format=sha256", tmp_path / "p", cwd=tmp_path)
        repo = Repo(tmp_path / "p")
        commit = repo.commit({"a": "1"})
        for kind in ("register", "hold"):
            event = NewEvent(kind=kind, model="m", commit=commit, version="1.0.0")  # type: ignore[arg-type]  # a test's word
            ledger.append(project(repo), (event,), remote=None)
        assert len(ledger.read(project(repo)).models["m"].events) == 2

    def test_models_whose_names_could_not_both_be_refs(self, team: Team) -> None:
        for model in ("a", "a/b", "sub/x=a"):
            event = NewEvent(kind="register", model=model, commit=team.commit, version="1.0.0")
            ledger.append(project(team.ada), (event,), remote="origin")
        assert ledger.fetch(project(team.bo), "origin").models.keys() == {"a", "a/b", "sub/x=a"}

    def test_tags_of_trees_and_files_and_tags_are_none_of_ours(self, team: Team) -> None:
        team.ada.git("tag", "-m", "x", "delay@v1.0.0", "HEAD^{tree}")
        team.ada.git("tag", "blob", "HEAD:model")
        team.ada.git("tag", "-m", "x", "delay@v2.0.0")
        team.ada.git("tag", "-m", "x", "delay@v3.0.0", "delay@v2.0.0")
        found = registry_verify.check(project(team.ada))
        assert [(item.kind, item.tag) for item in found.findings] == [
            ("broken", "delay@v1.0.0"),
            ("broken", "delay@v3.0.0"),
        ]
        assert names(ledger.read(project(team.ada))) == ["delay@v2.0.0"]


def test_one_question_to_git_reads_everything(team: Team, tmp_path: Path) -> None:
    ledger.append(project(team.ada), team.events(), remote="origin")
    here = project(team.ada)
    counting = _git_that(tmp_path, f'echo "$1" >> {tmp_path}/asked')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{counting}:{os.environ['PATH']}")
        ledger.read(here)
    assert (tmp_path / "asked").read_text() == "for-each-ref\n"


def _git_that(folder: Path, does: str) -> Path:
    """Return a folder with a `git` that does something before it is Git."""
    (folder / "bin").mkdir()
    (folder / "bin" / "git").write_text(f'#!/bin/sh\n{does}\nexec {shutil.which("git")} "$@"\n')
    (folder / "bin" / "git").chmod(0o755)
    return folder / "bin"
