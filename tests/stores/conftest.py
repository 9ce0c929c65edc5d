import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import pytest

from mltool.stores.directory import Directory
from mltool.stores.s3 import Bucket, connect
from mltool.stores.store import Store
from support import github, releases
from support.publishing import on_github


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """An S3 server on loopback."""
    port = github.free_port()
    program = Path(sys.executable).with_name("moto_server")
    with subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                urlopen(f"{address}/moto-api/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
        server.terminate()


@pytest.fixture
def bucket(moto: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in {
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"b{uuid4().hex}"
    place = connect(f"s3://{name}/models/")
    place.client.create_bucket(Bucket=name)
    return place


@pytest.fixture
def hub() -> Iterator[releases.Releases]:
    with releases.Releases(github.shared_emulator()) as proxy:
        yield proxy


@pytest.fixture(
    params=["directory", pytest.param("s3", marks=pytest.mark.slow), pytest.param("github", marks=pytest.mark.slow)]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Every kind of store."""
    if request.param == "s3":
        return request.getfixturevalue("bucket")  # type: ignore[no-any-return]
    if request.param == "github":
        return on_github(request.getfixturevalue("hub"))
    return Directory(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "delay-1.3.0.tar"
    place.write_bytes(b"0123456789" * 1000)
    return place
