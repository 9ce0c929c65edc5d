"""What goes wrong in a store is one sentence, leaves nothing half-published, and the next run finishes it."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mltool.commands import parcel
from mltool.errors import OutsideError, UserError
from mltool.stores.directory import Directory
from mltool.stores.s3 import Bucket, connect
from support import github
from support.publishing import TAG


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow beyond 100 bytes: the nearest thing to a full disk that a test can have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_half_a_file_that_is_known_as_half(tmp_path: Path, file: Path) -> None:
    store = Directory(tmp_path / "store")
    draft = store.draft(TAG, title="", notes="")
    with full_disk(), pytest.raises(OutsideError, match=r"store failed: File too large"):
        store.upload(draft, file)
    (asset,) = store.find(TAG)[0].assets
    assert (asset.name, asset.whole) == (file.name, False)


def test_a_full_disk_leaves_no_half_of_a_bundle_in_the_cache(tmp_path: Path, file: Path) -> None:
    store = Directory(tmp_path / "store")
    draft = store.draft(TAG, title="", notes="")
    store.upload(draft, file)
    store.publish(draft)
    home = tmp_path / "cache"
    with full_disk(), pytest.raises(OutsideError, match="File too large"):
        parcel.fetch(store, tag=TAG, digest="sha256:" + "a" * 64, check=lambda copy: None, home=home)
    assert list(home.iterdir()) == []


def test_a_directory_that_is_a_file_is_named(tmp_path: Path, file: Path) -> None:
    with pytest.raises(UserError, match="Cannot write"):
        Directory(file).draft(TAG, title="", notes="")
    (tmp_path / "store").mkdir()
    assert Directory(tmp_path / "store").find(TAG) == ()


def test_the_second_to_publish_the_same_directory_is_told(tmp_path: Path) -> None:
    store = Directory(tmp_path)
    draft = store.draft(TAG, title="", notes="")
    (tmp_path / TAG).mkdir()
    with pytest.raises(UserError, match="published by somebody else just now"):
        store.publish(draft)


def test_a_model_in_a_folder_is_one_folder(tmp_path: Path) -> None:
    store = Directory(tmp_path)
    store.publish(store.draft("team/../churn@v1.0.0", title="", notes=""))
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["team%2F..%2Fchurn@v1.0.0"]


@pytest.mark.slow
def test_the_second_to_publish_the_same_in_a_bucket_is_told(bucket: Bucket, file: Path) -> None:
    draft = bucket.draft(TAG, title="", notes="")
    bucket.publish(draft)
    with pytest.raises(UserError, match="published by somebody else just now"):
        bucket.publish(draft)
    for late in (lambda: bucket.remove(draft), lambda: bucket.upload(draft, file)):
        with pytest.raises(UserError, match="published by another run just now"):
            late()


@pytest.mark.slow
def test_a_bucket_that_is_not_there_or_not_ours_is_named(bucket: Bucket) -> None:
    with pytest.raises(UserError, match=r"s3://nowhere-to-be-found/x refused us: NoSuchBucket"):
        connect("s3://nowhere-to-be-found/x").find(TAG)


@pytest.mark.slow
def test_an_object_store_that_is_down_is_named(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{github.free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(OutsideError, match=r"s3://somewhere is out of reach"):
        connect("s3://somewhere").find(TAG)


@pytest.mark.parametrize("place", ["", "s3://", "bucket/x", "https://bucket"])
def test_an_address_that_is_no_bucket_is_refused(place: str) -> None:
    with pytest.raises(UserError, match="write s3://bucket/prefix"):
        connect(place)
