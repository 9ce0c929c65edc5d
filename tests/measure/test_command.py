"""`mltool measure` as a stage calls it: real processes, real files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from mltool import measure
from mltool.cli import measure as cli
from mltool.config import Facts, Predictions


def mltool(*words: str, cwd: Path, blocked: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line; `blocked` is a folder of modules that come before the installed ones."""
    path = os.pathsep.join(filter(None, (blocked, os.environ.get("PYTHONPATH"))))
    environ = {**os.environ, "PYTHONPATH": path} if path else None
    command = [sys.executable, "-m", "mltool", "measure", *words]
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)


def test_evaluate_writes_what_the_report_reads_from_its_default_places(binary: pd.DataFrame, tmp_path: Path) -> None:
    measure.write(tmp_path / "eval/predictions.parquet", binary)
    done = mltool("evaluate", "--slice", "texture", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "metrics.json").read_bytes()) == measure.evaluate(binary).metrics
    assert set(json.loads((tmp_path / "eval/slices.json").read_bytes())) == {"texture"}
    assert sorted(path.name for path in (tmp_path / "eval/plots").iterdir()) == [
        "calibration.json",
        "confusion.json",
        "pr.json",
        "roc.json",
    ]
    assert "roc_auc" in done.stdout


def test_evaluate_takes_other_columns_from_csv(regression: pd.DataFrame, tmp_path: Path) -> None:
    measure.write(tmp_path / "p.csv", regression.rename(columns={"y_true": "price", "y_pred": "guess"}))
    done = mltool("evaluate", "p.csv", "--truth", "price", "--label", "guess", "--plots", "plots", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "rmse" in json.loads((tmp_path / "metrics.json").read_bytes())
    assert (tmp_path / "plots/residuals.json").exists()


def test_a_hole_in_the_predictions_ends_with_2_and_writes_nothing(binary: pd.DataFrame, tmp_path: Path) -> None:
    binary.loc[5, "y_score"] = None
    measure.write(tmp_path / "p.parquet", binary)
    done = mltool("evaluate", "p.parquet", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "mltool: p.parquet: `y_score` has 1 missing or infinite values, the first in row 6.",
        "  → Mend the stage that writes it; no row is left out silently.",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["p.parquet"]


def test_split_writes_the_parts_and_their_counts(tmp_path: Path) -> None:
    measure.write(
        tmp_path / "rows.csv", pd.DataFrame({"sold_at": pd.date_range("2024-01-01", periods=100).astype(str)})
    )
    done = mltool("split", "rows.csv", "--time", "sold_at", "--out", "s", "--counts", "c.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "c.json").read_bytes()) == {"train": 70, "validation": 15, "test": 15}
    parts = [measure.read(tmp_path / f"s/{name}.csv")["sold_at"] for name in ("train", "validation", "test")]
    assert parts[0].max() < parts[1].min() <= parts[1].max() < parts[2].min()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ([], "exactly one of --time, --group and --random"),
        (["--time", "at", "--random"], "exactly one of --time, --group and --random"),
        (["--time", "at", "--stratify", "at"], "--stratify goes with --random only"),
        (["--time", "when"], "rows.csv has no column `when`"),
        (["--time", "at", "--shares", "0.5,0.5"], "are not three numbers"),
        (["--time", "at", "--shares", "0.5,0.5,0.5"], "do not add up to 1"),
        (["--random", "--stratify", "no"], "rows.csv has no column `no`"),
        (["--group", "no"], "rows.csv has no column `no`"),
    ],
)
def test_a_split_that_cannot_be_is_one_sentence(tmp_path: Path, flags: list[str], sentence: str) -> None:
    measure.write(tmp_path / "rows.csv", pd.DataFrame({"at": range(100)}))
    done = mltool("split", "rows.csv", "--out", "s", *flags, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "s").exists()


def test_cost_measures_a_program_and_keeps_what_else_is_there(tmp_path: Path) -> None:
    (tmp_path / "cost.json").write_text('{"predict_one_row_p50_seconds": 0.5, "train_seconds": 99}')
    program = "import time; time.sleep(0.2); open('model.bin', 'wb').write(b'1234567')"
    words = ["cost", "--out", "cost.json", "--model", "model.bin", "--", sys.executable, "-c", program]
    done = mltool(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    fact = json.loads((tmp_path / "cost.json").read_bytes())
    assert set(fact) == {
        "predict_one_row_p50_seconds", "train_seconds", "train_cpu_seconds", "peak_memory_bytes", "model_bytes"
    }  # fmt: skip
    assert 0.2 <= fact["train_seconds"] < 20
    assert fact["model_bytes"] == 7


def test_a_program_that_fails_passes_its_exit_code_on_and_writes_no_cost(tmp_path: Path) -> None:
    done = mltool("cost", "--out", "cost.json", "--", sys.executable, "-c", "raise SystemExit(7)", cwd=tmp_path)
    assert done.returncode == 7
    assert "ended with exit code 7; no cost was written" in done.stderr
    assert not (tmp_path / "cost.json").exists()


def test_a_cost_file_that_is_broken_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "cost.json").write_text("{")
    done = mltool("cost", "--out", "cost.json", "--", "true", cwd=tmp_path)
    assert done.returncode == 2
    assert "cost.json is not JSON" in done.stderr
    assert (tmp_path / "cost.json").read_text() == "{"


@pytest.mark.parametrize("package", ["pandas", "sklearn", "numpy"])
def test_without_the_extra_there_is_one_sentence_with_the_remedy(tmp_path: Path, package: str) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / f"{package}.py").write_text(f"raise ModuleNotFoundError('No module named {package}', name='{package}')")
    done = mltool("evaluate", cwd=tmp_path, blocked=str(blocked))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"mltool: Measuring needs {package}.",
        "  → pip install 'mltool-ci[measure]'",
    ]


def test_an_interrupted_program_leaves_no_cost_and_no_traceback(tmp_path: Path) -> None:
    program = "import pathlib, time; pathlib.Path('started').touch(); time.sleep(60)"
    command = [
        sys.executable,
        "-m",
        "mltool",
        "measure",
        "cost",
        "--out",
        "cost.json",
        "--",
        sys.executable,
        "-c",
        program,
    ]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A job that a shell started in the background ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "started").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C does: everything on the terminal gets it
        _, errors = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130
    assert "mltool/" not in errors, "the program's own traceback is its business, ours is not"
    assert errors.endswith("mltool: interrupted; nothing is left half-written.\n")
    assert not (tmp_path / "cost.json").exists()


def test_the_defaults_are_those_of_the_configuration() -> None:
    facts, columns = Facts(), Predictions()
    assert (facts.slices, facts.cost) == (cli.SLICES, cli.COST)
    assert (
        columns.path, columns.id, columns.truth, columns.label, columns.score
    ) == (cli.TABLE, cli.ID, cli.TRUTH, cli.LABEL, cli.SCORE)  # fmt: skip
