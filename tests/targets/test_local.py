"""The local target: real processes, a real supervisor, real kills."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from mltool.errors import OutsideError, UserError
from mltool.targets import NOTHING, NotReadyError, Place, Running, local, versions
from support import small_server
from support.clients import Clients, wait_until

from .conftest import MakePlace

pytestmark = pytest.mark.slow


def get(place: Place[local.Settings], path: str = "/version") -> dict[str, Any]:
    """Return what the address answers."""
    connection = HTTPConnection("127.0.0.1", place.settings.port, timeout=10)
    try:
        connection.request("GET", path, headers={"connection": "close"})
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        return found
    finally:
        connection.close()


def pid_of_supervisor(place: Place[local.Settings]) -> int:
    """Return the process id of the supervisor."""
    return int((local.home(place) / "lock").read_text())


def test_switching_back_and_forth_loses_no_request(local_place: MakePlace, tmp_path: Path) -> None:
    place = local_place()
    old, new = (small_server.bundle(tmp_path, version) for version in ("1.0.0", "1.1.0"))
    local.apply(place, old)

    with Clients(place.settings.port) as clients:
        for release in (new, old, new, old, new):
            local.apply(place, release)
            seen = len(clients.answers)
            wait_until(lambda seen=seen: len(clients.answers) > seen + 20)  # type: ignore[misc]

    assert clients.lost == []
    assert {"1.0.0", "1.1.0"} == set(clients.answers)
    assert get(place)["version"] == "1.1.0"


def test_requests_that_are_being_answered_when_the_version_changes_are_answered(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    local.apply(place, small_server.bundle(tmp_path, "1.0.0", seconds=1.0))
    connection = HTTPConnection("127.0.0.1", place.settings.port, timeout=10)
    connection.request("POST", "/predict", body=b"{}")
    wait_until(lambda: get(place)["version"] == "1.0.0")

    local.apply(place, small_server.bundle(tmp_path, "1.1.0"))

    assert json.loads(connection.getresponse().read())["predictions"] == [small_server.EXPECTED]
    connection.close()


def test_the_version_before_waits_beside_the_live_one_and_takes_over_at_once(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    old, new = (small_server.bundle(tmp_path, version) for version in ("1.0.0", "1.1.0"))
    local.apply(place, old)
    local.apply(place, new)
    waiting = json.loads((local.home(place) / "state.json").read_text())["spare"]

    local.undo(place, Running(version="1.0.0", digest=old.digest))

    assert get(place) == {"model": "delay", "version": "1.0.0", "digest": old.digest, "pid": waiting}
    assert json.loads((local.home(place) / "state.json").read_text())["spare"] not in (None, waiting)


def test_nothing_waits_where_memory_is_dear(local_place: MakePlace, tmp_path: Path) -> None:
    place = local_place(warm=False)
    for version in ("1.0.0", "1.1.0"):
        local.apply(place, small_server.bundle(tmp_path, version))

    assert json.loads((local.home(place) / "state.json").read_text())["spare"] is None


@pytest.mark.parametrize("behaviour", ["crashes", "hangs"])
def test_a_version_that_does_not_get_ready_never_takes_over(
    local_place: MakePlace, tmp_path: Path, behaviour: small_server.Behaviour
) -> None:
    place = local_place(start_seconds=1.0)
    good = small_server.bundle(tmp_path, "1.0.0")
    local.apply(place, good)

    with pytest.raises(NotReadyError, match=r"Version 1\.1\.0 did not get ready: it (ended with code 1|was not ready)"):
        local.apply(place, small_server.bundle(tmp_path, "1.1.0", behaviour=behaviour))

    assert get(place)["version"] == "1.0.0"
    assert local.state(place) == Running(version="1.0.0", digest=good.digest)


def test_the_error_of_a_version_that_crashes_quotes_its_log(local_place: MakePlace, tmp_path: Path) -> None:
    place = local_place()
    with pytest.raises(NotReadyError, match="the model cannot be loaded: it is no model"):
        local.apply(place, small_server.bundle(tmp_path, "1.0.0", behaviour="crashes"))

    assert local.state(place) == NOTHING


def test_a_worker_that_is_killed_is_started_again_and_requests_wait_for_it(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    local.apply(place, small_server.bundle(tmp_path, "1.0.0"))
    first = get(place)["pid"]

    os.kill(first, signal.SIGKILL)

    assert get(place)["pid"] != first


def test_a_worker_that_keeps_dying_is_started_again_later_and_later(local_place: MakePlace, tmp_path: Path) -> None:
    place = local_place()
    release = small_server.bundle(tmp_path, "1.0.0")
    local.apply(place, release)
    about = versions.place(local.home(place), release) / "release.json"
    about.write_text(about.read_text().replace("good", "crashes"))

    os.kill(get(place)["pid"], signal.SIGKILL)

    wait_until(lambda: "ended with code 1" in local.state(place).trouble)
    state = json.loads((local.home(place) / "state.json").read_text())
    assert state["restarts"] >= 1


def test_when_the_supervisor_is_killed_the_model_answers_on_and_the_next_deployment_heals(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    old, new = (small_server.bundle(tmp_path, version) for version in ("1.0.0", "1.1.0"))
    local.apply(place, old)

    os.kill(pid_of_supervisor(place), signal.SIGKILL)

    wait_until(lambda: "deploy again" in local.state(place).trouble)
    assert get(place)["version"] == "1.0.0"
    with Clients(place.settings.port) as clients:
        local.apply(place, new)
        wait_until(lambda: "1.1.0" in clients.answers)
    assert local.state(place) == Running(version="1.1.0", digest=new.digest)
    assert get(place)["version"] == "1.1.0"


def test_after_a_reboot_the_supervisor_started_by_hand_brings_back_what_was_live(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    local.apply(place, small_server.bundle(tmp_path, "1.0.0"))
    home, worker = local.home(place), get(place)["pid"]
    for pid in (pid_of_supervisor(place), worker):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: "nothing answers" in local.state(place).trouble)

    subprocess.run([sys.executable, home / "supervisor.py", "--detach", home], check=True)

    wait_until(lambda: local.state(place).trouble == "")
    assert get(place)["version"] == "1.0.0"
    assert get(place)["pid"] != worker


def test_a_process_id_that_another_process_has_now_is_not_taken_for_ours(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    release = small_server.bundle(tmp_path, "1.0.0")
    local.apply(place, release)
    home, worker = local.home(place), get(place)["pid"]
    for pid in (pid_of_supervisor(place), worker):
        os.kill(pid, signal.SIGKILL)
    state = json.loads((home / "state.json").read_text())
    state["worker"]["pid"] = os.getpid()
    (home / "state.json").write_text(json.dumps(state))
    (home / "lock").write_text(f"{os.getpid()}\n")

    wait_until(lambda: "nothing answers" in local.state(place).trouble)
    local.apply(place, release)

    assert get(place)["version"] == "1.0.0"


def test_a_port_that_somebody_else_has_is_a_sentence_and_nothing_is_left(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    with (
        socket.create_server(("127.0.0.1", place.settings.port)),
        pytest.raises(OutsideError, match=rf"127\.0\.0\.1:{place.settings.port}: Address already in use") as caught,
    ):
        local.apply(place, small_server.bundle(tmp_path, "1.0.0"))

    assert "port" in caught.value.remedy
    assert local.state(place) == NOTHING


def test_another_port_is_taken_without_losing_the_old_one_first(local_place: MakePlace, tmp_path: Path) -> None:
    here, there = local_place(), local_place()
    release = small_server.bundle(tmp_path, "1.0.0")
    local.apply(here, release)

    local.apply(there, release)

    assert get(there)["version"] == "1.0.0"
    with pytest.raises(ConnectionError):
        get(here)


def test_two_models_of_an_environment_live_side_by_side(local_place: MakePlace, tmp_path: Path) -> None:
    ports = {"delay": small_server.free_port(), "team/churn": small_server.free_port()}
    for model in ports:
        place = local_place(model, ports=ports)
        local.apply(place, small_server.bundle(tmp_path, "1.0.0", model=model))
        assert local.url(place) == f"http://127.0.0.1:{ports[model]}"

    assert sorted(path.name for path in (tmp_path / "home").iterdir() if path.name != "environments") == [
        "delay", "team%2Fchurn",
    ]  # fmt: skip


def test_a_full_disk_while_unpacking_is_a_sentence_and_leaves_the_version_before(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    local.apply(place, small_server.bundle(tmp_path, "1.0.0"))
    big = small_server.bundle(tmp_path, "1.1.0", ballast=2**20)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal_before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**18, before[1]))
    try:
        with pytest.raises(UserError, match=r"Cannot unpack version 1\.1\.0 into .*: File too large"):
            local.apply(place, big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, signal_before)

    assert [path.name for path in (local.home(place) / "versions").iterdir()] == [
        versions.place(local.home(place), small_server.bundle(tmp_path, "1.0.0")).name
    ]
    assert get(place)["version"] == "1.0.0"


def test_a_version_that_was_damaged_on_disk_is_unpacked_again(local_place: MakePlace, tmp_path: Path) -> None:
    place, release = local_place(), small_server.bundle(tmp_path, "1.0.0")
    folder = versions.install(local.home(place), release)
    (folder / "golden.jsonl").write_text("")
    (folder / "extra.txt").write_text("")

    assert versions.same(release.folder, versions.install(local.home(place), release))


def test_old_versions_are_deleted_but_never_the_one_before(local_place: MakePlace, tmp_path: Path) -> None:
    place = local_place(keep=2)
    for minor in range(4):
        local.apply(place, small_server.bundle(tmp_path, f"1.{minor}.0"))

    kept = sorted(path.name.split("-")[0] for path in (local.home(place) / "versions").iterdir())
    assert kept == ["1.2.0", "1.3.0"]


def test_what_runs_for_months_knows_no_secrets_of_the_job_that_started_it(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place(environ={"GREETING": "hello"})
    place.environ["RUNNER_TRACKING_ID"] = "github_1"  # type: ignore[index]
    place.environ["GITHUB_TOKEN"] = "secret"  # type: ignore[index]
    local.apply(place, small_server.bundle(tmp_path, "1.0.0"))

    connection = HTTPConnection("127.0.0.1", place.settings.port, timeout=10)
    connection.request("POST", "/predict", body=b"{}", headers={"connection": "close"})
    environ = json.loads(connection.getresponse().read())["environ"]
    connection.close()

    assert environ["GREETING"] == "hello"
    assert not {"RUNNER_TRACKING_ID", "GITHUB_TOKEN"} & environ.keys()
    supervisor = Path(f"/proc/{pid_of_supervisor(place)}/environ").read_bytes()
    assert b"RUNNER_TRACKING_ID" not in supervisor
    assert b"secret" not in supervisor


def test_budgets_are_measured_on_a_process_of_its_own_and_nothing_else_is_touched(
    local_place: MakePlace, tmp_path: Path
) -> None:
    place = local_place()
    measured = local.measure(place, small_server.bundle(tmp_path, "1.0.0", seconds=0.02))

    assert measured.start_seconds is not None
    assert 0 < measured.start_seconds < 10
    assert measured.memory_mb is not None
    assert 5 < measured.memory_mb < 100
    assert measured.p99_ms is not None
    assert 20 <= measured.p99_ms < 1000
    assert local.state(place) == NOTHING


def test_a_version_that_cannot_be_measured_because_it_does_not_start_says_why(
    local_place: MakePlace, tmp_path: Path
) -> None:
    with pytest.raises(NotReadyError, match=r"ended with code 1 before it was ready\. It said: the model cannot be"):
        local.measure(local_place(), small_server.bundle(tmp_path, "1.0.0", behaviour="crashes"))
