"""Tags in GTO's grammar."""

import itertools

import pytest

from mltool.registry.tag import live, parse, version_at


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("delay@v1.2.3", ("delay", "1.2.3", "", -1, False)),
        ("delay@v1.2.3#4", ("delay", "1.2.3", "", 4, False)),
        ("delay@v1.2.3!", ("delay", "1.2.3", "", -1, True)),
        ("sub=delay@v1.0.0-rc.1", ("sub=delay", "1.0.0-rc.1", "", -1, False)),
        ("delay#prod#3", ("delay", "", "prod", 3, False)),
        ("delay#prod", ("delay", "", "prod", -1, False)),
        ("delay#dev!#3", ("delay", "", "dev", 3, True)),
    ],
)
def test_the_forms_found_in_the_wild_are_understood(name: str, fields: tuple[str, str, str, int, bool]) -> None:
    tag = parse(name, "c0")
    assert tag is not None
    assert (tag.model, tag.version, tag.stage, tag.sequence, tag.off) == fields


@pytest.mark.parametrize("name", ["v1.2.3", "release/1.0", "delay@1.0.0", "delay@v1", "", "@v1.0.0", "a#b#c#d"])
def test_other_tags_are_none_of_ours(name: str) -> None:
    assert parse(name, "c0") is None


def test_the_last_promotion_by_sequence_is_live_whatever_the_order_of_tags() -> None:
    tags = [("m#prod#10", "c10"), ("m#prod#9", "c9"), ("m@v2.0.0", "c10"), ("m@v9.0.0", "c11")]
    (tag,) = live(tags)
    assert tag.commit == "c10"
    assert version_at(tag, tags) == "v2.0.0"


def test_without_a_promotion_the_highest_version_is_live() -> None:
    (tag,) = live([("m@v1.10.0", "b"), ("m@v1.9.0", "a"), ("m@v2.0.0-rc1", "c"), ("m@v2.0.0-rc1!", "c")])
    assert tag.version == "1.10.0"


def test_a_model_taken_out_of_production_is_not_live() -> None:
    assert live([("m#prod#1", "a"), ("m#prod!#2", "a"), ("m@v1.0.0", "a")]) == ()


def test_a_promoted_commit_without_a_version_goes_by_its_tag() -> None:
    tags = [("m#production#1", "a")]
    assert version_at(live(tags)[0], tags) == "m#production#1"


def test_the_tenth_candidate_is_newer_than_the_ninth_and_older_than_the_release() -> None:
    order = ["1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0-rc.9", "1.0.0-rc.10", "1.0.0", "1.0.10"]
    for lower, higher in itertools.pairwise(order):
        (found,) = live([(f"m@v{higher}", "b"), (f"m@v{lower}", "a")])
        assert found.version == higher


@pytest.mark.parametrize("name", ["m@v1.2." + "9" * 5000, "m#prod#" + "1" * 5000, "m@v1.2.٣"])
def test_numbers_that_no_release_has_are_none_of_ours(name: str) -> None:
    assert parse(name, "c0") is None
