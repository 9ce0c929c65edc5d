"""A real, stateful GitHub API on loopback, and a proxy in front of it that can be made to fail as GitHub fails."""

import atexit
import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

NODE = Path(__file__).parents[1] / "node"
OWNER = "admin"
ADMIN = "test_token_admin"
BOT = "test_token_bot"
HUMAN = "test_token_human"
BOT_LOGIN = "github-actions[bot]"
HUMAN_LOGIN = "octocat"

SEED = {
    "tokens": {
        ADMIN: {"login": OWNER, "scopes": ["repo", "user"]},
        BOT: {"login": BOT_LOGIN, "scopes": ["repo"]},
        HUMAN: {"login": HUMAN_LOGIN, "scopes": ["repo"]},
    },
    "github": {"users": [{"login": BOT_LOGIN}, {"login": HUMAN_LOGIN}]},
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Start the API server on a free port, its log and seed in `folder`, and yield its address."""
    program = NODE / "node_modules" / "emulate" / "dist" / "index.js"
    node = shutil.which("node")
    assert node, "Node is not installed"
    assert program.is_file(), "run `npm ci` in tests/node, or `./dev check`"
    seed = folder / "seed.json"
    seed.write_text(json.dumps(SEED))
    port = free_port()
    command = [node, str(program), "start", "--service", "github", "--port", str(port), "--seed", str(seed)]
    with (folder / "emulate.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, server, folder / "emulate.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


@cache
def shared_emulator() -> str:
    """Return the address of the one server of this test process, started when first asked for.

    Tests make their own repositories in it, so that they do not meet.
    """
    stack = ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(TemporaryDirectory())
    return stack.enter_context(emulator(Path(folder)))


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the API server did not start: {log.read_text()}")


@dataclass(frozen=True)
class Call:
    """One request that reached the proxy."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """What to answer instead of the server, to requests whose method and path match, `times` times (-1: always).

    `silent` holds the connection open that many seconds and then drops it; `after` lets the server act first.
    """

    method: str
    path: str
    status: int = 500
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = -1
    silent: float | None = None
    after: bool = False

    def takes(self, method: str, path: str) -> bool:
        if self.times == 0 or method not in (self.method, *self.method.split("|")) or not re.search(self.path, path):
            return False
        self.times -= 1
        return True


def refusal(message: str = "Resource not accessible by integration") -> bytes:
    return json.dumps({"message": message, "documentation_url": "https://docs.github.com/rest"}).encode()


def too_long(call: Call) -> Fault | None:
    """Return GitHub's refusal of a comment or a check run that is longer than GitHub takes; the server takes any."""
    if call.method not in ("POST", "PATCH") or not re.search(r"/comments|/check-runs", call.path):
        return None
    sent = call.json()
    text = sent.get("body") or sent.get("output", {}).get("summary") or ""
    if len(text) <= (65_536 if "comments" in call.path else 65_535):
        return None
    details = [{"message": "body is too long (maximum is 65536 characters)"}]
    return Fault(call.method, "", 422, json.dumps({"message": "Validation Failed", "errors": details}).encode())


class Proxy:
    """A loopback server in front of the API. `faults` are answered first to last; `calls` is what came in.

    With `like_github` texts have GitHub's limits, and check runs name their app and the open pull requests at their
    commit, as GitHub's do and the server's do not; the app is that of a workflow for the token `BOT`. The server makes
    its own hashes, and a pull request stays at its first one: `aliases` maps such a hash to the one that the world is
    to see, both ways.
    """

    def __init__(self, upstream: str, *, like_github: bool = False) -> None:
        self.upstream = upstream
        self.like_github = like_github
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.aliases: dict[str, str] = {}
        self.quiet = threading.Event()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.quiet.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, method: str, path: str, **how: Any) -> None:
        self.faults.append(Fault(method, path, **how))

    def asked(self, method: str, path: str = "") -> list[Call]:
        return [call for call in self.calls if call.method == method and re.search(path, call.path)]

    def forward(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        address = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        skip = ("content-length", "connection", "accept-encoding", "transfer-encoding")
        headers = {name: value for name, value in call.headers.items() if name.lower() not in skip}
        try:
            path, body = self._renamed(call.path, call.body, outwards=False)
            connection.request(call.method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in skip}
        finally:
            connection.close()
        if self.like_github and re.search(r"/check-runs(/\d+)?$", call.path) and answer.status < 300:
            content = self._with_pulls(call, json.loads(content))
        return answer.status, kept, self._renamed("", content, outwards=True)[1]

    def _renamed(self, path: str, body: bytes, *, outwards: bool) -> tuple[str, bytes]:
        for theirs, ours in self.aliases.items():
            old, new = (theirs, ours) if outwards else (ours, theirs)
            path, body = path.replace(old, new), body.replace(old.encode(), new.encode())
        return path, body

    def _with_pulls(self, call: Call, run: dict[str, Any]) -> bytes:
        repository = call.path.split("/check-runs")[0]
        pulls = Api(self.upstream, repository.removeprefix("/repos/"), ADMIN).get("/pulls")
        if call.headers.get("Authorization") == f"Bearer {BOT}":
            run["app"] = {"slug": BOT_LOGIN.removesuffix("[bot]")}
        run["pull_requests"] = [
            {
                "number": pull["number"],
                "head": {"sha": pull["head"]["sha"], "ref": pull["head"]["ref"]},
                "base": {"sha": pull["base"]["sha"], "ref": pull["base"]["ref"], "repo": pull["base"]["repo"]},
            }
            for pull in pulls
            if pull["head"]["sha"] == run["head_sha"] and pull["head"]["repo"] == pull["base"]["repo"]
        ]
        return json.dumps(run).encode()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        call = Call(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
        self.proxy.calls.append(call)
        fault = next((fault for fault in self.proxy.faults if fault.takes(call.method, call.path)), None)
        if fault and fault.after:
            self.proxy.forward(call)
        if fault and fault.silent is not None:
            self.proxy.quiet.wait(fault.silent)
            self.close_connection = True
            return
        if fault is None and self.proxy.like_github:
            fault = too_long(call)
        status, headers, body = (fault.status, dict(fault.headers), fault.body) if fault else self.proxy.forward(call)
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("date", "server"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _answer  # noqa: N815 - the names http.server calls


class Api:
    """What a test does to GitHub by other hands: a person's, or the owner's."""

    def __init__(self, url: str, repository: str, token: str) -> None:
        self.url = url
        self.repository = repository
        self._token = token

    def call(self, method: str, path: str, body: object = None) -> Any:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body),
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, (answer.status, path, content)
        return json.loads(content) if content else None

    def get(self, path: str) -> Any:
        """Return the repository's `path`, all pages of it when it is a list."""
        glue = "&" if "?" in path else "?"
        first = self.call("GET", f"/repos/{self.repository}{path}{glue}per_page=100")
        if not isinstance(first, list):
            return first
        found, page = list(first), 2
        while len(found) == 100 * (page - 1):
            found += self.call("GET", f"/repos/{self.repository}{path}{glue}per_page=100&page={page}")
            page += 1
        return found

    def post(self, path: str, body: object) -> Any:
        return self.call("POST", f"/repos/{self.repository}{path}", body)

    def by(self, token: str) -> "Api":
        return Api(self.url, self.repository, token)

    def comment(self, number: int, body: str) -> Any:
        return self.post(f"/issues/{number}/comments", {"body": body})

    def comments(self, number: int) -> list[dict[str, Any]]:
        return list(self.get(f"/issues/{number}/comments"))

    def checks(self, sha: str) -> list[dict[str, Any]]:
        return list(self.get(f"/commits/{sha}/check-runs?filter=all")["check_runs"])

    def open_pull(self, head: str = "topic", base: str = "main") -> dict[str, Any]:
        return dict(self.post("/pulls", {"title": head, "head": head, "base": base}))

    def push(self, branch: str, message: str = "work") -> str:
        """Put a commit on a branch and return its hash, which is the server's own."""
        tip = self.get(f"/git/ref/heads/{branch}")["object"]["sha"]
        tree = self.get(f"/git/commits/{tip}")["commit"]["tree"]["sha"]
        commit = self.post("/git/commits", {"message": message, "tree": tree, "parents": [tip]})["sha"]
        self.call("PATCH", f"/repos/{self.repository}/git/refs/heads/{branch}", {"sha": commit, "force": True})
        return str(commit)


def repository(url: str, name: str = "") -> Api:
    """Make a new repository of the owner's, with one commit on `main`."""
    name = name or f"r{uuid4().hex[:12]}"
    api = Api(url, f"{OWNER}/{name}", ADMIN)
    api.call("POST", "/user/repos", {"name": name, "auto_init": True})
    return api


def waits() -> tuple[list[float], Callable[[float], None]]:
    """Return a list and a sleep that only writes into it."""
    slept: list[float] = []
    return slept, slept.append
