"""The same steps in every kind of store: killed anywhere and run again, they end in the same place."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mltool.commands import parcel
from mltool.commands.parcel import Parcel
from mltool.errors import OutsideError, RefusedError, UserError
from mltool.release.publish import Asset, Found
from mltool.stores.store import Store
from support.publishing import TAG, KilledError, Mortal

Meddle = Callable[..., None]

NAMES = ("delay-1.3.0.tar", "release.json", "SHA256SUMS")


@pytest.fixture
def goods(tmp_path: Path) -> Parcel:
    folder = tmp_path / "goods"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(f"{name}\n".encode() * (1000 + number))
    return Parcel(
        tag=TAG,
        title="delay 1.3.0",
        notes="It is *good*.",
        digest="sha256:" + "a" * 64,
        files=tuple(folder / name for name in NAMES),
        bundle=NAMES[0],
        check=lambda copy: None,
    )


def silent(line: str) -> None:
    pass


def state(store: Store, tmp_path: Path, tag: str = TAG) -> list[tuple[bool, dict[str, str]]]:
    """Return what a stranger finds: every release of the tag with the digests of what can be downloaded."""
    found = []
    for number, release in enumerate(store.find(tag)):
        digests = {}
        for asset in release.assets:
            copy = tmp_path / f"seen{number}"
            store.download(asset, copy)
            digests[asset.name] = hashlib.sha256(copy.read_bytes()).hexdigest()
        found.append((release.draft, digests))
    return found


def whole(goods: Parcel) -> list[tuple[bool, dict[str, str]]]:
    return [(False, {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in goods.files})]


def test_a_release_is_published_with_the_bytes_that_were_given(store: Store, goods: Parcel, tmp_path: Path) -> None:
    said: list[str] = []
    done = parcel.publish(goods, store, say=said.append)
    assert done.changed
    assert [step.act for step in done.steps] == ["draft", "upload", "upload", "upload", "verify", "publish", "tell"]
    assert state(store, tmp_path) == whole(goods)
    assert said[-1].startswith(f"{TAG} is published: 3 files were downloaded again and are the same.")
    assert done.url in said[-1]


@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
@pytest.mark.parametrize("dies_at", range(1, 6))
def test_killed_at_any_step_and_run_again_it_ends_in_the_same_place(
    store: Store, goods: Parcel, tmp_path: Path, *, dies_at: int, before: bool
) -> None:
    mortal = Mortal(store, dies_at, before=before)
    with pytest.raises(KilledError):
        parcel.publish(goods, mortal, say=silent)
    assert len(mortal.wrote) == dies_at - before
    again = Mortal(store, dies_at=0)
    done = parcel.publish(goods, again, say=silent)
    assert len(mortal.wrote) + len(again.wrote) == 5, "a step was taken twice"
    assert done.changed == bool(again.wrote)
    assert state(store, tmp_path) == whole(goods)


def test_a_second_run_writes_nothing_says_so_and_downloads_all_of_it(store: Store, goods: Parcel) -> None:
    parcel.publish(goods, store, say=silent)
    checked: list[bytes] = []
    said: list[str] = []
    mortal = Mortal(store, dies_at=1)
    watched = replace(goods, check=lambda copy: checked.append(copy.read_bytes()))
    done = parcel.publish(watched, mortal, say=said.append)
    assert not done.changed
    assert [step.act for step in done.steps] == ["verify", "tell"]
    assert checked == [goods.files[0].read_bytes()]
    assert "was published before, and nothing had to be done: 3 files were downloaded again" in said[-1]


def test_other_bytes_under_a_published_version_are_refused(store: Store, goods: Parcel, tmp_path: Path) -> None:
    parcel.publish(goods, store, say=silent)
    published = state(store, tmp_path)
    goods.files[0].write_bytes(b"another build")
    with pytest.raises(UserError, match=r"published release of delay@v1.3.0 has another delay-1.3.0.tar"):
        parcel.publish(goods, Mortal(store, dies_at=1), say=silent)
    assert state(store, tmp_path) == published


def test_other_bytes_in_a_draft_are_refused(store: Store, goods: Parcel) -> None:
    with pytest.raises(KilledError):
        parcel.publish(goods, Mortal(store, dies_at=2), say=silent)
    content = goods.files[0].read_bytes()
    goods.files[0].write_bytes(content[::-1])
    with pytest.raises(UserError, match=r"draft of delay@v1.3.0 has another delay-1.3.0.tar"):
        parcel.publish(goods, Mortal(store, dies_at=1), say=silent)


def test_a_copy_that_is_not_the_release_is_not_published(store: Store, goods: Parcel, tmp_path: Path) -> None:
    def refuse(copy: Path) -> None:
        raise RefusedError("It is another release.")

    with pytest.raises(RefusedError):
        parcel.publish(replace(goods, check=refuse), store, say=silent)
    assert [draft for draft, _ in state(store, tmp_path)] == [True]


class Meddled:
    """A store in which somebody else is at work: `before` runs before an act, `after` after it."""

    def __init__(self, store: Store, act: str, *, before: Meddle | None = None, after: Meddle | None = None) -> None:
        self._store, self._act, self._before, self._after = store, act, before, after

    def __getattr__(self, name: str) -> object:
        real = getattr(self._store, name)
        if name != self._act:
            return real

        def meddled(*args: object) -> object:
            if self._before:
                self._before(*args)
            answer = real(*args)
            if self._after:
                self._after(*args)
            return answer

        return meddled


def test_bytes_that_come_back_changed_are_not_published(store: Store, goods: Parcel, tmp_path: Path) -> None:
    def spoil(asset: Asset, to: Path) -> None:
        to.write_bytes(to.read_bytes()[:-1] + b"?")

    meddled = Meddled(store, "download", after=spoil)
    with pytest.raises(
        OutsideError, match=r"gives back another delay-1\.3\.0\.tar than it was given\. Delete the draft"
    ):
        parcel.publish(goods, meddled, say=silent)  # type: ignore[arg-type]
    assert [draft for draft, _ in state(store, tmp_path)] == [True]
    parcel.publish(goods, store, say=silent)
    with pytest.raises(OutsideError, match="find out who changed it before anybody uses it"):
        parcel.publish(goods, meddled, say=silent)  # type: ignore[arg-type]


def test_a_draft_that_somebody_changes_at_the_last_moment_is_not_called_published(store: Store, goods: Parcel) -> None:
    def add(release: Found) -> None:
        extra = goods.files[0].with_name("extra.tar")
        extra.write_bytes(b"x")
        store.upload(release, extra)

    with pytest.raises(UserError, match=r"files that are not of this bundle: extra\.tar"):
        parcel.publish(goods, Meddled(store, "publish", before=add), say=silent)  # type: ignore[arg-type]


def test_a_draft_that_somebody_deletes_is_named(store: Store, goods: Parcel) -> None:
    with pytest.raises((OutsideError, UserError), match=TAG):
        parcel.publish(goods, Meddled(store, "publish", before=store.remove), say=silent)  # type: ignore[arg-type]


def test_a_rehearsal_does_all_but_publish_and_leaves_nothing(store: Store, goods: Parcel, tmp_path: Path) -> None:
    mortal = Mortal(store, dies_at=0)
    done = parcel.rehearse(goods, mortal, say=silent)
    assert done.rehearsed
    assert not done.changed
    assert mortal.wrote == ["draft", "upload", "upload", "upload", "remove"]
    assert state(store, tmp_path) == []
    assert state(store, tmp_path, f"rehearsal/{TAG}") == []


@pytest.mark.parametrize("dies_at", range(1, 5))
def test_what_a_killed_rehearsal_left_is_removed_by_the_next(
    store: Store, goods: Parcel, tmp_path: Path, dies_at: int
) -> None:
    for left in _left_by_a_killed_rehearsal(store, goods, dies_at):
        assert left.draft
    parcel.rehearse(goods, store, say=silent)
    assert state(store, tmp_path, f"rehearsal/{TAG}") == []


def _left_by_a_killed_rehearsal(store: Store, goods: Parcel, dies_at: int) -> tuple[Found, ...]:
    tag = f"rehearsal/{TAG}"
    release = store.draft(tag, title="", notes="")
    for path in goods.files[: dies_at - 1]:
        store.upload(release, path)
    return store.find(tag)


def test_a_rehearsal_fails_where_publishing_would(store: Store, goods: Parcel, tmp_path: Path) -> None:
    parcel.publish(goods, store, say=silent)
    goods.files[1].write_bytes(b"{}")
    with pytest.raises(UserError, match=r"has another release\.json"):
        parcel.rehearse(goods, store, say=silent)
    assert state(store, tmp_path, f"rehearsal/{TAG}") == []


def test_a_published_bundle_is_fetched_once_and_checked_always(store: Store, goods: Parcel, tmp_path: Path) -> None:
    parcel.publish(goods, store, say=silent)
    get = _fetcher(store, goods, tmp_path / "cache")
    place = get()
    assert place.read_bytes() == goods.files[0].read_bytes()
    assert _fetcher(_Unreachable(), goods, tmp_path / "cache")() == place


def test_a_copy_in_the_cache_that_went_bad_is_fetched_again(store: Store, goods: Parcel, tmp_path: Path) -> None:
    parcel.publish(goods, store, say=silent)
    get = _fetcher(store, goods, tmp_path / "cache")
    get().write_bytes(b"rotten")
    assert get().read_bytes() == goods.files[0].read_bytes()


def test_a_draft_is_not_fetched(store: Store, goods: Parcel, tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        parcel.publish(goods, Mortal(store, dies_at=4), say=silent)
    with pytest.raises(UserError, match=r"delay@v1.3.0 is not published in "):
        _fetcher(store, goods, tmp_path / "cache")()
    assert not list((tmp_path / "cache").glob("*"))


def test_a_fetched_bundle_that_is_refused_is_not_kept(store: Store, goods: Parcel, tmp_path: Path) -> None:
    parcel.publish(goods, store, say=silent)
    get = _fetcher(store, replace(goods, files=(goods.files[1],)), tmp_path / "cache")
    with pytest.raises(RefusedError):
        get()
    assert not list((tmp_path / "cache").glob("**/*.tar"))


class _Unreachable:
    name = "a store that is down"

    def __getattr__(self, name: str) -> object:
        raise OutsideError("The store is down.")


def _fetcher(store: object, goods: Parcel, home: Path) -> Callable[[], Path]:
    def check(copy: Path) -> None:
        if copy.read_bytes() != goods.files[0].read_bytes():
            raise RefusedError("It is another release.")

    return lambda: parcel.fetch(store, tag=TAG, digest=goods.digest, check=check, home=home)  # type: ignore[arg-type]
