"""What a tag asks a job to do: never a step back, never twice something else."""

from dataclasses import replace

import pytest

from mltool.errors import RefusedError, UserError
from mltool.registry.model import Event, EventKind, Ledger, ModelState, Stage, TagObject
from mltool.release import errand
from mltool.release.errand import Errand

PLACES = frozenset({"prod", "staging"})


def event(kind: EventKind, tag: str, version: str, *, stage: str = "", manifest: str = "sha256:1") -> Event:
    made = TagObject(name=tag, object=f"object of {tag}", commit=f"commit of {version}", annotated=True)
    return Event(kind=kind, model="delay", tag=made, version=version, stage=stage, manifest=manifest, chained=True)


def registered(version: str) -> Event:
    return event("register", f"delay@v{version}", version)


def promoted(number: int, version: str, *, stage: str = "prod") -> Event:
    return event("promote", f"delay#{stage}#{number}", version, stage=stage)


def ledger(*events: Event, held: tuple[Event, ...] = ()) -> Ledger:
    stages = {one.stage: Stage(name=one.stage, version=one.version, event=one) for one in events if one.stage}
    versions = tuple(one for one in events if one.kind == "register")
    state = ModelState(
        name="delay", events=events, versions=versions, stages=stages, held={one.version: one for one in held}
    )
    return Ledger(models={"delay": state})


def ask(tag: str, *events: Event, held: tuple[Event, ...] = ()) -> Errand:
    return errand.of(ledger(*events, held=held), tag, environment="prod", environments=PLACES)


def test_a_registered_version_is_packaged_and_goes_into_the_environment() -> None:
    found = ask("delay@v1.0.0", registered("1.0.0"))
    assert (found.package, found.deploy, found.environment, found.because) == (True, True, "prod", "")


def test_it_still_is_when_it_was_promoted_already_as_in_a_run_that_is_started_again() -> None:
    found = ask("delay@v1.0.0", registered("1.0.0"), promoted(1, "1.0.0"))
    assert (found.package, found.deploy) == (True, True)


def test_a_version_that_another_one_followed_into_the_environment_is_only_published() -> None:
    found = ask("delay@v1.1.0", registered("1.0.0"), registered("1.1.0"), promoted(1, "1.0.0"))
    assert (found.package, found.deploy) == (True, False)
    assert "after v1.1.0 was registered (delay#prod#1)" in found.because


def test_a_lower_version_than_the_one_that_is_there_is_only_published() -> None:
    found = ask("delay@v1.2.9", registered("1.10.0"), promoted(1, "1.10.0"), registered("1.2.9"))
    assert (found.package, found.deploy) == (True, False)
    assert "higher" in found.because


def test_a_candidate_goes_nowhere_by_itself() -> None:
    found = ask("delay@v1.0.0-rc.1", registered("1.0.0-rc.1"))
    assert (found.package, found.deploy) == (True, False)


def test_without_such_an_environment_a_version_is_only_published() -> None:
    found = errand.of(ledger(registered("1.0.0")), "delay@v1.0.0", environment="prod", environments=frozenset())
    assert (found.package, found.deploy) == (True, False)


def test_a_version_that_was_taken_back_is_left_alone() -> None:
    gone = replace(ledger(registered("1.0.0")).models["delay"], versions=())
    found = errand.of(Ledger(models={"delay": gone}), "delay@v1.0.0", environment="prod", environments=PLACES)
    assert (found.package, found.deploy) == (False, False)


def test_a_promotion_is_only_deployed_and_where_its_tag_says() -> None:
    found = ask("delay#staging#1", registered("1.0.0"), promoted(1, "1.0.0", stage="staging"))
    assert (found.package, found.deploy, found.environment) == (False, True, "staging")


def test_of_two_promotions_only_the_newest_counts() -> None:
    events = (registered("1.0.0"), registered("1.1.0"), promoted(1, "1.0.0"), promoted(2, "1.1.0"))
    assert ask("delay#prod#2", *events).deploy
    late = ask("delay#prod#1", *events)
    assert not late.deploy
    assert late.because == "delay#prod#2 came after it."


@pytest.mark.parametrize("tag", ["delay@v1.0.0", "delay#prod#1"])
def test_a_version_on_hold_is_refused(tag: str) -> None:
    hold = replace(event("hold", "mltool/hold/delay/3", "1.0.0"), reason="wrong for snow")
    with pytest.raises(RefusedError, match="on hold: wrong for snow"):
        ask(tag, registered("1.0.0"), promoted(1, "1.0.0"), held=(hold,))


def test_a_promotion_of_another_manifest_than_the_registered_one_is_refused() -> None:
    with pytest.raises(RefusedError, match="does not name the manifest"):
        ask("delay#prod#1", registered("1.0.0"), replace(promoted(1, "1.0.0"), manifest="sha256:2"))


def test_other_events_ask_for_nothing() -> None:
    found = ask("delay#prod!#2", registered("1.0.0"), event("demote", "delay#prod!#2", "", stage="prod"))
    assert (found.package, found.deploy) == (False, False)


@pytest.mark.parametrize(
    "found", [(), (replace(registered("1.0.0"), chained=False),), (replace(registered("1.0.0"), manifest=""),)]
)
def test_a_tag_that_mltool_did_not_make_is_refused(found: tuple[Event, ...]) -> None:
    with pytest.raises(UserError, match="mltool register"):
        ask("delay@v1.0.0", *found)
