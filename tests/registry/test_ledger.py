"""Tags become a ledger: in the order of the chain, whatever the clocks said."""

import itertools
import random

import pytest

from mltool.registry import ledger, trailers
from mltool.registry.live import Live, live
from mltool.registry.model import NewEvent
from mltool.registry.trailers import Place
from support.story import HOUR, START, Story


def test_a_story_adds_up_to_versions_stages_and_holds(story: Story) -> None:
    story.write("register", "1.9.0")
    story.write("register", "1.10.0")
    story.write("promote", "1.9.0", "prod", reason="first")
    story.write("deploy", "1.9.0", "prod", outcome="live")
    story.write("promote", "1.10.0", "prod")
    story.write("deploy", "1.10.0", "prod", outcome="failed")
    story.write("rollback", "1.9.0", "prod", reason="it failed")
    head = story.write("hold", "1.10.0", reason="it failed")
    model = story.model()
    assert [event.version for event in model.versions] == ["1.9.0", "1.10.0"]
    assert (model.stages["prod"].version, model.stages["prod"].event.kind) == ("1.9.0", "rollback")
    deployed = model.stages["prod"].deployed
    assert deployed is not None
    assert (deployed.version, deployed.outcome) == ("1.9.0", "live")
    assert model.held["1.10.0"].reason == "it failed"
    assert model.head == head.object
    assert [event.sequence for event in model.events] == list(range(1, 9))


def test_unhold_deregister_and_demote_take_back(story: Story) -> None:
    for kind, version, stage in (
        ("register", "1.0.0", ""), ("register", "2.0.0", ""), ("hold", "1.0.0", ""), ("unhold", "1.0.0", ""),
        ("promote", "1.0.0", "prod"), ("demote", "1.0.0", "prod"), ("deregister", "2.0.0", ""),
    ):  # fmt: skip
        story.write(kind, version, stage)
    model = story.model()
    assert [event.version for event in model.versions] == ["1.0.0"]
    assert not model.held
    assert (model.stages["prod"].version, model.stages["prod"].event.kind) == ("", "demote")


def test_a_clock_an_hour_slow_changes_nothing(story: Story) -> None:
    story.write("register", "1.0.0")
    story.write("register", "1.1.0")
    story.write("promote", "1.0.0", "prod")
    story.write("promote", "1.1.0", "prod", date=story.clock - 3 * HOUR)
    assert story.model().stages["prod"].version == "1.1.0"


def test_two_promotions_in_the_same_second_keep_their_order(story: Story) -> None:
    for at in range(12):
        story.write("register", f"1.{at}.0", date=START)
    for at in range(12):
        story.write("promote", f"1.{at}.0", "prod", date=START)
    assert story.model().stages["prod"].version == "1.11.0"


def test_the_order_in_which_git_lists_tags_is_of_no_consequence(story: Story) -> None:
    story.tag("delay@v0.9.0", commit="a")
    story.tag("delay#prod#1", commit="a")
    for at in range(8):
        story.write("register", f"1.{at}.0")
        story.write("promote", f"1.{at}.0", "prod")
    expected = story.order()
    for seed in range(20):
        random.Random(seed).shuffle(story.tags)
        assert story.order() == expected


def test_the_chain_is_known_without_the_ref_that_names_its_end(story: Story) -> None:
    for at in range(3):
        story.write("register", f"1.{at}.0")
    expected, head = story.order(), story.model().head
    story.heads.clear()
    assert (story.order(), story.model().head) == (expected, head)


def test_a_ref_that_lags_behind_the_tags_is_followed_to_the_end(story: Story) -> None:
    first = story.write("register", "1.0.0")
    last = story.write("register", "1.1.0")
    story.heads["delay"] = first
    assert story.model().head == last.object


def test_models_in_folders_have_chains_of_their_own(story: Story) -> None:
    story.write("register", "1.0.0", model="a")
    story.write("register", "1.0.0", model="team/x=a")
    story.write("hold", "1.0.0", model="team/x=a")
    assert story.order("a") == ["a@v1.0.0"]
    assert story.order("team/x=a") == ["team/x=a@v1.0.0", "mltool/hold/team/x=a/2"]


class TestGto:
    """Tags that GTO wrote: no trailers, no chain."""

    def test_its_history_is_read_by_its_counter(self, story: Story) -> None:
        """The tags of iterative/example-gto, with the clocks turned around."""
        history = [
            ("churn@v3.0.0", "a"), ("churn#dev#1", "a"), ("churn#staging#2", "b"), ("churn#prod#3", "a"),
            ("churn@v3.1.0", "b"), ("churn#dev#4", "b"), ("segment@v0.4.1", "c"), ("segment#dev#1", "c"),
        ]  # fmt: skip
        for at, (name, commit) in enumerate(history):
            story.tag(name, "Assigning a stage", commit=commit, date=START - at)
        churn, segment = story.model("churn"), story.model("segment")
        assert {name: stage.version for name, stage in churn.stages.items()} == {
            "dev": "3.1.0", "prod": "3.0.0", "staging": "3.1.0"
        }  # fmt: skip
        assert segment.stages["dev"].version == "0.4.1"
        assert not any(event.chained for event in churn.events)
        assert story.order("churn") == [
            "churn@v3.0.0", "churn#dev#1", "churn@v3.1.0", "churn#staging#2", "churn#prod#3", "churn#dev#4"
        ]  # fmt: skip

    def test_what_was_taken_back_is_gone(self, story: Story) -> None:
        for name in ("m@v1.0.0", "m@v2.0.0#1", "m@v2.0.0!#2", "m#dev#3", "m#dev!#4"):
            story.tag(name, commit="a")
        model = story.model("m")
        assert [event.version for event in model.versions] == ["1.0.0"]
        assert model.stages["dev"].event.kind == "demote"

    def test_a_commit_without_a_version_can_be_in_a_stage(self, story: Story) -> None:
        story.tag("m#production#1", commit="a")
        assert story.model("m").stages["production"].version == ""
        assert live(story.ledger()) == (Live(model="m", version="m#production#1", commit="a"),)

    def test_a_chain_goes_on_where_gto_stopped(self, story: Story) -> None:
        story.tag("delay@v1.0.0", commit="a")
        story.tag("delay#prod#7", commit="a")
        tag = story.write("register", "1.1.0")
        story.write("promote", "1.1.0", "prod")
        assert story.order() == ["delay@v1.0.0", "delay#prod#7", "delay@v1.1.0", "delay#prod#9"]
        assert "Mltool-Adopts: 2 sha256:" in tag.message
        assert "Mltool-Prev: none" in tag.message

    def test_gto_beside_a_chain_keeps_the_place_of_its_number(self, story: Story) -> None:
        story.write("register", "1.0.0", commit="a")
        story.write("promote", "1.0.0", "prod", commit="a")
        story.tag("delay#prod#3", commit="b")
        assert story.model().stages["prod"].event.tag.name == "delay#prod#3"
        story.write("hold", "1.0.0")
        story.write("rollback", "1.0.0", "prod")
        assert story.order()[-3:] == ["mltool/hold/delay/3", "delay#prod#3", "delay#prod#4"]
        assert story.model().stages["prod"].version == "1.0.0"


class TestAt:
    """What was live in the past."""

    def test_the_ledger_is_told_as_it_was(self, story: Story) -> None:
        story.write("register", "1.0.0")
        story.write("promote", "1.0.0", "prod")
        then = story.clock
        story.write("register", "2.0.0")
        story.write("promote", "2.0.0", "prod")
        before, now = ledger.at(story.ledger(), then), ledger.at(story.ledger(), story.clock)
        assert before.models["delay"].stages["prod"].version == "1.0.0"
        assert [event.version for event in before.models["delay"].versions] == ["1.0.0"]
        assert now == story.ledger()
        assert ledger.at(story.ledger(), START).models == {}

    def test_no_event_counts_before_the_one_that_it_follows(self, story: Story) -> None:
        story.write("register", "1.0.0")
        story.write("register", "2.0.0")
        story.write("promote", "1.0.0", "prod")
        noon = story.clock
        story.write("promote", "2.0.0", "prod", date=noon - 2 * HOUR)
        assert ledger.at(story.ledger(), noon - HOUR).models["delay"].stages == {}
        assert ledger.at(story.ledger(), noon).models["delay"].stages["prod"].version == "2.0.0"

    def test_a_version_of_gto_is_dated_by_itself(self, story: Story) -> None:
        story.tag("delay@v1.0.0", commit="a", date=START)
        story.tag("delay#prod#1", commit="a", date=START + HOUR)
        story.tag("delay@v2.0.0", commit="b", date=START + 9 * HOUR)
        found = ledger.at(story.ledger(), START + 2 * HOUR).models["delay"]
        assert found.stages["prod"].version == "1.0.0"
        assert [event.version for event in found.versions] == ["1.0.0"]


class TestLive:
    """The production column of the report."""

    def test_the_last_promotion_is_live_and_not_the_highest_version(self, story: Story) -> None:
        story.write("register", "1.0.0", commit="a")
        story.write("register", "2.0.0", commit="b")
        story.write("promote", "1.0.0", "production", commit="a")
        assert live(story.ledger()) == (Live(model="delay", version="v1.0.0", commit="a"),)

    def test_without_a_promotion_the_highest_version_is_live(self, story: Story) -> None:
        for version in ("1.10.0", "1.9.0", "2.0.0-rc1"):
            story.write("register", version)
        story.write("deregister", "2.0.0-rc1")
        (found,) = live(story.ledger())
        assert found.version == "v1.10.0"

    def test_a_model_taken_out_of_production_is_not_live(self, story: Story) -> None:
        story.write("register", "1.0.0")
        story.write("promote", "1.0.0", "prod")
        story.write("demote", "1.0.0", "prod")
        assert live(story.ledger()) == ()


class TestMessages:
    """What a message says can be read back, and nothing else be made of it."""

    EVENT = NewEvent(kind="deploy", model="delay", commit="c", version="1.0.0", stage="prod", manifest="sha256:ab",
                     actor="ada", approvers=("Bo", "Cy"), reason="why", outcome="live")  # fmt: skip

    def test_people_and_programs_read_the_same(self) -> None:
        text = trailers.message(self.EVENT, Place(sequence=3, previous="abc", previous_tag="delay#prod#2"))
        assert text == (
            "deploy delay v1.0.0 to prod\n\nMltool-Event: deploy\nMltool-Model: delay\nMltool-Version: v1.0.0\n"
            "Mltool-Stage: prod\nMltool-Manifest: sha256:ab\nMltool-Outcome: live\nMltool-Position: 3\n"
            "Mltool-Prev: abc\nMltool-Prev-Tag: delay#prod#2\nMltool-Actor: ada\nApproved-by: Bo\nApproved-by: Cy\n"
            "Reason: why\n"
        )

    @pytest.mark.parametrize(
        "reason", ["a\nMltool-Version: v9.9.9", "a\r\n\r\nApproved-by: Eve", "a\u2028b\x1b[31m\x00", "\n"]
    )
    def test_a_reason_cannot_say_more_than_a_reason(self, reason: str) -> None:
        event = NewEvent(kind="hold", model="delay", commit="c", version="1.0.0", reason=reason)
        found = trailers.read(trailers.message(event, Place(sequence=1)))
        assert found is not None
        assert (found.values["Mltool-Version"], found.approved, found.twice) == ("v1.0.0", (), "")
        assert not any(mark in found.values.get("Reason", "") for mark in "\x1b\x00\n\r")

    def test_a_message_without_trailers_has_none(self) -> None:
        assert trailers.read("Assigning stage prod to artifact churn\n") is None
        assert trailers.read("") is None


def test_every_permutation_of_a_forked_chain_gives_one_answer(story: Story) -> None:
    first = story.write("register", "1.0.0")
    story.write("promote", "1.0.0", "prod", follows=first)
    story.write("promote", "1.0.0", "dev", follows=first)
    story.heads.clear()
    found = {tuple(ledger.build(tags).models["delay"].stages) for tags in itertools.permutations(story.tags)}
    assert len(found) == 1
