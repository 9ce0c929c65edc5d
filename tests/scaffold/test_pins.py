"""Pins: found, masked, and kept where a bot has moved them on."""

import pytest

from mltool.scaffold.pins import Pin, Style, keep_newer

GITHUB = Style(format="{name}@{commit} # v{version}")
A, B = "a" * 40, "b" * 40


def line(version: str, commit: str = A, name: str = "actions/cache/save") -> str:
    return f"        uses: {name}@{commit} # v{version}\n"


def test_a_pin_is_read_as_it_is_written() -> None:
    pin = Pin(name="actions/cache/save", version="6.1.0", commit=A)
    assert tuple(GITHUB.find(f"uses: {GITHUB.text(pin)}\n")) == (pin,)


def test_other_ci_systems_write_pins_another_way() -> None:
    style = Style(format="{name}:{version}@sha256:{commit}")
    pin = Pin(name="python", version="3.12.1", commit="c" * 64)
    assert tuple(style.find(f"image: {style.text(pin)}\n")) == (pin,)


def test_masking_leaves_only_the_name_so_a_moved_pin_is_no_difference() -> None:
    assert GITHUB.mask(line("6.1.0")) == GITHUB.mask(line("7.0", B)) == "        uses: actions/cache/save\n"


@pytest.mark.parametrize(("ours", "theirs"), [("6.1.0", "6.1.1"), ("6.9.0", "6.10.0"), ("6", "6.0.1"), ("9.9.9", "10")])
def test_a_newer_pin_is_kept(ours: str, theirs: str) -> None:
    assert keep_newer(line(ours), line(theirs, B), style=GITHUB) == line(theirs, B)


@pytest.mark.parametrize("theirs", ["6.0.9", "5.99.0", "6.1.0"])
def test_an_older_pin_and_the_same_version_at_another_commit_give_way(theirs: str) -> None:
    assert keep_newer(line("6.1.0"), line(theirs, B), style=GITHUB) == line("6.1.0")


def test_of_two_newer_pins_the_newest_counts_and_other_actions_are_left_alone() -> None:
    current = line("7.0.0", B) + line("8.0.0", "d" * 40) + line("99", B, "some/other")
    assert keep_newer(line("6.1.0") + line("1.0", name="x/y"), current, style=GITHUB) == (
        line("8.0.0", "d" * 40) + line("1.0", name="x/y")
    )


def test_a_system_without_pins_changes_nothing() -> None:
    assert keep_newer("a: b\n", line("9"), style=Style(format="")) == "a: b\n"
