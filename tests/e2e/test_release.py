"""From a tag to a model that answers, and back: the generated workflow, the real runner, a real API server."""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mltool.targets import Place, local
from support import github, released
from support.releases import Releases
from support.repos import Repo, run
from support.runner import Run, Runner

ROOT = Path(__file__).parents[2]
WORKFLOW = "mltool-release.yml"
REVIEWER = github.HUMAN_LOGIN
CAT = "cat@example.org"

pytestmark = pytest.mark.slow

SETTINGS = """
[environments.prod]
target = "local"
url = "{url}"
settings = {{ home = "{home}", port = {port} }}
approvals = {{ count = 1, who = ["{reviewer} = {mail}"] }}

[release]
store = "github"

[ci]
python = "3.11"
setup = "true"
attest = true
"""

SMALL = """settings = {{ home = "{home}", port = {port} }}

[release]
place = "{place}"

[ci]
setup = "true"
"""


class Gateway:
    """What users reach the model through. It spoils the scores of the versions in `spoiled`."""

    def __init__(self, upstream: int) -> None:
        self.spoiled: set[str] = set()
        handler = type("Handler", (_Handler,), {"gateway": self, "upstream": upstream})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Gateway":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    gateway: Gateway
    upstream: int
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.upstream}{self.path}", data=body or None, method=self.command
        )
        asked.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                status, headers, content = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, headers, content = error.code, error.headers, error.read()
        except OSError:
            status, headers, content = 502, {}, b"{}"
        version = headers.get("model-version") or ""
        if version in self.gateway.spoiled and self.path == "/predict":
            content = re.sub(rb'"score":[0-9.e-]+', b'"score":0.5', content)
        self.send_response(status)
        for name in ("Content-Type", "model-version", "model-digest"):
            if headers.get(name):
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 - the names http.server calls


@dataclass
class World:
    """A developer's clone, the repository they push to, the forge, the runner, and the model's address."""

    repo: Repo
    hub: Repo
    api: github.Api
    proxy: Releases
    gateway: Gateway
    runner: Runner
    folder: Path
    reviews: list[github.Fault] = field(default_factory=list)

    def mltool(self, *words: str, code: int | None = 0) -> str:
        """Let the developer, who has a token of their own, say `mltool WORDS`."""
        here = {"API_URL": self.proxy.url, "REPOSITORY": self.api.repository, "TOKEN": github.ADMIN}
        environ = [f"GITHUB_{name}={value}" for name, value in here.items()]
        return run("env", *environ, sys.executable, "-m", "mltool", *words, cwd=self.repo.folder, code=code)

    def retrain(self, rate: float) -> None:
        """Train another model, and push the commit and its data."""
        params = self.repo.folder / "params.yaml"
        params.write_text(re.sub(r"learning_rate: .*", f"learning_rate: {rate}", params.read_text()))
        self.reproduce(f"Learn at {rate}")

    def reproduce(self, message: str) -> None:
        self.dvc("repro", "--quiet")
        self.repo.commit(message=message)
        self.dvc("push", "--quiet")
        self.repo.git("push", "--quiet", "origin", "main")

    def dvc(self, *words: str) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [sys.executable, "-m", "dvc", *words],
            cwd=self.repo.folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def register(self, version: str, reason: str) -> None:
        """Register a version; the API server, which is not where Git pushes to, is told of the tag."""
        self.mltool("register", "delay", version, "--reason", reason)
        tip = self.api.get("/git/ref/heads/main")["object"]["sha"]
        self.api.post("/git/refs", {"ref": f"refs/tags/delay@v{version}", "sha": tip})

    def review(self, tag: str) -> None:
        """Let the reviewer of the environment approve the run of this tag, as GitHub tells it."""
        commit = self.hub.git("rev-parse", f"refs/tags/{tag}^{{commit}}")
        asked = f"^/repos/{self.api.repository}/actions/runs/[0-9]+"
        said = {"state": "approved", "environments": [{"name": "prod"}], "user": {"login": REVIEWER}, "comment": ""}
        self.answer(f"{asked}$", {"head_sha": commit, "html_url": "https://github.com/run"})
        self.answer(f"{asked}/approvals", [said])

    def answer(self, path: str, body: object) -> None:
        fault = github.Fault("GET", path, status=200, body=json.dumps(body).encode())
        self.proxy.faults.insert(0, fault)
        self.reviews.append(fault)

    def forget_reviews(self) -> None:
        for fault in self.reviews:
            self.proxy.faults.remove(fault)
        self.reviews.clear()

    def release(self, tag: str, *, approved: bool = True) -> Run:
        """Do what the forge does when the tag arrives, and when the reviewer said yes."""
        if approved:
            self.review(tag)
        sha = self.hub.git("rev-parse", f"refs/tags/{tag}")
        done = self.act("push", {"ref": f"refs/tags/{tag}", "after": sha})
        self.forget_reviews()
        return done

    def act(self, name: str, payload: Mapping[str, Any]) -> Run:
        run("rm", "-rf", "artifacts", cwd=self.folder)
        about = {"full_name": self.api.repository, "default_branch": "main"}
        return self.runner.run(
            self.repo.folder,
            name,
            {"repository": about, **payload},
            workflow=WORKFLOW,
            artifacts=self.folder / "artifacts",
            environ=self.environ(),
            secrets={"GITHUB_TOKEN": github.BOT},
            origin=self.hub.folder,
            remote="github",
        )

    def environ(self) -> dict[str, str]:
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {"GITHUB_API_URL": self.proxy.url, "PATH": tools, "DVC_NO_ANALYTICS": "1"}

    def events(self) -> list[tuple[str, str, str]]:
        """Return the ledger as a stranger reads it: kind, version and outcome of each event."""
        clone = self.folder / "stranger"
        run("rm", "-rf", clone, cwd=self.folder)
        run("git", "clone", "--quiet", self.hub.folder, clone, cwd=self.folder)
        said = json.loads(run(sys.executable, "-m", "mltool", "log", "delay", "--json", cwd=clone))
        return [(event["kind"], event["version"], event["outcome"]) for event in reversed(said["events"])]

    def predict(self) -> tuple[str, dict[str, Any]]:
        """Ask the model about one flight, where its users do; return the version that answered, and its answer."""
        golden = (self.repo.folder / "release" / "delay" / "golden.jsonl").read_text().splitlines()[0]
        body = json.dumps(json.loads(golden)["row"]).encode()
        asked = urllib.request.Request(f"{self.gateway.url}/predict", data=body)
        asked.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(asked, timeout=10) as answer:
            said = json.load(answer)
            return str(answer.headers["model-version"]), dict(said["predictions"][0])

    def published(self) -> dict[str, dict[str, Any]]:
        """Return the releases that anybody sees, by tag."""
        return {release["tag_name"]: release for release in self.api.get("/releases") if not release["draft"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Clone this repository, let it release its model to a port of this machine, and train the model."""
    folder = tmp_path_factory.mktemp("world")
    api = github.repository(github.shared_emulator())
    hub = Repo(folder / "hub.git")
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", hub.folder, cwd=folder)
    repo = Repo(folder / "flights")
    run("git", "clone", "--quiet", "--no-tags", ROOT, repo.folder, cwd=folder)
    port = github.free_port()
    with Releases(github.shared_emulator()) as proxy, Gateway(port) as gateway:
        made = World(
            repo=repo, hub=hub, api=api, proxy=proxy, gateway=gateway, runner=Runner(folder / "runner"), folder=folder
        )
        begin(made, port)
        try:
            yield made
        finally:
            stop(folder, port)


def stop(folder: Path, port: int) -> None:
    """Leave nothing running."""
    settings = local.Settings(home=str(folder / "served"), port=port)
    local.undo(Place(environment="prod", model="delay", settings=settings, project=folder), None)


def begin(world: World, port: int) -> None:
    """Make the clone a project of its own, with the first model."""
    git, folder = world.repo.git, world.repo.folder
    git("checkout", "--quiet", "--orphan", "fresh")
    git("branch", "--quiet", "--delete", "--force", "main")
    git("branch", "--quiet", "--move", "main")
    git("remote", "set-url", "origin", str(world.hub.folder))
    git("remote", "add", "github", f"https://github.com/{world.api.repository}.git")
    settings = folder / "mltool.toml"
    rest = re.split(r"\n\[environments\.", settings.read_text())[0]
    settings.write_text(
        rest
        + SETTINGS.format(url=world.gateway.url, home=world.folder / "served", port=port, reviewer=REVIEWER, mail=CAT)
    )
    world.dvc("remote", "add", "--quiet", "--default", "store", str(world.folder / "store"))
    world.mltool("ci", "generate", "--force")
    world.reproduce("Flights")


def test_a_tag_ends_in_a_model_that_answers_a_bad_one_is_taken_back_and_a_rollback_brings_the_one_before(
    world: World,
) -> None:
    the_first_version_waits_for_its_approval_and_answers(world)
    a_version_that_answers_wrongly_where_its_users_are_is_taken_back(world)
    a_good_one_is_rolled_back_by_hand(world)
    what_the_rollback_pushed_and_old_jobs_move_nothing(world)
    assert "The ledger is whole" in world.mltool("registry", "verify")


def the_first_version_waits_for_its_approval_and_answers(world: World) -> None:
    world.register("1.0.0", "the first one")
    refused = world.release("delay@v1.0.0", approved=False)
    assert not refused.succeeded
    assert "prod needs 1 approval" in refused.log
    assert world.published() == {}
    assert world.events() == [("register", "1.0.0", "")]

    done = world.release("delay@v1.0.0")
    assert done.succeeded, done.log
    assert f"Approved for prod by {REVIEWER}" in done.log
    assert world.predict()[0] == "1.0.0"
    assert world.events()[1:] == [("promote", "1.0.0", ""), ("deploy", "1.0.0", "live")]
    (bundle,) = (asset for asset in world.published()["delay@v1.0.0"]["assets"] if asset["name"].endswith(".tar"))
    attested = (world.folder / "artifacts" / "attested").read_text().split()[0]
    assert attested == hashlib.sha256(world.proxy.kept[bundle["id"]]).hexdigest()

    again = world.release("delay@v1.0.0")
    assert again.succeeded, again.log
    assert "Nothing was to be done" in again.log
    assert len(world.events()) == 3


def a_version_that_answers_wrongly_where_its_users_are_is_taken_back(world: World) -> None:
    world.retrain(0.04)
    world.gateway.spoiled.add("1.1.0")
    world.register("1.1.0", "learns more slowly")
    bad = world.release("delay@v1.1.0")
    assert not bad.succeeded
    assert "prod runs 1.0.0 again. 1.1.0 is on hold." in bad.log
    assert world.predict()[0] == "1.0.0"
    assert world.events()[4:] == [
        ("promote", "1.1.0", ""),
        ("deploy", "1.1.0", "failed"),
        ("rollback", "1.0.0", ""),
        ("hold", "1.1.0", ""),
    ]
    held = world.act("workflow_dispatch", {"ref": "refs/heads/main", "inputs": {"tag": "delay@v1.1.0"}})
    assert not held.succeeded
    assert "v1.1.0 of delay is on hold" in held.log
    assert "Package" not in held.log


def a_good_one_is_rolled_back_by_hand(world: World) -> None:
    world.retrain(0.06)
    world.register("1.2.0", "learns faster")
    done = world.release("delay@v1.2.0")
    assert done.succeeded, done.log
    version, second = world.predict()
    assert version == "1.2.0"
    world.mltool("rollback", "delay", "prod", "--to", "previous-good", "--reason", "too many late flights missed")
    version, first = world.predict()
    assert version == "1.0.0"
    assert first["score"] != second["score"]
    assert world.events()[-3:] == [("rollback", "1.0.0", ""), ("hold", "1.2.0", ""), ("deploy", "1.0.0", "live")]


def what_the_rollback_pushed_and_old_jobs_move_nothing(world: World) -> None:
    tag = world.hub.git("tag", "--list", "delay#prod#*", "--sort=version:refname").splitlines()[-1]
    done = world.release(tag, approved=False)
    assert done.succeeded, done.log
    assert "prod runs 1.0.0 already" in done.log
    assert not world.release("delay@v1.2.0").succeeded
    assert world.predict()[0] == "1.0.0"


def test_a_folder_takes_releases_too_and_is_rehearsed_behind_the_review(world: World, tmp_path: Path) -> None:
    port = github.free_port()
    settings = SMALL.format(home=tmp_path / "served", port=port, place=tmp_path / "releases")
    repo, hub = released.create(tmp_path / "project", config=settings), Repo(tmp_path / "hub.git")
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", hub.folder, cwd=tmp_path)
    repo.git("remote", "add", "origin", str(hub.folder))
    repo.git("remote", "add", "github", f"https://github.com/{world.api.repository}.git")
    small = replace(world, repo=repo, hub=hub, folder=tmp_path)
    small.mltool("ci", "generate")
    pipeline = repo.folder / ".dvc" / "config"
    pipeline.write_text(pipeline.read_text().replace("../../store", str(tmp_path / "store")))
    repo.commit(message="A release workflow")
    repo.git("push", "--quiet", "origin", "main")
    small.mltool("register", "delay", "1.0.0", "--reason", "nobody has to be asked")
    try:
        done = small.release("delay@v1.0.0", approved=False)
        assert done.succeeded, done.log
        assert "rehears" in done.job("Publish and deploy")
        assert (tmp_path / "releases").is_dir()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/version", timeout=10) as answer:
            assert json.load(answer)["version"] == "1.0.0"
    finally:
        stop(tmp_path, port)


def test_a_tag_that_is_a_command_is_refused_and_not_run(world: World) -> None:
    name = f"m@v1.0.0;touch${{IFS}}{world.folder / 'owned'}"
    done = world.act("push", {"ref": f"refs/tags/{name}", "after": world.repo.git("rev-parse", "HEAD")})
    assert not done.succeeded
    assert not (world.folder / "owned").exists()
    assert "is no tag of the ledger" in done.log
