"""What GitHub does wrong to a release in the making is waited for, finished by the next run, or one sentence."""

from pathlib import Path

import pytest

from mltool.errors import UserError
from mltool.http import MaybeSentError
from support import github, releases
from support.publishing import TAG, on_github

pytestmark = pytest.mark.slow


def test_the_token_stays_behind_where_the_bytes_are(hub: releases.Releases, file: Path, tmp_path: Path) -> None:
    store = on_github(hub)
    store.upload(store.draft(TAG, title="", notes=""), file)
    store.download(store.find(TAG)[0].assets[0], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()
    assert len(hub.stored) == 1
    assert "Authorization" not in hub.stored[0]


def test_half_an_upload_is_deleted_and_the_file_is_sent_again(hub: releases.Releases, file: Path) -> None:
    store = on_github(hub)
    draft = store.draft(TAG, title="", notes="")
    hub.cut = 1
    hub.fail("POST", "/assets", after=True, silent=0.0, times=1)
    store.upload(draft, file)
    assert len(hub.bytes_of(file.name)) == 2
    (asset,) = store.find(TAG)[0].assets
    assert (asset.whole, asset.size) == (True, 10_000)


def test_an_upload_whose_answer_was_lost_is_not_sent_twice(hub: releases.Releases, file: Path) -> None:
    store = on_github(hub)
    draft = store.draft(TAG, title="", notes="")
    hub.fail("POST", "/assets", after=True, silent=0.0, times=1)
    store.upload(draft, file)
    assert len(hub.bytes_of(file.name)) == 1


def test_uploads_that_break_again_and_again_stop(hub: releases.Releases, file: Path) -> None:
    store = on_github(hub)
    draft = store.draft(TAG, title="", notes="")
    hub.cut = 2
    hub.fail("POST", "/assets", after=True, silent=0.0, times=2)
    with pytest.raises(MaybeSentError, match="broke in the middle"):
        store.upload(draft, file)
    (asset,) = store.find(TAG)[0].assets
    assert not asset.whole


def test_a_draft_whose_answer_was_lost_is_not_begun_twice(hub: releases.Releases) -> None:
    store = on_github(hub)
    hub.fail("POST", "/releases$", after=True, silent=0.0, times=1)
    assert store.draft(TAG, title="", notes="").draft
    assert len(store.find(TAG)) == 1


def test_github_in_trouble_for_a_moment_is_waited_for(hub: releases.Releases, file: Path) -> None:
    store = on_github(hub)
    hub.fail("GET", "/releases", status=502, times=2)
    hub.fail("POST", "/assets", status=502, times=1)
    hub.fail("PATCH", "/releases", status=429, headers={"Retry-After": "1"}, times=2)
    draft = store.draft(TAG, title="", notes="")
    store.upload(draft, file)
    assert not store.publish(draft).draft


@pytest.mark.parametrize("act", ["find", "draft", "upload", "publish"])
@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_not_is_told_what_it_needs(hub: releases.Releases, file: Path, act: str, status: int) -> None:
    store = on_github(hub)
    draft = store.draft(TAG, title="", notes="")
    for method, path in (("GET", r"/releases\?"), ("POST", "/releases"), ("PATCH", "/releases")):
        hub.fail(method, path, status=status, body=github.refusal())
    acts = {
        "find": lambda: store.find(TAG),
        "draft": lambda: store.draft(TAG, title="", notes=""),
        "upload": lambda: store.upload(draft, file),
        "publish": lambda: store.publish(draft),
    }
    with pytest.raises(UserError, match=r"GitHub refused .* on admin/.* `contents: write`"):
        acts[act]()


def test_a_wrong_token_is_named_and_not_shown(hub: releases.Releases) -> None:
    store = on_github(hub, token="ghp_wrong")
    hub.fail("GET", "/releases", status=401, body=b'{"message": "Bad credentials ghp_wrong"}')
    with pytest.raises(UserError, match="does not accept the token: Bad credentials …") as caught:
        store.find(TAG)
    assert "ghp_wrong" not in str(caught.value)


def test_a_release_that_another_run_published_is_not_touched(hub: releases.Releases, file: Path) -> None:
    store = on_github(hub)
    draft = store.draft(TAG, title="", notes="")
    store.upload(draft, file)
    store.publish(draft)
    writes = len([call for call in hub.calls if call.method != "GET"])
    (asset,) = store.find(TAG)[0].assets
    for act in (lambda: store.upload(draft, file), lambda: store.discard(draft, asset), lambda: store.remove(draft)):
        with pytest.raises(UserError, match="published by another run just now"):
            act()
    assert not store.publish(draft).draft
    assert len([call for call in hub.calls if call.method != "GET"]) == writes


def test_a_tag_that_github_lacks_is_not_made_by_publishing(hub: releases.Releases) -> None:
    store = on_github(hub)
    draft = store.draft("delay@v9.9.9", title="", notes="")
    with pytest.raises(UserError, match=r"GitHub has no tag delay@v9.9.9. Run `git push origin delay@v9.9.9`"):
        store.publish(draft)
    assert not hub.asked("PATCH")


def test_two_at_once_are_told_apart(hub: releases.Releases, file: Path) -> None:
    store = on_github(hub)
    draft = store.draft(TAG, title="", notes="")
    store.upload(draft, file)
    with pytest.raises(UserError, match=r"it is there already\. Another run is at work"):
        store.upload(draft, file)


def test_a_name_that_github_would_change_is_found_by_its_label(hub: releases.Releases, file: Path) -> None:
    store = on_github(hub)
    odd = file.rename(file.with_name("team=delay 1.tar"))
    store.upload(store.draft(TAG, title="", notes=""), odd)
    assert store.find(TAG)[0].asset("team=delay 1.tar")
    assert "name=team.delay.1.tar&label=team%3Ddelay+1.tar" in hub.asked("POST", "/assets")[0].path


def test_a_candidate_is_marked_as_one(hub: releases.Releases) -> None:
    store = on_github(hub)
    store.draft("delay@v1.3.0-rc.1", title="", notes="")
    store.draft("de-lay@v1.3.0", title="", notes="")
    assert [call.json()["prerelease"] for call in hub.asked("POST", "/releases")] == [True, False]


def test_a_file_that_github_would_not_take_is_not_sent(hub: releases.Releases, tmp_path: Path) -> None:
    store = on_github(hub)
    draft = store.draft(TAG, title="", notes="")
    huge = tmp_path / "huge.tar"
    with huge.open("wb") as sparse:
        sparse.truncate(2 * 2**30)
    with pytest.raises(UserError, match=r"huge\.tar is larger than GitHub takes \(2 GiB\)"):
        store.upload(draft, huge)
    assert not hub.asked("POST", "/assets")
