"""A bundle's folder with a real model in it, and its server as a process of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import skl2onnx
import skops.io
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

from mltool import serving
from mltool.commands import load
from support import released

HOME = Path(serving.__file__).parent
LIBRARIES = {"sklearn": ("numpy", "scikit-learn", "skops"), "onnx": ("numpy", "onnxruntime"), "loader": ("numpy",)}
ROW = {"carrier": "UA", "hour": 15.0, "distance": 2134.0}


def make(
    folder: Path, *, backend: str = "sklearn", contents: Mapping[str, str | bytes] | None = None, **manifest: Any
) -> Path:
    """Return a bundle with the released project's model; `contents` are more files, `manifest` keys of release.json."""
    for path, content in {**_files(backend), **(contents or {})}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    shutil.copytree(HOME, folder / "server", ignore=shutil.ignore_patterns("__pycache__"))
    document = {
        "schema": "mltool.release/1",
        "model": "delay",
        "version": "1.3.0",
        "files": [{"path": "model/model.skops", "role": "model"}],
        "environment": {name: version(name) for name in LIBRARIES[backend]},
        "trusted": ["numpy.dtype"],
    }
    (folder / "release.json").write_text(json.dumps(document | manifest))
    seal(folder)
    return folder


def seal(folder: Path) -> None:
    """Write the checksums of everything that is there."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    sums = [f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names if name != "SHA256SUMS"]
    (folder / "SHA256SUMS").write_text("".join(sums))


@cache
def _files(backend: str) -> Mapping[str, bytes]:
    with TemporaryDirectory() as home:
        folder = released.create(Path(home) / "project").folder
        skops_file = (folder / released.MODEL_FILE).read_bytes()
        described = json.loads((folder / released.EXPORT / "schema.json").read_bytes()) | {"backend": backend}
        files = {
            "model/model.skops": skops_file,
            "schema.json": json.dumps(described).encode(),
            "golden.jsonl": (folder / released.EXPORT / "golden.jsonl").read_bytes(),
        }
    return files | ({"model/model.onnx": _graph(skops_file)} if backend == "onnx" else {})


def _graph(skops_file: bytes) -> bytes:
    model = skops.io.loads(skops_file, trusted=["numpy.dtype"])
    number, text = FloatTensorType([None, 1]), StringTensorType([None, 1])
    inputs = [("carrier", text), ("hour", number), ("distance", number)]
    graph = skl2onnx.convert_sklearn(model, initial_types=inputs, options={id(model): {"zipmap": False}})
    return bytes(graph.SerializeToString())


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    address: tuple[str, int]
    process: subprocess.Popen[bytes]
    said: Path

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[HTTPResponse, Any]:
        """Return the response and its body, read as JSON where it is."""
        connection = HTTPConnection(*self.address, timeout=20)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        json_there = response.headers.get("content-type") == "application/json" and content
        return response, json.loads(content) if json_there else content

    def predict(self, rows: Any) -> tuple[HTTPResponse, Any]:
        """Ask for predictions."""
        return self.ask("POST", "/predict", json.dumps(rows).encode(), content_type="application/json")

    def raw(self, *parts: bytes) -> bytes:
        """Send bytes, each part by itself, and return all that comes back until the server hangs up or says enough."""
        with socket.create_connection(self.address, timeout=20) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            got = b""
            while part := connection.recv(65536):
                got += part
        return got

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def running(folder: Path, *options: str, ready: bool = True) -> Iterator[Server]:
    """Give a server for the bundle, ready unless it is not meant to be."""
    said = folder.parent / f"{folder.name}.said"
    with socket.create_server(("127.0.0.1", 0)) as listener, said.open("wb") as output:
        handle = listener.fileno()
        command = (sys.executable, "-m", "server", "--fd", str(handle), *options)
        process = subprocess.Popen(
            command, cwd=folder, stderr=output, stdout=output, pass_fds=(handle,), env=os.environ | {"CI": ""}
        )
        address = listener.getsockname()
    try:
        alive = lambda: process.poll() is None  # noqa: E731
        load.wait(address, "/readyz" if ready else "/livez", alive=alive, patience=60)
        yield Server(address, process, said)
    finally:
        process.terminate()
        process.wait(20)


def run(folder: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the server to its end."""
    command = [sys.executable, "-m", "server", *map(str, options)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
