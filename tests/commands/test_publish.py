"""`mltool release publish`, from a registered version to its bundle in a store, and out of it again."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mltool import config as configuration
from mltool import disk, git, http
from mltool.commands import publish
from mltool.config import Config
from mltool.errors import OutsideError, RefusedError, UserError
from mltool.forges.github_releases import Releases
from mltool.forges.session import Session
from support import github, released, releases
from support.repos import Repo
from support.said import Said, mltool

pytestmark = pytest.mark.slow

TAR = "delay-1.0.0.tar"


def silent(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the versions 1.0.0 and 1.1.0 registered and packaged; not to be written to."""
    folder = tmp_path_factory.mktemp("shelf") / "project"
    repo = released.create(folder)
    for version, strength in (("1.0.0", 1.0), ("1.1.0", 2.0)):
        if strength != 1.0:
            released.train_again(repo, strength=strength)
        for words in (
            ("register", "delay", version, "--no-push"),
            ("release", "package", "delay", version, "--no-replay"),
        ):
            said = mltool(folder, *words)
            assert said.code == 0, said.err
    return folder


@dataclass(frozen=True)
class Copy:
    """A project of one test's own."""

    folder: Path

    @property
    def project(self) -> git.Project:
        return git.find(self.folder)

    @property
    def config(self) -> Config:
        return configuration.load(disk.read(self.folder, (configuration.FILE,)))

    @property
    def store(self) -> Path:
        return self.folder / "dist" / "releases"

    def digest(self, version: str = "1.0.0") -> str:
        event = publish.registered(self.project, "delay", version)
        assert event
        return event.manifest

    def publish(self, version: str = "1.0.0", **more: object) -> publish.Published:
        return publish.publish(self.project, "delay", version, say=silent, **more)  # type: ignore[arg-type]

    def fetch(self, home: Path, version: str = "1.0.0", digest: str = "") -> Path:
        place = {"XDG_CACHE_HOME": str(home)}
        return publish.fetch(self.project, self.config, "delay", version, digest or self.digest(version), environ=place)


@pytest.fixture
def copy(shelf: Path, tmp_path: Path) -> Copy:
    shutil.copytree(shelf, tmp_path / "project", symlinks=True)
    return Copy(tmp_path / "project")


def test_a_published_bundle_is_fetched_by_its_digest(copy: Copy, tmp_path: Path) -> None:
    assert copy.publish().changed
    assert sorted(path.name for path in (copy.store / "delay@v1.0.0").iterdir()) == [
        "CARD.md", "NOTES.md", "SHA256SUMS", "bom.json", TAR, "release.json",
    ]  # fmt: skip
    place = copy.fetch(tmp_path / "cache")
    assert place == tmp_path / "cache" / "mltool" / "bundles" / f"{copy.digest().removeprefix('sha256:')}.tar"
    assert place.read_bytes() == (copy.folder / "dist" / TAR).read_bytes()


def test_the_second_time_it_says_that_there_was_nothing_to_do(copy: Copy) -> None:
    first = mltool(copy.folder, "release", "publish", "delay", "v1.0.0")
    assert (first.code, first.out.count("upload ")) == (0, 5)
    second = mltool(copy.folder, "release", "publish", "delay", "1.0.0", "--json")
    assert second.json["changed"] is False
    assert second.json["steps"] == ["verify", "tell"]
    assert "nothing had to be done: 5 files were downloaded again" in second.err


def test_a_rehearsal_leaves_nothing_and_publishes_nothing(copy: Copy) -> None:
    said = mltool(copy.folder, "release", "publish", "delay", "1.0.0", "--rehearse", "--json")
    assert (said.code, said.json["rehearsed"], said.json["changed"]) == (0, True, False)
    assert [path for path in copy.store.rglob("*") if path.is_file()] == []


def test_a_version_that_is_not_registered_is_rehearsed_and_not_published(copy: Copy) -> None:
    Repo(copy.folder).git("tag", "--delete", "delay@v1.1.0")
    Repo(copy.folder).git("update-ref", "-d", "refs/mltool/ledger/delay")
    with pytest.raises(UserError, match=r"delay 1\.1\.0 is not registered\. Run `mltool register delay 1\.1\.0`"):
        copy.publish("1.1.0")
    assert copy.publish("1.1.0", rehearse=True).rehearsed
    assert not (copy.store / "delay@v1.1.0").exists()


def test_a_tag_of_gto_has_no_release_to_compare_with(copy: Copy) -> None:
    Repo(copy.folder).git("tag", "-m", "gto", "delay@v2.0.0")
    with pytest.raises(UserError, match=r"delay@v2\.0\.0 names no release"):
        copy.publish("2.0.0")


def test_another_bundle_than_the_one_that_was_registered_is_refused(copy: Copy, tmp_path: Path) -> None:
    other = tmp_path / TAR
    shutil.copy(copy.folder / "dist" / "delay-1.1.0.tar", other)
    with pytest.raises(RefusedError, match="It is another release"):
        copy.publish(bundle=other)
    with pytest.raises(UserError, match=r"There is no .*delay-9\.9\.9\.tar"):
        copy.publish("9.9.9", rehearse=True)
    with pytest.raises(UserError, match=r"delay-1\.1\.0\.tar is delay 1\.1\.0, not delay 9\.9\.9"):
        copy.publish("9.9.9", rehearse=True, bundle=copy.folder / "dist" / "delay-1.1.0.tar")
    named = tmp_path / "mine.tar"
    shutil.copy(copy.folder / "dist" / TAR, named)
    with pytest.raises(UserError, match=r"is called mine\.tar; it has to be published as delay-1\.0\.0\.tar"):
        copy.publish(bundle=named)


def test_a_bundle_that_was_changed_is_refused_before_anything_is_written(copy: Copy) -> None:
    tar = copy.folder / "dist" / TAR
    content = bytearray(tar.read_bytes())
    at = content.find(b"Trained on three carriers")
    content[at : at + 7] = b"Perfect"
    tar.write_bytes(content)
    said = mltool(copy.folder, "release", "publish", "delay", "1.0.0")
    assert said.code == 1
    assert "refused" in said.err
    assert not copy.store.exists()


def test_a_published_bundle_that_was_swapped_is_not_fetched(copy: Copy, tmp_path: Path) -> None:
    copy.publish()
    shutil.copy(copy.folder / "dist" / "delay-1.1.0.tar", copy.store / "delay@v1.0.0" / TAR)
    with pytest.raises(RefusedError, match="It is another release"):
        copy.fetch(tmp_path / "cache")
    assert list((tmp_path / "cache").rglob("*.tar")) == []
    with pytest.raises(UserError, match=r"has another delay-1\.0\.0\.tar than this bundle"):
        copy.publish()


def test_what_is_not_published_is_not_fetched(copy: Copy, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"delay@v1\.0\.0 is not published in .*Run `mltool release publish`"):
        copy.fetch(tmp_path / "cache")


def test_a_store_without_its_token_or_its_library_is_said(copy: Copy) -> None:
    with (copy.folder / "mltool.toml").open("a") as file:
        file.write('\n[release]\nstore = "github"\n')
    said = mltool(copy.folder, "release", "publish", "delay", "1.0.0")
    assert said.code == 2
    assert "there is no token or no repository for it" in said.err


@pytest.fixture
def hub() -> Iterator[releases.Releases]:
    with releases.Releases(github.shared_emulator()) as proxy:
        yield proxy


@dataclass(frozen=True)
class OnGithub:
    """The project with its releases on GitHub."""

    copy: Copy
    hub: releases.Releases
    repository: str

    @property
    def environ(self) -> dict[str, str]:
        return {
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_TOKEN": github.ADMIN,
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_STEP_SUMMARY": str(self.copy.folder.parent / "summary"),
        }

    def publish(self, *words: str) -> Said:
        return mltool(self.copy.folder, "release", "publish", "delay", "1.0.0", *words, **self.environ)


@pytest.fixture
def online(copy: Copy, hub: releases.Releases) -> OnGithub:
    with (copy.folder / "mltool.toml").open("a") as file:
        file.write('\n[release]\nstore = "github"\n')
    api = github.repository(hub.upstream)
    tip = api.get("/git/ref/heads/main")["object"]["sha"]
    api.post("/git/refs", {"ref": "refs/tags/delay@v1.0.0", "sha": tip})
    return OnGithub(copy, hub, api.repository)


def test_a_release_on_github_has_notes_files_and_a_line_in_the_summary(online: OnGithub, tmp_path: Path) -> None:
    said = online.publish()
    assert said.code == 0, said.err
    (begun,) = online.hub.asked("POST", "/releases$")
    assert begun.json()["draft"] is True
    assert "The gates pass." in begun.json()["body"]
    assert begun.json()["name"] == "delay 1.0.0"
    assert online.hub.bytes_of(TAR) == [(online.copy.folder / "dist" / TAR).read_bytes()]
    assert "is published" in (online.copy.folder.parent / "summary").read_text()
    environ = online.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    place = publish.fetch(
        online.copy.project, online.copy.config, "delay", "1.0.0", online.copy.digest(), environ=environ
    )
    assert place.read_bytes() == online.hub.bytes_of(TAR)[0]


@pytest.mark.parametrize("uploads", [1, 3])
def test_a_job_that_was_killed_in_an_upload_is_finished_by_the_next(online: OnGithub, uploads: int) -> None:
    command = [sys.executable, "-m", "mltool", "release", "publish", "delay", "1.0.0"]
    # The bytes arrive, the answer does not.
    online.hub.fail("POST", rf"/assets\?name={_name(uploads)}", after=True, silent=60.0, times=1)
    job = subprocess.Popen(
        command, cwd=online.copy.folder, env=os.environ | online.environ, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 60
    while len(online.hub.asked("POST", "/assets")) < uploads:
        assert time.monotonic() < until
        time.sleep(0.02)
    job.send_signal(signal.SIGKILL)
    job.wait()
    said = online.publish()
    assert said.code == 0, said.err
    assert "is published: 5 files were downloaded again" in said.out
    assert len(online.hub.asked("POST", "/releases$")) == 1
    assert online.publish().out.count("nothing had to be done") == 1


def _name(number: int) -> str:
    return (TAR, "release.json", "SHA256SUMS")[number - 1]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/releases", 401, 2),
        ("POST", "/releases$", 403, 2),
        ("POST", "/assets", 500, 4),
        ("GET", "/assets/", 503, 4),
        ("PATCH", "/releases/", 404, 2),
    ],
)
def test_what_github_refuses_is_a_sentence_and_the_next_run_goes_on(
    online: OnGithub, method: str, path: str, status: int, code: int
) -> None:
    # GitHub says how long to wait, so that nobody does here.
    headers = {"Retry-After": "0"} if status >= 500 else {}
    online.hub.fail(method, path, status=status, body=github.refusal(), headers=headers)
    said = online.publish()
    assert (said.code, said.err.count("\n") <= 2) == (code, True), said.err
    assert "published:" not in said.out
    online.hub.faults.clear()
    assert online.publish().code == 0


def test_a_github_that_is_down_is_named(online: OnGithub) -> None:
    nowhere = f"http://127.0.0.1:{github.free_port()}"
    session = Session(base=nowhere, token=http.Secret("x"), send=http.connect(nowhere), sleep=lambda seconds: None)
    store = Releases(session=session, repository=online.repository)
    with pytest.raises(OutsideError, match=r"No connection to 127\.0\.0\.1"):
        online.copy.publish(store=store)
