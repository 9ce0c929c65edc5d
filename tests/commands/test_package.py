"""Packaging a real model: the same bytes anywhere, nothing forged, nothing half-made."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from mltool import git
from mltool.bundle.check import Policy
from mltool.commands import verify
from mltool.commands.package import Packaged, package
from mltool.errors import RefusedError, UserError
from support import released
from support.repos import Repo, md5
from support.said import mltool


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return released.create(tmp_path / "project")


def pack(repo: Repo, out: Path, *, replay: bool = False, revision: str | None = "HEAD") -> Packaged:
    return package(
        git.find(repo.folder), "delay", "1.0.0", out=out, revision=revision, sign="off", replay=replay,
        say=lambda _: None,
    )  # fmt: skip


def stored(repo: Repo, path: str) -> list[Path]:
    """Return the copies that DVC has of a file, in the cache and in the remote."""
    digest = md5((repo.folder / path).read_bytes())
    homes = (repo.folder / ".dvc/cache", repo.folder.parent / "store")
    return [home / "files/md5" / digest[:2] / digest[2:] for home in homes]


def test_two_clones_at_two_times_with_two_umasks_make_the_same_bundle(repo: Repo, tmp_path: Path) -> None:
    made = []
    for number, mask in enumerate((0o022, 0o077)):
        clone = repo.clone(tmp_path / f"clone{number}")
        before = os.umask(mask)
        try:
            made.append(pack(clone, tmp_path / f"out{number}").tar.read_bytes())
        finally:
            os.umask(before)
        time.sleep(0.01)
    assert made[0] == made[1]


def test_the_bundle_is_named_after_the_release_and_holds_what_it_should(repo: Repo, tmp_path: Path) -> None:
    made = pack(repo, tmp_path / "out")
    assert made.tar == tmp_path / "out" / "delay-1.0.0.tar"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["delay-1.0.0.tar"]
    with tarfile.open(made.tar) as tar:
        names = {name.removeprefix("delay-1.0.0/") for name in tar.getnames()}
    assert names >= {
        "release.json", "SHA256SUMS", "CARD.md", "bom.json", "Dockerfile", "model/model.skops", "schema.json",
        "golden.jsonl", "requirements.txt", "server/__main__.py",
    }  # fmt: skip


def test_it_comes_from_the_remote_where_the_cache_is_empty(repo: Repo, tmp_path: Path) -> None:
    shutil.rmtree(repo.folder / ".dvc/cache")
    shutil.rmtree(repo.folder / "models")
    with verify.opened(pack(repo, tmp_path / "out").tar, Policy()) as bundle:
        assert (bundle.folder / "model/model.skops").is_file()


@pytest.mark.parametrize("where", ["cache and remote", "remote"])
def test_a_model_replaced_by_zeros_is_refused_by_name(repo: Repo, tmp_path: Path, where: str) -> None:
    cache, remote = stored(repo, released.MODEL_FILE)
    remote.write_bytes(bytes(1000))
    cache.unlink() if where == "remote" else cache.write_bytes(bytes(1000))
    with pytest.raises(RefusedError, match=r"models/model\.skops in .*remote `store` is not the file that dvc\.lock"):
        pack(repo, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_cache_is_mended_from_the_remote(repo: Repo, tmp_path: Path) -> None:
    stored(repo, released.MODEL_FILE)[0].write_bytes(bytes(1000))
    assert pack(repo, tmp_path / "out").tar.is_file()


def test_a_model_that_is_nowhere_is_asked_for(repo: Repo, tmp_path: Path) -> None:
    for copy in stored(repo, released.MODEL_FILE):
        copy.unlink()
    with pytest.raises(UserError, match="neither in DVC's cache nor in a remote"):
        pack(repo, tmp_path / "out")


def test_a_forged_model_with_the_right_md5_is_refused(repo: Repo, tmp_path: Path) -> None:
    path = repo.folder / released.EXPORT / "export.json"
    digest = hashlib.sha256((repo.folder / released.MODEL_FILE).read_bytes()).hexdigest()
    other = path.read_text().replace(digest, "0" * 64)
    repo.commit({f"{released.EXPORT}/export.json": other})
    with pytest.raises(RefusedError, match="another SHA-256 than export"):
        pack(repo, tmp_path / "out")


def test_what_is_changed_on_disk_and_not_committed_is_not_packaged(repo: Repo, tmp_path: Path) -> None:
    before = pack(repo, tmp_path / "one").digest
    (repo.folder / released.EXPORT / "golden.jsonl").write_text("{}")
    (repo.folder / "mltool.toml").write_text("")
    assert pack(repo, tmp_path / "two").digest == before


def test_only_a_registered_version_is_packaged(repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"delay 1\.0\.0 is not registered"):
        pack(repo, tmp_path / "out", revision=None)
    said = mltool(repo.folder, "register", "delay", "1.0.0", "--no-push")
    assert said.code == 0, said.err
    first = pack(repo, tmp_path / "out", revision=None)
    released.train_again(repo, strength=0.01)
    assert pack(repo, tmp_path / "again", revision=None).digest == first.digest


def test_a_release_that_is_not_the_registered_one_is_refused(repo: Repo, tmp_path: Path) -> None:
    mltool(repo.folder, "register", "delay", "1.0.0", "--no-push")
    message = repo.git("tag", "-l", "--format=%(contents)", "delay@v1.0.0")
    forged = "\n".join(
        f"Mltool-Manifest: sha256:{'0' * 64}" if line.startswith("Mltool-Manifest") else line
        for line in message.splitlines()
    )
    repo.git("tag", "-f", "-a", "-m", forged, "delay@v1.0.0", "HEAD")
    repo.git("update-ref", "refs/mltool/ledger/delay", "refs/tags/delay@v1.0.0")
    with pytest.raises(RefusedError, match="registered the release sha256:0000"):
        pack(repo, tmp_path / "out", revision=None)


def test_a_place_that_cannot_be_written_is_a_sentence(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UserError, match="Cannot make"):
        pack(repo, tmp_path / "out")


def test_no_key_to_sign_with_is_a_sentence(repo: Repo, tmp_path: Path) -> None:
    said = mltool(repo.folder, "release", "package", "delay", "1.0.0", "--rev", "HEAD", "--sign", "ssh", "--no-replay")
    assert (said.code, "no SSH key" in said.err) == (2, True)
    assert not (repo.folder / "dist" / "delay-1.0.0.tar").exists()


@pytest.mark.slow
def test_the_golden_rows_are_predicted_in_a_clean_environment(repo: Repo, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    said = mltool(repo.folder, "release", "package", "delay", "1.0.0", "--rev", "HEAD", "--json", "--out", out)
    assert said.code == 0, said.err
    assert said.json["replayed"] == 15

    golden = repo.folder / released.EXPORT / "golden.jsonl"
    repo.commit({f"{released.EXPORT}/golden.jsonl": golden.read_text().replace('"score": 0.', '"score": 0.1', 1)})
    with pytest.raises(RefusedError, match=r"does not predict what the pipeline did.*sample-1"):
        pack(repo, tmp_path / "again", replay=True)
    assert list((tmp_path / "again").iterdir()) == []


@pytest.mark.slow
def test_a_full_disk_or_a_kill_leaves_no_bundle(repo: Repo, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mltool", "release", "package", "delay", "1.0.0", "--rev", "HEAD", "--out"]
    limited = ["bash", "-c", 'ulimit -f 20; trap "" XFSZ; exec "$@"', "bash", *words, str(tmp_path / "full")]
    full = subprocess.run(limited, cwd=repo.folder, capture_output=True, check=False)
    assert (full.returncode, b"Traceback" in full.stderr) == (2, False), full.stderr
    assert list((tmp_path / "full").iterdir()) == []

    running = subprocess.Popen([*words, str(tmp_path / "killed")], cwd=repo.folder, stdout=subprocess.DEVNULL)
    while not list(tmp_path.glob("killed/.*/*.tar")):
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert list((tmp_path / "killed").glob("*.tar")) == []
    assert pack(repo, tmp_path / "killed").tar.is_file()
