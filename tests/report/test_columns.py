"""How tables and long words give way where a terminal is narrow."""

import pytest

from mltool.report import columns
from mltool.report.blocks import Align

TITLES = ("Metric", "Base (origin/main)", "This change", "Difference", "Verdict")
ROW = (
    "evaluation/metrics.json:balanced_accuracy",
    "0.8561",
    "0.7849",
    "−7.12 points (−8.3\u00a0%)",
    "worse, not judged",
)
ALIGNS: tuple[Align, ...] = ("left", "right", "right", "right", "left")


def drawn(room: int) -> list[str]:
    widths = columns.widths((TITLES, ROW), ALIGNS, room)
    return [line.rstrip() for row in (TITLES, ROW) for line in columns.lines_of(row, widths, ALIGNS, "")]


def test_a_table_that_fits_is_left_alone() -> None:
    assert drawn(120) == [
        "Metric                                     Base (origin/main)  This change             Difference  Verdict",
        "evaluation/metrics.json:balanced_accuracy              0.8561       0.7849  −7.12 points (−8.3\u00a0%)"
        "  worse, not judged",
    ]


def test_words_wrap_before_a_name_is_broken() -> None:
    lines = drawn(90)
    assert lines[-1].endswith("  judged")
    assert any(line.startswith("evaluation/metrics.json:balanced_accuracy  ") for line in lines)


@pytest.mark.parametrize("room", range(56, 90, 7))
def test_a_name_is_broken_where_a_part_ends(room: int) -> None:
    parts = [line.split("  ")[0].strip() for line in drawn(room)]
    name = [part for part in parts if part not in ("", "Metric") and not part.startswith("(")]
    assert "".join(name) == ROW[0]
    assert all(part.endswith(("/", ".", ":", "_")) for part in name[:-1])


@pytest.mark.parametrize("room", range(40, 120))
def test_no_line_is_wider_than_there_is_room_unless_nothing_can_give_way(room: int) -> None:
    widths = columns.widths((TITLES, ROW), ALIGNS, room)
    assert sum(widths) + 8 <= max(room, 5 * columns.MIN_WORDS + 8)


def test_breaking_loses_no_letter() -> None:
    word = "a/very_long.name:with-signs@and🟠\u00a0spaces__/"
    for width in range(1, 40):
        assert "".join(columns.wrap(word, width)) == word
