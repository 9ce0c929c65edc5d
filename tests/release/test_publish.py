"""What is left to do until a release is published, for every state a store can be in."""

from dataclasses import replace

import pytest

from mltool.errors import UserError
from mltool.release.publish import Asset, File, Found, steps

TAG = "delay@v1.3.0"
TAR, SUMS = File(name="delay-1.3.0.tar", size=10, sha256="a" * 64), File(name="SHA256SUMS", size=3, sha256="b" * 64)
WANTED = (TAR, SUMS)


def asset(file: File, **changes: object) -> Asset:
    there = Asset(id=file.name, name=file.name, size=file.size, sha256=file.sha256)
    return replace(there, **changes)  # type: ignore[arg-type]


def draft(*assets: Asset) -> Found:
    return Found(id="1", tag=TAG, draft=True, assets=assets)


def published(*assets: Asset) -> Found:
    return Found(id="1", tag=TAG, draft=False, assets=assets)


def told(*found: Found) -> list[str]:
    return [str(step) for step in steps(TAG, WANTED, found)]


def test_from_nothing_every_step_is_taken() -> None:
    assert told() == ["draft", "upload delay-1.3.0.tar", "upload SHA256SUMS", "verify", "publish", "tell"]


def test_a_draft_is_gone_on_with() -> None:
    assert told(draft()) == ["upload delay-1.3.0.tar", "upload SHA256SUMS", "verify", "publish", "tell"]
    assert told(draft(asset(TAR))) == ["upload SHA256SUMS", "verify", "publish", "tell"]
    assert told(draft(asset(SUMS), asset(TAR, sha256=""))) == ["verify", "publish", "tell"]


@pytest.mark.parametrize("half", [{"whole": False}, {"size": 7}, {"whole": False, "sha256": "c" * 64}])
def test_half_a_file_is_taken_out_of_a_draft_and_sent_again(half: dict[str, object]) -> None:
    assert told(draft(asset(TAR, **half), asset(SUMS))) == [
        "discard delay-1.3.0.tar (only a part of it arrived)",
        "upload delay-1.3.0.tar",
        "verify",
        "publish",
        "tell",
    ]


def test_what_is_published_is_verified_and_told_and_nothing_else() -> None:
    assert told(published(asset(TAR), asset(SUMS))) == ["verify", "tell"]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ((draft(), draft()), "2 releases of delay@v1.3.0: a draft and a draft"),
        ((published(asset(TAR), asset(SUMS)), draft()), "a published release and a draft"),
        ((draft(asset(TAR, sha256="c" * 64)),), "The draft of delay@v1.3.0 has another delay-1.3.0.tar"),
        ((draft(asset(TAR, name="evil.exe")),), "files that are not of this bundle: evil.exe"),
        ((published(asset(TAR, sha256="c" * 64), asset(SUMS)),), "published release .* has another delay-1.3.0.tar"),
        ((published(asset(TAR, size=11), asset(SUMS)),), "published release .* has another delay-1.3.0.tar"),
        ((published(asset(TAR, whole=False), asset(SUMS)),), "published release .* has another delay-1.3.0.tar"),
        ((published(asset(TAR)),), "published release of delay@v1.3.0 lacks SHA256SUMS"),
        ((published(asset(TAR), asset(SUMS), asset(TAR, name="more")),), "files that are not of this bundle: more"),
    ],
)
def test_what_we_did_not_put_there_stops_us(found: tuple[Found, ...], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        steps(TAG, WANTED, found)
