"""The server as a process: what it answers, refuses and says, and how it ends. Real models, real sockets."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mltool.serving.schema import FORMAT
from support import served
from support.served import ROW, Server

pytestmark = pytest.mark.slow
BODY = json.dumps(ROW).encode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundles")


@pytest.fixture(scope="module", params=["onnx", "sklearn"])
def server(home: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    folder = served.make(home / request.param, backend=request.param)
    options = (
        "--body-bytes",
        "20000",
        "--rows",
        "50",
        "--body-seconds",
        "1",
        "--log",
        str(home / f"{request.param}.jsonl"),
    )
    with served.running(folder, *options) as made:
        yield made


@pytest.fixture(scope="module")
def onnx(home: Path) -> Iterator[Server]:
    with served.running(served.make(home / "only", backend="onnx"), "--body-seconds", "1") as made:
        yield made


def head(length: int, *more: str) -> bytes:
    lines = ("POST /predict HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {length}", *more)
    return "\r\n".join([*lines, "", ""]).encode()


def test_one_row_and_many_are_predicted_with_version_and_digest(server: Server) -> None:
    response, found = server.predict(ROW)
    _, version = server.ask("GET", "/version")

    assert response.status == 200
    assert found["predictions"][0]["label"] == 1
    assert 0.9 < found["predictions"][0]["score"] < 1
    assert (found["model"], found["version"]) == ("delay", "1.3.0")
    assert response.headers["model-version"] == "1.3.0"
    assert response.headers["model-digest"] == version["digest"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", version["digest"])
    _, many = server.predict([ROW] * 40)
    assert len(many["predictions"]) == 40
    assert many["predictions"][7]["score"] == pytest.approx(found["predictions"][0]["score"], abs=1e-6)
    assert server.predict([])[1]["predictions"] == []


def test_the_other_endpoints_say_what_they_should(server: Server) -> None:
    assert server.ask("GET", "/livez")[1] == {"status": "alive"}
    assert server.ask("GET", "/readyz")[1] == {"status": "ready"}
    version = server.ask("GET", "/version")[1]
    assert version.keys() == {"model", "version", "digest", "backend", "started"}
    assert server.ask("GET", "/schema")[1]["schema"] == FORMAT
    response, body = server.ask("HEAD", "/livez")
    assert (response.status, body) == (200, b"")


def test_a_bad_row_is_named_with_field_value_and_what_was_expected(server: Server) -> None:
    response, found = server.predict([ROW, ROW | {"carrier": 7}])

    assert response.status == 422
    assert found["error"] == {
        "message": "'carrier' is no string", "row": 1, "field": "carrier", "expected": "string", "value": 7, "count": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "code", "said"),
    [
        ("POST", "/predict", b"{", {}, 400, "no JSON"),
        ("POST", "/predict", b"", {}, 400, "no JSON"),
        ("POST", "/predict", b"\xff", {}, 400, "no"),
        ("POST", "/predict", b'{"hour": NaN}', {}, 400, "send null"),
        ("POST", "/predict", b"[" * 15_000, {}, 400, "no"),
        ("POST", "/predict", BODY, {"content_type": "text/csv"}, 415, "application/json"),
        ("POST", "/predict", BODY, {"content_encoding": "gzip"}, 415, "encoded as 'gzip'"),
        ("POST", "/predict", b" " * 20_001, {}, 413, "longer than 20000 bytes"),
        ("POST", "/predict", b" " * 1_000_000, {}, 413, "longer than 20000 bytes"),
        ("POST", "/predict", json.dumps([ROW] * 51).encode(), {}, 413, "51 rows are more than 50"),
        ("GET", "/predict", None, {}, 405, "takes POST"),
        ("POST", "/readyz", b"", {}, 405, "takes GET"),
        ("GET", "/", None, {}, 404, "there are /predict"),
        ("GET", "/..%2frelease.json", None, {}, 404, "there is no"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_code_and_reason(
    server: Server, method: str, path: str, body: bytes | None, headers: dict[str, str], code: int, said: str
) -> None:
    response, found = server.ask(method, path, body, **({"content_type": "application/json"} | headers))

    assert response.status == code
    assert said in found["error"]["message"]
    assert server.predict(ROW)[0].status == 200


def test_a_request_keeps_its_id_and_others_get_their_own(server: Server) -> None:
    def ask(**more: str) -> str | None:
        response, _ = server.ask("POST", "/predict", BODY, content_type="application/json", **more)
        return response.headers["x-request-id"]

    assert ask(x_request_id="mine-7") == "mine-7"
    assert len({ask(), ask(), ask(x_request_id="x" * 129)}) == 3


def test_every_prediction_is_logged_with_the_row_and_the_release(server: Server, home: Path) -> None:
    server.ask("POST", "/predict", BODY, content_type="application/json", x_request_id="logged")
    backend = server.ask("GET", "/version")[1]["backend"]
    deadline = time.monotonic() + 10
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        text = (home / f"{backend}.jsonl").read_text() if (home / f"{backend}.jsonl").exists() else ""
        found = [line for line in map(json.loads, text.splitlines()) if line["request"] == "logged"]

    assert [line["row"] for line in found] == [ROW]
    assert found[0]["schema"] == "mltool.prediction/1"
    assert found[0]["digest"] == server.ask("GET", "/version")[1]["digest"]


def test_metrics_are_what_prometheus_reads_and_count_what_happened(server: Server) -> None:
    def read() -> dict[str, float]:
        lines = server.ask("GET", "/metrics")[1].decode().splitlines()
        pattern = re.compile(r'([a-z_]+(?:\{(?:[a-z]+="[^"]*",?)*\})?) (\S+)')
        return {m[1]: float(m[2]) for line in lines if not line.startswith("#") for m in [pattern.fullmatch(line)] if m}

    before = read()
    server.predict([ROW, ROW])
    server.predict([{}])
    after = read()

    def grew(name: str, *labels: str) -> float:
        chosen = [key for key in after if key.startswith(name) and all(label in key for label in labels)]
        return sum(after[key] - before.get(key, 0) for key in chosen)

    assert grew("mltool_requests_total", 'endpoint="/predict"', 'code="200"', 'version="1.3.0"') == 1
    assert grew("mltool_requests_total", 'endpoint="/predict"', 'code="422"') == 1
    assert grew("mltool_rows_total") == 2
    assert grew("mltool_predictions_total", 'label="1"') == 2
    assert grew("mltool_prediction_count") == 2
    assert grew("mltool_request_seconds_count") == 2
    assert after[next(key for key in after if key.startswith("mltool_ready"))] == 1
    assert after["process_resident_memory_bytes"] > 10_000_000


def test_however_a_request_is_cut_into_parts_it_gets_the_same_answer(onnx: Server) -> None:
    request = head(len(BODY), "x-request-id: same") + BODY

    def body(answer: bytes) -> bytes:
        return answer.partition(b"\r\n\r\n")[2]

    whole = body(onnx.raw(request))
    assert b'"predictions"' in whole

    for cut in (1, 10, 60, len(request) - len(BODY), len(request) - 5):
        assert body(onnx.raw(request[:cut], request[cut:])) == whole, cut


def test_requests_one_behind_the_other_are_all_answered(onnx: Server) -> None:
    request = head(len(BODY)) + BODY

    assert onnx.raw(request * 3).count(b"HTTP/1.1 200 OK") == 3
    assert onnx.raw(request, request, b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n", request).count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize("more", ["content-length: 3", "transfer-encoding: chunked"])
def test_a_request_with_two_lengths_is_never_read_as_two(onnx: Server, more: str) -> None:
    hidden = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"

    answer = onnx.raw(head(len(hidden), more) + hidden)

    assert b"alive" not in answer
    assert not answer.startswith(b"HTTP/1.1 200")


def test_who_sends_a_body_too_slowly_is_told(onnx: Server) -> None:
    answer = onnx.raw(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\nexpect: nothing\r\n\r\n{")
    assert answer == b"" or b" 400 " in answer[:20]

    with socket.create_connection(onnx.address, timeout=20) as slow:
        slow.sendall(head(50, "accept: */*", "connection: keep-alive") + b"{")
        assert slow.recv(100).startswith(b"HTTP/1.1 408")
    assert onnx.predict(ROW)[0].status == 200


def make_slow(folder: Path, seconds: float) -> Path:
    """A loader's model that takes its time, and fails on one row."""
    loader = f"""
import time
def load(folder):
    def ask(rows):
        if len(rows) < 15:
            time.sleep({seconds})
        if any(row["carrier"] == "XX" for row in rows):
            raise RuntimeError("no such plane")
        return [0.75 for row in rows]
    return ask
"""
    golden = json.dumps({"id": "a", "row": ROW, "expected": {"label": 1, "score": 0.75}})
    contents = {"loader.py": loader, "golden.jsonl": golden + "\n"}
    return served.make(folder, backend="loader", contents=contents)


def test_a_slow_model_keeps_nobody_from_asking_how_the_server_is(home: Path) -> None:
    with served.running(make_slow(home / "slow", 0.05)) as server:
        answers: list[int] = []
        asking = [threading.Thread(target=lambda: answers.append(server.predict(ROW)[0].status)) for _ in range(30)]
        for each in asking:
            each.start()
        start = time.monotonic()
        assert server.ask("GET", "/livez")[0].status == 200
        alive = time.monotonic() - start
        for each in asking:
            each.join()
        took = time.monotonic() - start

        assert answers == [200] * 30
        assert alive < took
        assert took < 30 * 0.05, "they were predicted together"


def test_a_model_that_fails_is_500_and_says_nothing_of_itself(home: Path) -> None:
    with served.running(make_slow(home / "failing", 0)) as server:
        response, found = server.predict(ROW | {"carrier": "XX"})

        assert response.status == 500
        assert "no such plane" not in json.dumps(found)
        assert server.predict(ROW)[0].status == 200
        assert "The model failed: RuntimeError: no such plane" in server.said.read_text()


def test_stopping_answers_every_request_that_was_sent(home: Path) -> None:
    sent, answered = [0], [0]

    def ask(server: Server) -> None:
        with socket.create_connection(server.address, timeout=20) as connection:
            while True:
                sent[0] += 1
                connection.sendall(head(len(BODY)) + BODY)
                answer = b""
                while not answer.endswith(b"}"):
                    part = connection.recv(65536)
                    assert part, "the connection was cut"
                    answer += part
                assert answer.startswith(b"HTTP/1.1 200")
                answered[0] += 1
                if b"connection: close" in answer:
                    return

    with served.running(make_slow(home / "stopping", 0.01)) as server:
        asking = [threading.Thread(target=ask, args=(server,)) for _ in range(8)]
        for each in asking:
            each.start()
        deadline = time.monotonic() + 20
        while answered[0] < 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        code = server.stop()
        for each in asking:
            each.join()

    assert sent[0] == answered[0] >= 20
    assert code in (0, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("contents", "manifest", "said"),
    [
        ({}, {"environment": {"scikit-learn": "1.2.3"}}, r"scikit-learn is \S+ here, the release was made for 1\.2\.3"),
        (
            {"golden.jsonl": json.dumps({"id": "a", "row": ROW, "expected": {"label": 0, "score": 0.1}})},
            {},
            r"1 of 1 golden predictions are different here: a label is 1, it was 0",
        ),
        ({"golden.jsonl": ""}, {}, "holds no row"),
        ({"model/model.skops": "PK"}, {}, "no skops file"),
        ({}, {"schema": "mltool.release/2"}, "another version of mltool"),
    ],
)
def test_a_model_that_must_not_serve_is_not_ready_and_says_why(
    tmp_path: Path, contents: dict[str, str], manifest: Any, said: str
) -> None:
    with served.running(served.make(tmp_path / "delay", contents=contents, **manifest), ready=False) as server:
        deadline = time.monotonic() + 60
        while (found := server.ask("GET", "/readyz"))[1]["error"]["message"] == "The model is being loaded.":
            assert time.monotonic() < deadline
        assert found[0].status == 503
        assert re.search(said, found[1]["error"]["message"])
        assert server.predict(ROW)[0].status == 503
        assert server.ask("GET", "/livez")[0].status == 200
        assert b"mltool_ready" in server.ask("GET", "/metrics")[1]


def test_a_replay_says_each_difference_and_its_exit_code(home: Path, tmp_path: Path) -> None:
    good = served.run(served.make(tmp_path / "good", backend="onnx"), "--replay")
    assert (good.returncode, good.stdout) == (0, "")

    wrong = json.dumps({"id": "a", "row": ROW, "expected": {"label": 1, "score": 0.1}})
    bad = served.run(served.make(tmp_path / "bad", contents={"golden.jsonl": wrong}), "--replay")
    assert bad.returncode == 1
    (line,) = map(json.loads, bad.stdout.splitlines())
    assert (line["id"], line["field"], line["expected"]) == ("a", "score", 0.1)


def test_nothing_of_a_changed_bundle_is_run(tmp_path: Path) -> None:
    bundle = served.make(tmp_path / "delay")
    for name in ("argparse.py", "msgspec.py"):
        (bundle / name).write_text("open('/dev/stdout', 'w').write('run')")
    (bundle / "server/schema.py").write_text("open('/dev/stdout', 'w').write('run')")

    done = served.run(bundle, "--replay")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Refused: ")
    assert not any((bundle / "server/__pycache__").glob("[!_]*")) if (bundle / "server/__pycache__").exists() else True


def test_a_second_start_is_as_good_as_the_first(tmp_path: Path) -> None:
    bundle = served.make(tmp_path / "delay", backend="onnx")

    assert [served.run(bundle, "--replay").returncode for _ in range(2)] == [0, 0]


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = served.run(served.make(tmp_path / "delay"), "--port", str(port))

    assert done.returncode == 2
    assert done.stderr == f"Cannot listen on 127.0.0.1:{port}: Address already in use. Choose another --port.\n"


def test_under_a_supervisor_nothing_is_accepted_before_it_says_go(tmp_path: Path) -> None:
    bundle = served.make(tmp_path / "delay", backend="onnx")
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    with socket.socket() as listener, ours, theirs:
        listener.bind(("127.0.0.1", 0))
        handles = (listener.fileno(), theirs.fileno())
        command = (sys.executable, "-m", "server", "--fd", str(handles[0]), "--ready-fd", str(handles[1]))
        with subprocess.Popen(command, cwd=bundle, pass_fds=handles, stderr=subprocess.DEVNULL) as process:
            assert ours.recv(64) == b"ready\n"
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(listener.getsockname(), timeout=5)
            listener.listen()
            ours.sendall(b"go\n")
            server = Server(listener.getsockname(), process, tmp_path)
            assert server.predict(ROW)[0].status == 200
            process.terminate()


def test_under_a_supervisor_a_model_that_must_not_serve_ends_the_process(tmp_path: Path) -> None:
    bundle = served.make(tmp_path / "delay", environment={"numpy": "1.0"})
    ours, theirs = socket.socketpair()
    with socket.socket() as listener, ours, theirs:
        listener.bind(("127.0.0.1", 0))
        handles = (listener.fileno(), theirs.fileno())
        command = (sys.executable, "-m", "server", "--fd", str(handles[0]), "--ready-fd", str(handles[1]))
        done = subprocess.run(command, cwd=bundle, pass_fds=handles, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "the release was made for 1.0" in done.stderr
