"""The forms that people read, compared whole. `UPDATE_GOLDEN=1 pytest tests/report/test_words.py` writes them anew."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mltool.gates.model_tests import ModelTests, judge
from mltool.gates.verdict import Outcome, Verdict
from mltool.report import columns, html, markdown, results, standing, terminal
from mltool.report.blocks import Page, Row, Table
from mltool.report.model import MetricRow
from mltool.report.page import Links, page
from mltool.snapshot.model import Stale
from report.samples import SAMPLES, examined, good, group, many, regression, sure, undecided

GOLDEN = Path(__file__).parent / "golden"
LINKS = Links(commit="https://github.com/o/r/commit/", run="https://github.com/o/r/actions/runs/1")
FORMS = {
    "md": markdown.render,
    "html": html.render,
    "txt": lambda found: terminal.render(found, width=100, color=False),
}


@pytest.mark.parametrize(
    ("name", "form"),
    [(name, form) for name in sorted(SAMPLES) for form in ("md", "txt")]
    + [("regression", "html"), ("broken", "html"), ("tested", "html")],
)
def test_the_words_are_these(name: str, form: str) -> None:
    path = GOLDEN / f"{name}.{form}"
    written = FORMS[form](page(SAMPLES[name](), links=LINKS))
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(written)
    assert written == path.read_text()


def rows(found: Page) -> tuple[Row, ...]:
    table = next(section for section in found.sections if section.name == "metrics").blocks[0]
    assert isinstance(table, Table)
    return table.rows


def test_the_verdict_stands_first_as_a_colleague_would_say_it() -> None:
    found = page(regression())
    assert found.title == "Failed: 1 regression, 1 warning, 2 improvements"
    first = markdown.render(found).splitlines()
    assert first[0].startswith("### ❌ Failed")
    assert "recall fell 2.1 points (0.8021 → 0.7811), more than the 0.5 allowed." in first[2]


def test_the_gravest_rows_stand_first() -> None:
    tones = [row.tone for row in rows(page(regression()))]
    assert tones == ["bad", "warn", "good", "good", "good", "quiet"]


def test_undecided_never_reads_as_a_pass() -> None:
    report = undecided()
    for form in FORMS.values():
        head = form(page(report)).partition("Metrics")[0]
        assert "Undecided" in head
        assert "✅" not in head
        assert "Passed" not in head


def test_a_pass_with_a_warning_does_not_wear_the_green_mark() -> None:
    report = SAMPLES["regression"]()
    calm = tuple(verdict for verdict in report.verdicts if not verdict.blocks)
    from_warning = page(type(report)(**{**vars(report), "verdicts": calm, "outcome": Outcome.PASS}))
    assert (from_warning.icon, from_warning.tone) == ("⚠️", "warn")
    assert page(good()).icon == "✅"


def test_tests_that_cannot_tell_take_the_green_mark_where_they_do_not_block() -> None:
    run = ModelTests(commit="c", finished=True, passed=4, undecided=1, level="warn")
    found = page(replace(good(), tests=run, verdicts=(*good().verdicts, judge(run))))
    assert (found.icon, found.tone) == ("⚠️", "warn")
    assert found.title == "Passed, with doubts: 1 test undecided, 2 improvements"


def test_tests_that_pass_are_counted_behind_a_fold() -> None:
    passing = tuple(item for item in examined().tests.tests if item.result == "passed")  # type: ignore[union-attr]
    run = ModelTests(commit="c", finished=True, passed=212, skipped=1, seconds=3, tests=passing)
    found = page(replace(good(), tests=run, verdicts=(*good().verdicts, judge(run))))
    (section,) = [section for section in found.sections if section.title == "Model tests"]
    assert (section.folded, section.summary) == (True, "212 pass, 1 skipped")
    assert found.title == page(good()).title


def test_a_run_that_broke_off_is_a_failure_and_says_so() -> None:
    run = ModelTests(commit="c", passed=3)
    text = terminal.render(
        page(replace(good(), outcome=Outcome.FAIL, tests=run, verdicts=(*good().verdicts, judge(run)))),
        width=100,
        color=False,
    )
    assert text.startswith("❌ Failed: 1 failure, 2 improvements\nThe tests broke off before their end.")
    assert "The run broke off before its end: what is not here was not tested." in text


def test_long_tables_say_how_much_they_leave_out() -> None:
    text = markdown.render(page(many()))
    assert "… and 415 more metrics that changed; 70 unchanged metrics not shown here." in text
    assert "… and 253 more scores that moved; 27 scores did not move." in text


def test_slices_that_did_not_move_are_counted_and_not_listed() -> None:
    still = replace(regression(), slices=tuple(replace(item, head=item.base) for item in regression().slices))
    text = terminal.render(page(still), width=100, color=False)
    assert "All 7 scores by group are those of the base." in text
    assert "carrier =" not in text


def test_slices_of_a_gated_metric_come_before_others_that_lost_more() -> None:
    noise = group("origin", "XXX", 5, 0.9, 0.1)
    report = replace(regression(), slices=(replace(noise, metric="other"), *regression().slices))
    text = terminal.render(page(report), width=100, color=False)
    assert text.index("carrier = OO") < text.index("origin = XXX")


def test_without_a_base_nothing_is_called_worse_or_better() -> None:
    report = regression()
    alone = replace(
        report,
        base=None,
        outcome=Outcome.SKIP,
        verdicts=(),
        slices=tuple(replace(item, base=None) for item in report.slices),
        cost=tuple(replace(item, base=None) for item in report.cost),
    )
    text = terminal.render(page(alone), width=100, color=False)
    assert "Slices · 7 scores" in text
    assert "Cost · 4 figures" in text


def test_a_base_without_a_name_is_called_by_its_short_sha() -> None:
    report = regression()
    assert report.base is not None
    bare = replace(report, base=replace(report.base, ref=report.base.sha))
    assert "Base (d0e1aa5)" in markdown.render(page(bare)).replace("&#8203;", "")


def test_what_is_cut_for_its_size_is_the_least_useful_and_is_named() -> None:
    found = page(regression())
    text = markdown.render(found, limit=6_000, rest="https://example.org/report.html")
    assert "Left out here for their size:" in text
    assert "[the full report](https://example.org/report.html)" in text
    assert "Curves" in text.partition("Left out")[2]
    assert "#### Metrics" in text
    assert "#### Likely causes" in text


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_pipe_gets_plain_lines_and_colour_adds_nothing_but_colour(name: str, width: int) -> None:
    found = page(SAMPLES[name]())
    plain = terminal.render(found, width=width, color=False)
    assert "\x1b" not in plain
    coloured = terminal.render(found, width=width, color=True)
    assert "\x1b[" in coloured
    assert strip(coloured) == plain


def strip(text: str) -> str:
    return "\n".join(row.rstrip() for row in re.sub(r"\x1b\[\d*m", "", text).split("\n"))


def test_words_wrap_to_the_terminals_width() -> None:
    text = terminal.render(page(regression()), width=80, color=False)
    for section in ("Likely causes", "How this was decided"):
        part = text.partition(section)[2].partition("\n\n")[0]
        assert all(columns.count(row) <= 80 for row in part.splitlines() if "mltool report" not in row)


def test_wide_letters_and_emoji_take_two_columns() -> None:
    assert columns.count("日本") == 4
    assert columns.count("⚠️") == 2
    assert columns.count("e\u0301") == 1


def test_the_words_and_markdown_load_no_jinja() -> None:
    code = (
        "import sys, mltool.report.page, mltool.report.markdown, mltool.report.terminal; print('jinja2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_short_form_in_the_terminal_keeps_the_first_line_of_a_folded_section() -> None:
    made = page(regression())
    short = terminal.render(made, width=100, color=False, full=False)
    whole = terminal.render(made, width=100, color=False)
    assert len(short.splitlines()) < len(whole.splitlines()) / 2
    for section in made.sections:
        assert section.title in short


def test_one_broken_file_is_said_once_however_many_gates_need_it() -> None:
    report = SAMPLES["broken"]()
    same = [replace(report.verdicts[0], gate=name, metric=f"metrics.json:{name}") for name in ("f1", "auc", "recall")]
    said = page(replace(report, verdicts=(*report.verdicts, *same))).sentences
    assert said == page(report).sentences


def test_stages_that_are_behind_for_one_reason_share_a_line() -> None:
    stale = tuple(Stale(stage=f"train@{i}", reason="dependency train.py changed") for i in range(74))
    words = markdown.render(page(replace(SAMPLES["broken"](), stale=stale)))
    assert "\n- `train@0`, `train@1`, `train@2` and 71 more: dependency train.py changed\n" in words


def test_two_gates_that_pass_are_both() -> None:
    two = replace(good(), verdicts=good().verdicts[:2])
    assert markdown.render(page(two)).splitlines()[2].startswith("<b>Both gates pass:</b> ")


def test_an_interval_without_an_end_is_never_said_to_be_within_what_is_allowed() -> None:
    endless = sure("recall", 0.8, 0.79, 0.0, 0.0, outcome=Outcome.UNDECIDED)
    endless = replace(endless, low=None, high=None, sentence="recall fell: anything.")
    report = replace(undecided(), verdicts=(endless,), metrics=())
    text = markdown.render(page(report))
    assert "recall fell: anything." in text
    assert "within" not in text.partition("How this was decided")[0]


def test_a_slice_that_sees_nothing_takes_the_green_from_a_pass() -> None:
    blind = sure("f1", 0.8, 0.8, -0.2, 0.2, outcome=Outcome.UNDECIDED, slice="c=x", level="warn")
    found = page(replace(good(), verdicts=(*good().verdicts, blind)))
    assert (found.icon, found.title.partition(":")[0]) == ("⚠️", "Passed, with doubts")


def test_an_interval_of_fewer_rows_than_the_files_hold_is_not_put_beside_a_difference_that_it_does_not_hold() -> None:
    verdict = Verdict(
        gate="auc", metric="metrics.json:auc", outcome=Outcome.UNDECIDED, level="fail", trend="worse",
        base=0.756, head=0.739, delta=-0.017, low=-0.0075, high=0.0056, rows=1_030, sentence="",
    )  # fmt: skip
    assert results.interval(verdict) == "[−0.75, +0.56] in 1,030 rows"
    assert results.interval(replace(verdict, delta=-0.0075000001)) == "−1.7 points [−0.75, +0.56]"


def test_a_broken_limit_is_named_and_said_in_the_gates_own_words() -> None:
    more = {"limit": 0.75, "sentence": "auc is 0.7, below the floor of 0.75. auc fell: an interval."}
    below = sure("auc", 0.8, 0.7, -0.12, -0.08, outcome=Outcome.FAIL, **more)
    assert standing.words(below) == "below its floor"
    assert standing.words(replace(below, level="warn", limit=0.6)) == "warning: above its ceiling"
    report = replace(regression(), verdicts=(below,))
    assert "auc is 0.7, below the floor of 0.75. auc fell: an interval." in markdown.render(page(report))
    assert results.interval(below) == "−10 points [−12, −8]"


def test_an_interval_of_other_rows_than_the_values_is_said_in_the_gates_own_words() -> None:
    more = {"measured": -0.001, "rows": 1_030, "lost": 0.6, "rows_needed": None, "sentence": "auc: of 1,030 rows."}
    other = sure("auc", 0.756, 0.739, -0.0075, 0.0056, outcome=Outcome.UNDECIDED, **more)
    assert standing.words(other) == "undecided: rows left out"
    shown = markdown.render(page(replace(undecided(), verdicts=(other,))))
    assert "auc: of 1,030 rows." in shown
    assert "auc fell" not in shown


def test_a_certain_drop_is_held_against_what_is_allowed_on_the_rows_that_were_compared() -> None:
    fell = sure("auc", 0.8, 0.797, -0.06, -0.02, outcome=Outcome.FAIL, allowed=0.01, measured=-0.04)
    assert standing.words(fell) == "worse than allowed"


def test_the_values_of_single_repeats_wait_under_their_mean() -> None:
    seeds = tuple(
        MetricRow(
            path=f"metrics/seed-{seed}.json", key="accuracy", base=0.8, head=0.8 + seed / 1000, direction="higher"
        )
        for seed in (1, 2, 3)
    )
    mean = Verdict(
        gate="accuracy", metric="metrics/seed-*.json:accuracy", outcome=Outcome.PASS, level="fail", trend="better",
        base=0.8, head=0.802, delta=0.002, sentence="",
    )  # fmt: skip
    found = standing.standings(replace(good(), metrics=seeds, verdicts=(mean,)))
    assert [(item.row.path, item.words) for item in found] == [
        ("metrics/seed-*.json", "better"),
        *((row.path, "judged by the mean") for row in seeds),
    ]
    (table,) = results.section(replace(good(), metrics=seeds, verdicts=(mean,)), found)[0].blocks
    assert isinstance(table, Table)
    assert (len(table.rows), table.more) == (1, "3 values of single repeats not shown here.")


def test_a_report_on_changes_that_are_not_committed_is_not_made_again_from_the_commit() -> None:
    report = good()
    written = markdown.render(page(replace(report, head=replace(report.head, dirty=True)), links=LINKS))
    assert report.base
    assert f"mltool report {report.base.sha}\n" in written
    assert f"mltool report {report.base.sha} {report.head.sha}\n" in markdown.render(page(report, links=LINKS))
