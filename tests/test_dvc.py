"""What is asked of DVC and of what it stored."""

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3
import pytest

from mltool import dvc
from mltool.commands.compare import compare
from mltool.dvc import config
from mltool.errors import OutsideError, RefusedError, UserError
from mltool.snapshot.edges import Template
from support.github import free_port
from support.repos import Repo, md5

CONTENT = b'{"score": 1}'
HASH = f"md5:{md5(CONTENT)}"


def stored(folder: Path, *, legacy: bool = False, content: bytes = CONTENT) -> Path:
    digest = md5(CONTENT)
    place = folder / ("" if legacy else "files/md5") / digest[:2] / digest[2:]
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    return place


def test_an_object_is_read_from_the_cache_in_both_layouts(repo: Repo) -> None:
    storage = dvc.Storage(repo.folder)
    assert storage([HASH]) == {}
    stored(repo.folder / ".dvc/cache")
    assert storage([HASH], download=False) == {HASH: CONTENT}
    shutil.rmtree(repo.folder / ".dvc/cache")
    stored(repo.folder / ".dvc/cache", legacy=True)
    assert dvc.Storage(repo.folder)([HASH]) == {HASH: CONTENT}


def test_the_cache_may_be_elsewhere(repo: Repo, tmp_path: Path) -> None:
    repo.write({".dvc/config": "[cache]\n    dir = ../../shared cache\n"})
    stored(tmp_path / "shared cache")
    assert dvc.Storage(repo.folder)([HASH]) == {HASH: CONTENT}


def test_a_remote_that_is_a_folder_is_read_directly(repo: Repo, tmp_path: Path) -> None:
    repo.write({".dvc/config": "['remote \"here\"']\n    url = ../../remote\n[core]\n    remote = here\n"})
    stored(tmp_path / "remote")
    assert dvc.Storage(repo.folder)([HASH]) == {HASH: CONTENT}


def test_an_object_that_is_not_what_its_hash_says_is_not_used(repo: Repo) -> None:
    stored(repo.folder / ".dvc/cache", content=b"other")
    assert dvc.Storage(repo.folder)([HASH]) == {}


def test_a_hash_is_no_way_out_of_the_cache(repo: Repo) -> None:
    repo.write({"secret": "x"})
    assert dvc.Storage(repo.folder)(["md5:../../../../secret", "md5:", "etag:x", "x"]) == {}


def test_what_dvc_writes_into_its_config_is_what_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.dvc("remote", "add", "-q", "s3", "s3://bucket/path")
    repo.dvc("remote", "add", "-q", "-d", "near", str(tmp_path / "near"))
    repo.dvc("remote", "add", "-q", "--local", "mine", str(tmp_path / "with space"))
    repo.dvc("cache", "dir", "-q", str(tmp_path / "cache"))
    repo.dvc("config", "-q", "parsing.bool", "boolean_optional")
    found = config.read(repo.folder)
    assert dict(found.remotes) == {"near": tmp_path / "near", "s3": None, "mine": tmp_path / "with space"}
    assert found.remotes[0][0] == "near"
    assert found.cache.resolve() == tmp_path / "cache"
    assert found.parsing == {"bool": "boolean_optional"}


def test_a_broken_config_is_one_sentence(repo: Repo) -> None:
    repo.write({".dvc/config": "no section\n"})
    with pytest.raises(UserError, match=r"DVC's configuration .*config is broken: "):
        dvc.Storage(repo.folder)([HASH])


def template(text: str, **files: str) -> Template:
    contents = {"dvc.yaml": text, **{name.replace("_", "."): content for name, content in files.items()}}
    return Template(file="dvc.yaml", files=tuple((path, body.encode()) for path, body in contents.items()), key=text)


def test_templates_of_both_sides_are_filled_in_together() -> None:
    text = "stages:\n  a:\n    foreach: ${names}\n    do: {cmd: 'echo ${item} ${lr}'}\n"
    other = text.replace("echo", "print")
    found = dvc.resolve(
        [template(text, params_yaml="names: [x]\nlr: 1e-3\n"), template(other, params_yaml="names: 5\n")]
    )
    assert found[text].document["stages"] == {"a@x": {"cmd": "echo x 0.001"}}
    assert found[other].problem.endswith("expected list/dictionary, got int")


def test_a_bool_is_written_as_the_config_says() -> None:
    text = "stages:\n  a: {cmd: 'x ${flags}'}\n"
    files = {"params_yaml": "flags: {fast: false}\n"}
    assert dvc.resolve([template(text, **files)])[text].document["stages"]["a"]["cmd"].strip() == "x"
    found = dvc.resolve([template(text, **files)], parsing={"bool": "boolean_optional"})
    assert found[text].document["stages"]["a"]["cmd"] == "x --no-fast"


def test_a_template_cannot_write_or_read_outside_of_its_copy(tmp_path: Path) -> None:
    text = "vars: [../../secret.yaml]\nstages:\n  a: {cmd: 'x ${s}'}\n"
    job = Template(file="dvc.yaml", files=(("dvc.yaml", text.encode()), ("../../secret.yaml", b"s: 1")), key="k")
    assert "does not exist" in dvc.resolve([job])["k"].problem


def test_nothing_to_fill_in_starts_nothing() -> None:
    assert dvc.resolve([]) == {}


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[str]:
    """A real S3 server on loopback with a bucket."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    with (tmp_path / "s3.log").open("w") as log:
        server = subprocess.Popen(["moto_server", "-p", str(port)], stdout=log, stderr=log)
    try:
        for _ in range(100):
            with suppress(URLError), urlopen(Request(f"{address}/bucket", method="PUT"), timeout=5):
                break
            time.sleep(0.1)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                patch.setenv(name, "test")
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            yield address
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.slow
def test_a_cached_metric_comes_from_an_s3_remote_through_dvc(repo: Repo, s3: str) -> None:
    repo.write({
        ".dvc/config": f"[core]\n    remote = s\n['remote \"s\"']\n    url = s3://bucket/x\n    endpointurl = {s3}\n",
        "source.json": json.dumps({"score": 0.1}),
        "dvc.yaml": "stages:\n  a:\n    cmd: cp source.json m.json\n    deps: [source.json]\n    metrics: [m.json]\n",
    })  # fmt: skip
    shas = []
    for score in (0.1, 0.2):
        repo.write({"source.json": {"score": score}})
        repo.dvc("repro", "-q")
        repo.dvc("push", "-q")
        shas.append(repo.commit())
    shutil.rmtree(repo.folder / ".dvc/cache")
    (repo.folder / "m.json").unlink()
    compared = compare(repo.folder, *shas)
    assert [(change.key, change.old, change.new) for change in compared.changes.metrics] == [("score", 0.1, 0.2)]
    assert compared.head.problems == ()


@pytest.mark.slow
def test_a_large_file_comes_from_an_s3_remote_and_only_if_it_is_that_file(repo: Repo, s3: str, tmp_path: Path) -> None:
    """DVC itself pulls the zeros without a word: the release must not."""
    config_ = f"[core]\n    remote = s\n['remote \"s\"']\n    url = s3://bucket/x\n    endpointurl = {s3}\n"
    repo.write({".dvc/config": config_, "model.bin": b"model" * 100_000})
    repo.dvc("add", "-q", "model.bin")
    repo.dvc("push", "-q")
    digest = f"md5:{md5((repo.folder / 'model.bin').read_bytes())}"
    shutil.rmtree(repo.folder / ".dvc/cache")
    storage, place = dvc.Storage(repo.folder), tmp_path / "out"

    sha256 = dvc.copy(storage, "model.bin", digest, place)
    assert sha256 == hashlib.sha256(b"model" * 100_000).hexdigest()
    assert place.read_bytes() == b"model" * 100_000

    value = digest.removeprefix("md5:")
    key = f"x/files/md5/{value[:2]}/{value[2:]}"
    bucket = boto3.resource("s3", endpoint_url=s3).Bucket("bucket")
    bucket.put_object(Key=key, Body=bytes(1000))
    with pytest.raises(RefusedError, match=r"model\.bin in the remote `s` is not the file"):
        dvc.copy(storage, "model.bin", digest, place)
    assert not place.exists()
    repo.dvc("pull", "-q", "--force")  # as we say

    bucket.delete_objects(Delete={"Objects": [{"Key": key}]})
    shutil.rmtree(repo.folder / ".dvc/cache")
    with pytest.raises(UserError, match="neither in DVC's cache nor in a remote"):
        dvc.copy(storage, "model.bin", digest, place)


@pytest.mark.slow
def test_a_remote_that_does_not_answer_is_the_outsides_fault(repo: Repo, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    repo.write({
        ".dvc/config": "[core]\n    remote = h\n['remote \"h\"']\n    url = " + address + "\n",
    })  # fmt: skip
    with pytest.raises(OutsideError, match="cannot be had from the remote `h`"):
        dvc.copy(dvc.Storage(repo.folder), "model.bin", HASH, tmp_path / "out")


def test_a_clone_elsewhere_uses_the_cache_and_the_folders_of_the_original(repo: Repo, tmp_path: Path) -> None:
    repo.write({
        ".dvc/config": "[core]\n    remote = r\n['remote \"r\"']\n    url = ../../store\n['remote \"s\"']\n    url = s3://b\n",
        ".dvc/config.local": "['remote \"s\"']\n    password = hush\n[cache]\n    type = copy\n",
    })  # fmt: skip
    repo.commit()
    clone = repo.clone(tmp_path / "far" / "away" / "clone")
    dvc.adopt(repo.folder, clone.folder)
    found = config.read(clone.folder)
    assert found.cache == repo.folder / ".dvc/cache"
    assert found.remotes == (("r", tmp_path / "store"), ("s", None))
    assert clone.dvc("config", "remote.s.password").strip() == "hush"
    assert clone.dvc("config", "cache.type").strip() == "copy"
