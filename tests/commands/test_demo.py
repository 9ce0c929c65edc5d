"""The demo plays to its end, and says where it stopped when it cannot."""

import itertools
import json
import os
from pathlib import Path

import pytest

from mltool.commands import demo
from mltool.errors import UserError
from support.said import mltool


@pytest.mark.slow
def test_the_demo_plays_a_pull_request_and_a_release_and_leaves_its_report_and_nothing_running(tmp_path: Path) -> None:
    folder, report, said = tmp_path / "project", tmp_path / "report", []
    folder.mkdir()
    clock = itertools.count().__next__
    demo.play(folder, report, say=said.append, environ=os.environ, clock=clock)
    assert "<html" in (report / "report.html").read_text()
    assert (report / "report.md").read_text().startswith("### ❌ Failed: 2 regressions")
    assert any("max_depth: 2/max_depth: 8" in line for line in said)
    assert str(report / "report.html") in said[-2]
    events = [(event["kind"], event["version"]) for event in json.loads(mltool(folder, "log", "--json").out)["events"]]
    assert events[:3] == [("deploy", "1.0.0"), ("hold", "1.1.0"), ("rollback", "1.0.0")]
    live = mltool(folder, "status", "--live")
    assert live.code != 0


def test_a_step_that_fails_stops_the_demo_with_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    blocked = {**os.environ, "PATH": str(tmp_path)}
    with pytest.raises(UserError, match="`git` is not installed"):
        demo.play(tmp_path / "project", tmp_path, say=lambda _: None, environ=blocked, clock=lambda: 0.0)
