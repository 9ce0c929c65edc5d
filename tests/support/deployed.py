"""A project with published versions and an environment on this machine, ready to be deployed; and what may go wrong.

`Published.make` takes some seconds (it packages real bundles); `copy` gives each test its own. The model is a number
in Git and a loader of three lines, so that its real server starts in a blink.
"""

import contextlib
import json
import shutil
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support import released, small_server
from support.repos import Repo, entry, lock, run
from support.said import Said, mltool

WEIGHTS = {"1.0.0": 0.01, "1.1.0": 0.02, "1.2.0": 0.03}
INSTALLED = ("click", "h11", "msgspec", "numpy", "uvicorn")
LOADER = """import json


def load(folder):
    weight = json.loads((folder / "model.json").read_text())
    return lambda rows: [weight * row["distance"] for row in rows]
"""
PIPELINE = """stages:
  train:
    cmd: python train.py
    deps: [train.py]
    outs: [models/model.json: {cache: false}]
    metrics: [metrics.json: {cache: false}]
artifacts:
  delay: {path: models/model.json, type: model}
"""
CONFIG = """[gates.accuracy]
metric = "metrics.json:accuracy"
direction = "higher"
floor = 0.5

[models.delay]
loader = "loader.py"

[models.delay.card]
owner = "Ada Example <ada@example.org>"
intended_use = "Tells how late a flight will be."
limits = "Linear in the distance, and nothing else."
license = "Apache-2.0"

[environments.prod]
target = "local"
"""


@dataclass(frozen=True)
class Published:
    """A clone of a project whose versions are registered and published in a folder, and the port of its `prod`."""

    repo: Repo
    port: int = 0

    @classmethod
    def make(cls, folder: Path) -> "Published":
        """Register, package and publish each version."""
        repo = Repo.create(folder / "project")
        repo.write({"mltool.toml": CONFIG, "loader.py": LOADER, "train.py": "", "dvc.yaml": PIPELINE})
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", folder / "origin.git", cwd=folder)
        repo.git("remote", "add", "origin", "../origin.git")
        for version, weight in WEIGHTS.items():
            repo.commit(_made(weight), message=f"Version {version}")
            repo.git("push", "--quiet", "--set-upstream", "origin", "main")
            repo.git("remote", "set-head", "origin", "main")
            for words in (("register", "delay", version), ("release", "package", "delay", version, "--no-replay"),
                          ("release", "publish", "delay", version)):  # fmt: skip
                said = mltool(repo.folder, *words)
                assert said.code == 0, said.err
        return cls(repo)

    def copy(self, folder: Path, settings: str = "", more: str = "", **environment: str) -> "Published":
        """Return a copy whose `prod` is a folder beside it, with these lines in its settings, and more tables."""
        shutil.copytree(self.repo.folder.parent, folder, dirs_exist_ok=True)
        home = folder / "home"
        home.mkdir()
        # One environment of Python for all tests: it takes seconds, and is the same.
        shared = self.repo.folder.parent.parent / "environments"
        shared.mkdir(exist_ok=True)
        (home / "environments").symlink_to(shared)
        copied = Published(Repo(folder / "project"), small_server.free_port())
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in environment.items())
        config = copied.repo.folder / "mltool.toml"
        text = config.read_text().replace('target = "local"\n', lines or 'target = "local"\n')
        settings = settings or f'home = "{home}"\nport = {copied.port}\n'
        config.write_text(f"{text}\n[environments.prod.settings]\n{settings}\n{more}")
        copied.repo.commit(message="Where prod is")
        copied.repo.git("push", "--quiet")
        return copied

    def mltool(self, *words: str | Path, **environ: str) -> Said:
        """Run mltool in the clone."""
        return mltool(self.repo.folder, *words, **environ)

    def deploy(self, version: str, *words: str) -> Said:
        """Promote and deploy a version."""
        return self.mltool("deploy", "delay", "prod", "--version", version, "--wait", "3", *words)

    def runs(self) -> str:
        """Return the version that answers; empty where nothing does."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/version", timeout=10) as answer:
                return str(json.load(answer)["version"])
        except OSError:  # refused, or reset by a server that is on its way out
            return ""

    def events(self) -> list[str]:
        """Return what the ledger of the remote says happened, oldest first, without the registrations."""
        run("git", "fetch", "--quiet", "--tags", "origin", cwd=self.repo.folder)
        found = self.mltool("log", "delay", "--json").json
        return [
            " ".join(filter(None, (event["kind"], event["version"], event.get("outcome", ""))))
            for event in _events(found)
            if event["kind"] != "register"
        ]


def _made(weight: float) -> dict[str, Any]:
    """Return what the pipeline leaves for a model with this weight."""
    model, metrics = json.dumps(weight), json.dumps({"accuracy": 0.9})
    golden = ({"id": f"sample-{n}", "row": {"distance": n}, "expected": {"value": weight * n}} for n in range(5))
    outs = [entry("metrics.json", metrics), entry("models/model.json", model)]
    train = {"cmd": "python train.py", "deps": [entry("train.py", "")], "outs": outs}
    inputs = [{"name": "distance", "type": "number", "nullable": False}]
    schema = {"task": "regression", "backend": "loader", "columns": ["distance"], "tolerance": 1e-6, "inputs": inputs}
    python = ".".join(map(str, sys.version_info[:2]))
    packages = released.requirements().split("\n")
    wanted, keep = [], False
    for line in packages:
        keep = line.split("==")[0] in INSTALLED if not line.startswith(" ") else keep
        wanted += [line] * keep
    return {
        "models/model.json": model,
        "metrics.json": metrics,
        "dvc.lock": lock(train=train),
        "release/delay/schema.json": {"schema": "mltool.model/1", **schema},
        "release/delay/golden.jsonl": "".join(f"{json.dumps(row)}\n" for row in golden),
        "release/delay/export.json": {"schema": "mltool.export/1", "files": {}, "python": python},
        "release/delay/requirements.txt": "\n".join([*wanted, ""]),
    }


def _events(document: Any) -> list[Any]:
    """Return the events of `mltool log --json`, oldest first."""
    found = document["events"]
    return sorted(found, key=lambda event: event["sequence"])


Alter = Callable[[str, bytes], bytes | None]


@contextlib.contextmanager
def in_between(port: int, alter: Alter) -> Iterator[str]:
    """Stand between users and the model: `alter(path, answer)` changes each answer, None breaks the connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))) or None
            headers = {"content-type": "application/json"}
            asked = urllib.request.Request(f"http://127.0.0.1:{port}{self.path}", data=body, headers=headers)
            try:
                with urllib.request.urlopen(asked, timeout=30) as answer:
                    found = alter(self.path, answer.read())
                    digest = answer.headers.get("model-digest", "")
            except urllib.error.URLError:
                found = None
            if found is None:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("model-digest", digest)
            self.send_header("content-length", str(len(found)))
            with contextlib.suppress(OSError):  # who asked lost patience
                self.end_headers()
                self.wfile.write(found)

        do_GET = do_POST = _pass  # noqa: N815

        def log_message(self, *rest: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
