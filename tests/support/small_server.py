"""Bundles with a server of fifty lines of Python's own, started in a blink, that behaves as the test wants.

It takes `--fd` and `--ready-fd` as the real one does, and needs no environment; what it answers is `answer.json`.
"""

import hashlib
import json
import socket
import sys
from pathlib import Path
from typing import Any, Literal

from mltool.targets import Delivery

Behaviour = Literal["good", "crashes", "hangs"]
EXPECTED = {"label": 1, "score": 0.5}
SERVER = """
import argparse, hashlib, json, os, signal, socket, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser()
for name in ("fd", "ready-fd", "port"):
    parser.add_argument(f"--{name}", type=int)
parser.add_argument("--log")
asked = parser.parse_args()
release = open("release.json", "rb").read()
about = json.loads(release)
digest = "sha256:" + hashlib.sha256(release).hexdigest()
if about["behaviour"] == "crashes":
    sys.exit("the model cannot be loaded: it is no model")
if about["behaviour"] == "hangs":
    time.sleep(1000)
stopping = threading.Event()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("model-digest", digest)
        self.send_header("content-length", str(len(body)))
        if stopping.is_set():
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({"model": "delay", "version": about["version"], "digest": digest, "pid": os.getpid()})

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(about["seconds"])
        count = len(rows) if isinstance(rows, list) else 1
        self.answer({"predictions": [about["answer"]] * count, "environ": dict(os.environ)})

    def log_message(self, *rest):
        pass

if asked.fd is None:
    listener = socket.create_server(("127.0.0.1", asked.port))
else:
    listener = socket.socket(fileno=asked.fd)
server = ThreadingHTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
server.socket.close()
server.socket = listener
server.daemon_threads = False
if asked.ready_fd is not None:
    gate = socket.socket(fileno=asked.ready_fd)
    gate.sendall(b"ready\\n")
    if not gate.recv(8):
        sys.exit("nobody said go")
listener.listen(1024)

def stop(*rest):
    stopping.set()
    threading.Thread(target=server.shutdown).start()

signal.signal(signal.SIGTERM, stop)
server.serve_forever(poll_interval=0.01)
server.server_close()
"""


def bundle(
    folder: Path,
    version: str,
    *,
    model: str = "delay",
    behaviour: Behaviour = "good",
    answer: Any = EXPECTED,
    seconds: float = 0.0,
    ballast: int = 0,
) -> Delivery:
    """Make the folder of a release: `answer` after `seconds` to every row, and a file of `ballast` bytes."""
    python = ".".join(map(str, sys.version_info[:2]))
    about = {"version": version, "python": python, "behaviour": behaviour, "answer": answer, "seconds": seconds}
    files = {
        "server/__init__.py": "",
        "server/__main__.py": SERVER,
        "requirements.txt": "",
        "schema.json": '{"tolerance": 1e-6}',
        "golden.jsonl": "".join(json.dumps({"id": f"sample-{n}", "row": {"x": n}, "expected": EXPECTED}) + "\n"
                                for n in range(5)),
        "release.json": json.dumps(about),
        "model/model.bin": "0" * ballast,
    }  # fmt: skip
    for name, content in files.items():
        path = folder / f"{model}-{version}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    digest = f"sha256:{hashlib.sha256(files['release.json'].encode()).hexdigest()}"
    return Delivery(model=model, version=version, digest=digest, folder=folder / f"{model}-{version}")


def free_port() -> int:
    """Return a port of this machine that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
