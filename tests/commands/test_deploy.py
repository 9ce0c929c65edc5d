"""Deploying and rolling back as people do it: real bundles, a real server, a real ledger, and what goes wrong."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mltool import git
from mltool.commands import endpoint
from mltool.commands.evidence import load_config
from mltool.targets import Place, local
from mltool.targets import settings as settings_of
from support.clients import Clients, wait_until
from support.deployed import Published, in_between
from support.repos import run

pytestmark = pytest.mark.slow
Copy = Callable[..., Published]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return Published.make(tmp_path_factory.mktemp("published") / "original")


@pytest.fixture
def published(original: Published, tmp_path: Path) -> Iterator[Copy]:
    """Return a function that gives a project of the test's own; what runs in its `prod` ends with the test."""

    def make(settings: str = "", more: str = "", **environment: str) -> Published:
        return original.copy(tmp_path, settings, more, **environment)

    yield make
    chosen = settings_of(local.Settings, "prod", {"home": str(tmp_path / "home")})
    local.undo(Place(environment="prod", model="delay", settings=chosen, project=tmp_path), None)


def test_a_promotion_is_carried_out_and_recorded_and_a_second_run_does_nothing(published: Copy) -> None:
    project = published()
    assert project.mltool("promote", "delay", "1.0.0", "prod", "--reason", "first").code == 0

    said = project.mltool("deploy", "delay", "prod")

    assert said.code == 0, said.err
    assert said.out.endswith(f"delay 1.0.0 is live in prod at http://127.0.0.1:{project.port}.\n")
    assert project.runs() == "1.0.0"
    assert project.events() == ["promote 1.0.0", "deploy 1.0.0 live"]
    again = project.mltool("deploy", "delay", "prod")
    assert again.code == 0
    assert "prod runs 1.0.0 already; it is checked again." in again.out
    assert again.out.endswith("Nothing was to be done.\n")
    assert project.events() == ["promote 1.0.0", "deploy 1.0.0 live"]
    live = project.mltool("status", "--live")
    assert (live.code, live.out) == (
        0, f"as recorded: prod of delay runs 1.0.0 at http://127.0.0.1:{project.port}.\n"
    )  # fmt: skip


def test_the_plan_is_printed_and_nothing_is_done(published: Copy) -> None:
    project = published()

    said = project.deploy("1.0.0", "--dry-run", "--json")

    assert said.code == 0, said.err
    assert said.json["outcome"] == "planned"
    assert [step.split()[0] for step in said.json["steps"]] == ["Take", "Check", "Record", "Have", "Replay", "Record"]
    assert project.events() == []
    assert project.runs() == ""


def test_wrong_predictions_through_the_address_bring_the_old_version_back(published: Copy) -> None:
    def alter(path: str, answer: bytes) -> bytes:
        document = json.loads(answer)
        if document["version"] == "1.1.0" and path == "/predict":
            document["predictions"][0]["value"] += 0.1
        return json.dumps(document).encode()

    project = published()
    assert project.deploy("1.0.0").code == 0
    with in_between(project.port, alter) as url:
        (config := project.repo.folder / "mltool.toml").write_text(
            config.read_text().replace("[environments.prod]\n", f'[environments.prod]\nurl = "{url}"\n')
        )

        said = project.deploy("1.1.0")

    assert said.code == 1
    assert "delay 1.1.0 failed in prod: Golden row `sample-0`: `value` is 0.1, expected 0.0." in said.out
    assert said.out.endswith("prod runs 1.0.0 again. 1.1.0 is on hold.\n")
    assert project.runs() == "1.0.0"
    assert project.events()[2:] == ["promote 1.1.0", "deploy 1.1.0 failed", "rollback 1.0.0", "hold 1.1.0"]
    again = project.deploy("1.1.0")
    assert again.code == 1
    assert "delay 1.1.0 is on hold" in again.err


def test_a_first_version_that_breaks_off_is_taken_out_again(published: Copy) -> None:
    project = published()
    with in_between(project.port, lambda path, answer: None if path == "/predict" else answer) as url:
        (config := project.repo.folder / "mltool.toml").write_text(
            config.read_text().replace("[environments.prod]\n", f'[environments.prod]\nurl = "{url}"\n')
        )

        said = project.deploy("1.0.0")

    assert said.code == 1
    assert "It was taken out of prod. 1.0.0 is on hold." in said.out
    assert project.runs() == ""
    assert project.events() == ["promote 1.0.0", "deploy 1.0.0 failed", "demote 1.0.0", "hold 1.0.0"]


def test_an_endpoint_that_answers_too_slowly_is_no_success(published: Copy) -> None:
    def alter(path: str, answer: bytes) -> bytes:
        if path == "/predict":
            time.sleep(11)
        return answer

    project = published()
    with in_between(project.port, alter) as url:
        (config := project.repo.folder / "mltool.toml").write_text(
            config.read_text().replace("[environments.prod]\n", f'[environments.prod]\nurl = "{url}"\n')
        )

        said = project.deploy("1.0.0")

    assert said.code == 1
    assert "did not answer in time" in said.out
    assert project.runs() == ""


def test_the_rollback_drill(published: Copy) -> None:
    project = published()
    for version in ("1.0.0", "1.1.0"):
        assert project.deploy(version).code == 0
    for built in (project.repo.folder / "dist").glob("*.tar"):
        built.unlink()

    started = time.monotonic()
    said = project.mltool("rollback", "delay", "--to", "previous-good", "--reason", "late flights are missed")
    seconds = time.monotonic() - started

    assert said.code == 0, said.err
    assert project.runs() == "1.0.0"
    assert project.events()[4:] == ["rollback 1.0.0", "hold 1.1.0", "deploy 1.0.0 live"]
    assert seconds < 5
    assert "late flights are missed" in project.mltool("log", "delay", "--json").out
    assert project.mltool("status", "--live").code == 0


def test_no_request_is_lost_while_versions_change(published: Copy) -> None:
    project = published()
    assert project.deploy("1.0.0").code == 0

    with Clients(project.port, fresh=2, keeping=2) as clients:
        assert project.deploy("1.1.0").code == 0
        assert project.mltool("rollback", "delay", "--reason", "drill").code == 0
        seen = len(clients.answers)
        wait_until(lambda: len(clients.answers) > seen + 20)

    assert clients.lost == []
    assert {"1.0.0", "1.1.0"} == set(clients.answers)
    assert clients.answers[-1] == "1.0.0"


def test_the_version_before_the_last_is_good_where_the_last_is_on_hold(published: Copy) -> None:
    project = published()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        assert project.deploy(version).code == 0
    assert project.mltool("hold", "delay", "1.1.0", "--reason", "unfair").code == 0

    said = project.mltool("rollback", "delay", "prod", "--reason", "worse")

    assert said.code == 0, said.err
    assert project.runs() == "1.0.0"


def test_a_rollback_goes_only_to_what_was_live(published: Copy) -> None:
    project = published()
    assert project.deploy("1.0.0").code == 0

    never = project.mltool("rollback", "delay", "--to", "v1.2.0", "--reason", "try")
    nothing = project.mltool("rollback", "delay", "--reason", "try")
    why = project.mltool("rollback", "delay", "--to", "v1.2.0")

    assert (never.code, nothing.code, why.code) == (1, 2, 2)
    assert "1.2.0 was never live in prod, and a rollback only goes back." in never.err
    assert "No version of delay was live in prod before 1.0.0" in nothing.err
    assert "without a reason" in why.err
    assert project.runs() == "1.0.0"


def test_a_deployment_does_not_go_back(published: Copy) -> None:
    project = published()
    assert project.deploy("1.1.0").code == 0

    said = project.deploy("1.0.0")

    assert said.code == 1
    assert "prod runs 1.1.0, and 1.0.0 is older: a deployment does not go back." in said.err
    assert project.events() == ["promote 1.1.0", "deploy 1.1.0 live"]


def test_a_version_that_nobody_approved_is_refused(published: Copy) -> None:
    project = published(more="[environments.prod.approvals]\ncount = 1\n")

    said = project.deploy("1.0.0")

    assert said.code == 1
    assert "prod needs 1 approval" in said.out
    assert (project.events(), project.runs()) == ([], "")


def test_a_budget_that_is_exceeded_stops_before_anything_is_switched(published: Copy) -> None:
    project = published(more="[environments.prod.budget]\nmemory_mb = 10\nstart_seconds = 60\n")
    assert project.mltool("promote", "delay", "1.0.0", "prod", "--reason", "first").code == 0

    said = project.mltool("deploy", "delay", "prod")

    assert said.code == 1
    assert "fail: memory_mb: " in said.out
    assert "delay 1.0.0 is not let into prod; nothing was switched." in said.out
    assert project.runs() == ""
    assert project.events() == ["promote 1.0.0", "deploy 1.0.0 failed", "demote 1.0.0"]


def test_a_version_that_came_as_a_file_can_be_gone_back_to_though_it_was_never_published(
    published: Copy,
) -> None:
    project = published()
    shutil.rmtree(project.repo.folder / "dist" / "releases")
    away = project.repo.folder / "dist"
    for version in ("1.0.0", "1.1.0"):
        done = project.deploy(version, "--bundle", str(away / f"delay-{version}.tar"))
        assert done.code == 0, done.err
    shutil.rmtree(away)

    said = project.mltool("rollback", "delay", "prod", "--reason", "worse")

    assert said.code == 0, said.err
    assert project.runs() == "1.0.0"


def test_a_bundle_that_was_tampered_with_or_is_another_ones_is_refused(published: Copy) -> None:
    project = published()
    bundles = project.repo.folder / "dist"
    tar = bundles / "delay-1.0.0.tar"
    content = tar.read_bytes()
    tar.write_bytes(content.replace(b"weight * row", b"weight + row"))

    tampered = project.deploy("1.0.0", "--bundle", str(tar))
    other = project.deploy("1.0.0", "--bundle", str(bundles / "delay-1.1.0.tar"))

    assert tar.read_bytes() != content
    assert (tampered.code, other.code) == (1, 1)
    assert "nothing of it was loaded" in tampered.err
    assert "1.1.0" in other.err
    assert (project.events(), project.runs()) == ([], "")


def test_a_version_that_names_no_release_is_not_taken_for_any_bundle_of_its_number(published: Copy) -> None:
    here = published()
    remote = here.repo.folder.parent / "origin.git"
    for repo in (here.repo.folder, remote):
        for ref in run("git", "for-each-ref", "--format=%(refname)", "refs/tags", "refs/mltool", cwd=repo).split():
            run("git", "update-ref", "-d", ref, cwd=repo)
    for name in ("delay@v1.0.0", "delay#prod#1"):
        here.repo.git("tag", "--annotate", "--message", "as GTO writes", name)
    here.repo.git("push", "--quiet", "--tags", "origin")
    said = here.mltool("deploy", "delay", "prod")
    assert (said.code, "delay@v1.0.0 names no release" in said.err) == (2, True)
    assert here.runs() == ""


def test_a_model_in_a_folder_goes_by_both_spellings_of_its_name(published: Copy) -> None:
    here = published()
    config = here.repo.folder / "mltool.toml"
    own = '[models."team:delay"]\npath = "models/model.json"\nexport = "release/delay"\n'
    text = config.read_text().replace("[models.delay]\n", own).replace("[models.delay.", '[models."team:delay".')
    config.write_text(text.replace("\nport = ", '\nports = {"team:delay" = 1}\nport = '))
    here.repo.commit(message="in a folder")
    here.repo.git("push", "--quiet")
    for words in ("register team:delay 1.0.0", "release package team:delay 1.0.0 --no-replay",
                  "release publish team:delay 1.0.0", "deploy team:delay prod --version 1.0.0 --dry-run"):  # fmt: skip
        said = here.mltool(*words.split())
        assert said.code == 0, said.err
    project = git.find(here.repo.folder)
    place = endpoint.endpoint(project, load_config(git.WorkTree(project)), "team=delay", "prod", environ={}).place
    assert (place.models, local.url(place)) == (("team=delay",), "http://127.0.0.1:1")
    assert "prod of team=delay" in here.mltool("status", "--live").out


def test_one_deployment_at_a_time(published: Copy, tmp_path: Path) -> None:
    project = published()
    state = tmp_path / "state"
    lock = state / "mltool" / "locks" / "prod-delay"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = project.mltool("deploy", "delay", "prod", "--version", "1.0.0", XDG_STATE_HOME=str(state))

    assert said.code == 4
    assert "Another deployment of delay to prod is running on this machine." in said.err
    assert project.events() == []


def test_mltool_killed_in_the_middle_leaves_nothing_half_live_and_the_next_run_goes_on(published: Copy) -> None:
    project = published()
    assert project.deploy("1.0.0").code == 0
    command = [sys.executable, "-m", "mltool", "deploy", "delay", "prod", "--version", "1.1.0"]
    running = subprocess.Popen(command, cwd=project.repo.folder, stdout=subprocess.PIPE, start_new_session=True)
    assert running.stdout
    for line in running.stdout:
        if line.startswith(b"The target local is to run 1.1.0"):
            break
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    running.stdout.close()
    assert project.runs() in ("1.0.0", "1.1.0")

    said = project.mltool("deploy", "delay", "prod")

    assert said.code == 0, said.err
    assert project.runs() == "1.1.0"
    assert project.events() == ["promote 1.0.0", "deploy 1.0.0 live", "promote 1.1.0", "deploy 1.1.0 live"]


def test_a_taken_port_is_the_places_fault_and_the_version_is_not_blamed(published: Copy) -> None:
    project = published()
    with socket.create_server(("127.0.0.1", project.port)):
        said = project.deploy("1.0.0")
    assert said.code == 4
    assert "Address already in use" in said.err
    assert project.events() == ["promote 1.0.0"]

    assert project.mltool("deploy", "delay", "prod").code == 0

    assert project.events() == ["promote 1.0.0", "deploy 1.0.0 live"]


def test_drift_is_seen(published: Copy) -> None:
    project = published()
    assert project.deploy("1.0.0").code == 0
    assert project.mltool("promote", "delay", "1.1.0", "prod", "--reason", "next").code == 0

    promoted = project.mltool("status", "--live", "--json")
    pid = int((project.repo.folder.parent / "home" / "delay" / "lock").read_text())
    os.kill(pid, signal.SIGKILL)
    unsupervised = project.mltool("status", "--live")

    assert promoted.code == unsupervised.code == 1
    assert promoted.json["live"][0]["sentence"] == (
        "prod of delay is meant to run 1.1.0, and runs 1.0.0: run `mltool deploy`."
    )
    assert project.deploy("1.1.0").code == 0
    assert project.mltool("status", "--live").code == 0


def test_a_budget_that_a_target_cannot_measure_is_undecided(published: Copy, tmp_path: Path) -> None:
    touch = [sys.executable, "-c", "import pathlib; pathlib.Path('applied').touch()"]
    project = published(
        f"apply = {json.dumps(touch)}\nundo = {json.dumps(touch)}\n",
        "[environments.prod.budget]\np99_ms = 5\n",
        target="exec",
        url="http://127.0.0.1:9",
    )

    said = project.deploy("1.0.0")

    assert said.code == 3
    assert "undecided: p99_ms: not measured: the target exec cannot" in said.out
    assert not (project.repo.folder / "applied").exists()
    assert project.events() == []


def test_a_target_that_fails_half_way_is_named_and_nothing_is_recorded_as_live(published: Copy) -> None:
    fail = [sys.executable, "-c", "import sys; sys.exit('the cluster is gone')"]
    project = published(
        f"apply = {json.dumps(fail)}\nundo = {json.dumps(fail)}\n", target="exec", url="http://127.0.0.1:9"
    )

    said = project.deploy("1.0.0")

    assert said.code == 4
    assert "The command `apply` of prod exited with 1: the cluster is gone" in said.err
    assert project.events() == ["promote 1.0.0"]
