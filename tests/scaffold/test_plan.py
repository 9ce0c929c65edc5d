"""What happens to each path, compared with what the template makes of it."""

from mltool.scaffold import header, plan
from mltool.scaffold.model import File, Kind, Step
from mltool.scaffold.pins import Style

STYLE = Style(format="{name}@{commit} # v{version}")
BODY = "name: x\nuses: o/r@" + "a" * 40 + " # v1.0\n"


def stamped(body: str, version: str = "1") -> str:
    return header.stamp(body, style=STYLE, comment="#", version=version)


def step(now: str | None, then: str = BODY, *, once: bool = False) -> Step:
    file = File(path="f.yml", content=stamped(then), once=once)
    existing = {} if now is None else {"f.yml": now}
    (made,) = plan.make([file], existing=existing, style=STYLE).steps
    return made


def test_a_file_that_is_not_there_is_new() -> None:
    assert step(None).kind is Kind.NEW


def test_a_file_as_it_should_be_is_the_same_whichever_version_wrote_it() -> None:
    older = stamped(BODY, version="0.0.1")
    assert (step(older).kind, step(older).then) == (Kind.SAME, older)


def test_line_endings_of_a_windows_checkout_are_no_difference() -> None:
    assert step(stamped(BODY).replace("\n", "\r\n")).kind is Kind.SAME


def test_a_pin_that_a_bot_moved_on_is_no_difference() -> None:
    moved = stamped(BODY).replace("a" * 40 + " # v1.0", "b" * 40 + " # v2.0")
    assert step(moved).kind is Kind.SAME


def test_a_template_that_changed_updates_the_file_and_keeps_the_newer_pin() -> None:
    moved = stamped(BODY).replace("a" * 40 + " # v1.0", "b" * 40 + " # v2.0")
    made = step(moved, BODY + "more: 1\n")
    assert made.kind is Kind.CHANGED
    assert made.then is not None
    assert made.then.endswith("uses: o/r@" + "b" * 40 + " # v2.0\nmore: 1\n")


def test_an_older_pin_makes_the_file_stale() -> None:
    old = stamped(BODY.replace("a" * 40 + " # v1.0", "0" * 40 + " # v0.9"))
    assert step(old).kind is Kind.CHANGED


def test_a_pin_with_our_version_at_another_commit_makes_the_file_stale() -> None:
    forged = stamped(BODY).replace("a" * 40, "e" * 40)
    assert step(forged).kind is Kind.CHANGED


def test_an_edit_by_hand_is_seen() -> None:
    assert step(stamped(BODY) + "mine: 1\n").kind is Kind.EDITED
    assert step(stamped(BODY).replace("name: x", "name: y")).kind is Kind.EDITED


def test_a_file_without_our_header_is_foreign() -> None:
    assert step("name: theirs\n").kind is Kind.FOREIGN
    assert step("").kind is Kind.FOREIGN


def test_a_file_that_belongs_to_the_project_is_kept_as_it_is() -> None:
    made = step("anything\n", once=True)
    assert (made.kind, made.then) == (Kind.KEPT, "anything\n")


def test_a_file_that_is_written_once_and_is_still_as_written_needs_no_word() -> None:
    assert step(stamped(BODY), once=True).kind is Kind.SAME


def test_a_file_of_ours_that_the_settings_no_longer_want_is_obsolete_unless_edited_or_foreign() -> None:
    existing = {"a": stamped(BODY), "b": stamped(BODY) + "mine\n", "c": "theirs\n"}
    steps = plan.make([], existing=existing, style=STYLE, unwanted=("a", "b", "c", "d")).steps
    assert [(item.path, item.kind, item.then) for item in steps] == [
        ("a", Kind.OBSOLETE, None),
        ("b", Kind.EDITED, None),
    ]


def test_a_step_reads_as_a_unified_diff() -> None:
    changed = Step(kind=Kind.CHANGED, path="f", now="a\nb\n", then="a\nc\n")
    assert plan.diff(changed) == "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    assert plan.diff(Step(kind=Kind.NEW, path="f", now=None, then="a\n")).startswith("--- /dev/null\n+++ f\n")
    assert plan.diff(Step(kind=Kind.OBSOLETE, path="f", now="a\n", then=None)).startswith("--- f\n+++ /dev/null\n")
