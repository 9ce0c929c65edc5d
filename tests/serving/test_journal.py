"""The prediction log: whole lines, written beside serving."""

import json
from pathlib import Path

import pytest

from mltool.serving.journal import Entry, Journal

ABOUT = {"model": "delay", "version": "1.3.0", "digest": "sha256:0"}


def entry(request: str = "r-1", rows: int = 1) -> Entry:
    return Entry(time=1_767_323_045.25, request=request, rows=[{"hour": 7.0}] * rows, predictions=[{"label": 1}] * rows)


def test_a_line_says_what_was_asked_and_answered(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "logs/p.jsonl", ABOUT, most_bytes=10_000, most_files=1)
    journal.add(entry(rows=2))
    journal.close()

    lines = [json.loads(line) for line in (tmp_path / "logs/p.jsonl").read_text().splitlines()]
    assert lines == [
        {
            "schema": "mltool.prediction/1",
            "ts": "2026-01-02T03:04:05.250000Z",
            "request": "r-1",
            **ABOUT,
            "index": index,
            "row": {"hour": 7.0},
            "prediction": {"label": 1},
        }
        for index in (0, 1)
    ]
    assert journal.counts() == {"written": 2, "dropped": 0, "failed": 0}


def test_a_log_goes_on_where_it_was_and_begins_anew_at_its_limit_keeping_some(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    for number in range(6):
        journal = Journal(path, ABOUT, most_bytes=300, most_files=2)
        journal.add(entry(f"r-{number}"))
        journal.close()

    kept = {
        file.name: [json.loads(line)["request"] for line in file.read_text().splitlines()]
        for file in tmp_path.iterdir()
    }
    assert kept == {"p.jsonl": ["r-5"], "p.jsonl.1": ["r-4"], "p.jsonl.2": ["r-3"]}


def test_a_full_disk_is_counted_and_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    journal = Journal(Path("/dev/full"), ABOUT, most_bytes=10_000, most_files=1)
    journal.add(entry())
    journal.close()

    assert journal.counts() == {"written": 0, "dropped": 0, "failed": 1}
    assert capfd.readouterr().err == (
        "Cannot write the prediction log /dev/full: No space left on device. Serving goes on.\n"
    )


def test_a_place_that_cannot_be_written_does_not_stop_anything(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file/p.jsonl", ABOUT, most_bytes=10_000, most_files=1)
    journal.add(entry(rows=3))
    journal.close()

    assert journal.counts()["failed"] == 3


def test_more_than_the_disk_takes_is_dropped_and_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "p.jsonl", ABOUT, most_bytes=10**9, most_files=1)
    for _ in range(3):
        journal.add(entry(rows=90_000))
    journal.close()

    counts = journal.counts()
    assert counts["written"] + counts["dropped"] == 270_000
    assert counts["written"] >= 90_000
