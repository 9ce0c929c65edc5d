"""Which version a commit becomes."""

import pytest

from mltool.errors import UserError
from mltool.registry import ledger
from mltool.registry.model import Event, EventKind, ModelState, TagObject
from mltool.release import version

NEW = ModelState(name="delay")


def state(*events: tuple[EventKind, str, str]) -> ModelState:
    """Return a model with these events: kind, version, commit."""
    return ledger.state(
        "delay",
        tuple(
            Event(
                kind=kind,
                model="delay",
                version=number,
                stage="prod" if kind in ("promote", "rollback", "demote") else "",
                tag=TagObject(name=f"t{at}", object=f"o{at}", commit=commit, annotated=True),
                chained=True,
            )
            for at, (kind, number, commit) in enumerate(events)
        ),
    )


KNOWN = state(("register", "1.2.0", "c1"), ("register", "1.3.0", "c2"), ("promote", "1.3.0", "c2"))


def test_a_first_version_is_proposed_and_said_to_be_one() -> None:
    found = version.choose(NEW)
    assert (found.version, found.registered) == ("0.1.0", None)
    assert "first version" in found.why


@pytest.mark.parametrize(("part", "wanted"), [("major", "1.0.0"), ("minor", "0.1.0"), ("patch", "0.0.1")])
def test_a_first_version_can_be_of_any_kind(part: version.Part, wanted: str) -> None:
    assert version.choose(NEW, part=part).version == wanted


@pytest.mark.parametrize(
    ("part", "wanted"), [(None, "1.3.1"), ("patch", "1.3.1"), ("minor", "1.4.0"), ("major", "2.0.0")]
)
def test_the_next_version_counts_on_from_the_highest(part: version.Part | None, wanted: str) -> None:
    assert version.choose(KNOWN, part=part).version == wanted


def test_a_commit_that_has_a_version_is_that_version_unless_another_is_asked_for() -> None:
    assert version.choose(KNOWN, commit="c1").version == "1.2.0"
    assert version.choose(KNOWN, commit="c1", part="minor").version == "1.4.0"
    assert version.choose(KNOWN, commit="c1", version="9.0.0").version == "9.0.0"


def test_a_leading_v_is_no_part_of_a_version() -> None:
    found = version.choose(KNOWN, version="v1.2.0")
    assert found.version == "1.2.0"
    assert found.registered is not None


@pytest.mark.parametrize("text", ["1.4", "latest", "1.4.0; rm -rf /", "1.4.0\n", "01.2.3"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is no version"):
        version.choose(KNOWN, version=text)


def test_a_version_and_a_bump_exclude_each_other() -> None:
    with pytest.raises(UserError, match="not both"):
        version.choose(KNOWN, version="1.4.0", part="minor")


def test_a_version_never_moves_to_another_commit() -> None:
    choice = version.choose(KNOWN, version="1.2.0")
    version.refuse_taken(KNOWN, choice, commit="c1")
    with pytest.raises(UserError, match=r"delay v1\.2\.0 is another commit.*--bump"):
        version.refuse_taken(KNOWN, choice, commit="c2")


def test_a_version_that_goes_back_or_was_taken_back_is_refused() -> None:
    taken = state(("register", "1.3.0", "c1"), ("deregister", "1.3.0", "c1"), ("register", "1.2.0", "c2"))
    for known, number, said in ((KNOWN, "1.2.9", "goes back"), (taken, "1.3.0", "exists")):
        with pytest.raises(UserError, match=said):
            version.refuse_backwards(known, version.choose(known, version=number))
    version.refuse_backwards(KNOWN, version.choose(KNOWN, version="1.2.0"))


def test_what_was_live_is_what_stood_there_before_the_version_was_registered() -> None:
    known = state(
        ("register", "1.0.0", "c1"), ("promote", "1.0.0", "c1"), ("register", "1.1.0", "c2"), ("promote", "1.1.0", "c2")
    )
    registered = version.choose(known, version="1.1.0").registered
    assert version.before(known, registered).stages["prod"].version == "1.0.0"
    assert version.before(known, None).stages["prod"].version == "1.1.0"
