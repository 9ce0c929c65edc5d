"""The whole flights pipeline in a clone, by DVC itself: one month, twice."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from flights.columns import GROUPS, NUMBERS
from mltool import config, measure

ROOT = Path(__file__).parents[2]
TRACKED = (
    "dvc.yaml",
    "params.yaml",
    "flights",
    "toolkit/mltool/measure",
    "toolkit/mltool/data",
    ".dvcignore",
    ".dvc/config",
    ".dvc/plots",
)

pytestmark = pytest.mark.slow


def dvc(*words: str, cwd: Path, threads: int = 1) -> subprocess.CompletedProcess[str]:
    bin_folder = str(Path(sys.executable).parent)
    environ = {**os.environ, "DVC_NO_ANALYTICS": "1", "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    environ["OMP_NUM_THREADS"] = str(threads)
    environ["DVC_SITE_CACHE_DIR"] = str(cwd.parent / "site")
    command = [sys.executable, "-m", "dvc", *words]
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with the pipeline of this one on one month, reproduced."""
    home = tmp_path_factory.mktemp("flights") / "project"
    for path in TRACKED:
        source, target = ROOT / path, home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    months(home, [1])
    subprocess.run(["git", "init", "--quiet", "."], cwd=home, check=True)
    done = dvc("repro", cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr
    return home


def months(project: Path, wanted: list[int]) -> None:
    params = project / "params.yaml"
    lines = [
        f"  months: {wanted}" if line.startswith("  months:") else line for line in params.read_text().splitlines()
    ]
    params.write_text("\n".join(lines) + "\n")


def locked(project: Path) -> dict[str, str]:
    """Return the hash of every output in dvc.lock."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - only this test reads the lock

    stages = YAML(typ="safe").load((project / "dvc.lock").read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def test_the_test_part_is_later_than_everything_that_was_learned_from(project: Path) -> None:
    train, validation, test = (
        measure.read(project / f"data/split/{name}.parquet")["departs"] for name in ("train", "validation", "test")
    )
    assert train.max() < validation.min() <= validation.max() < test.min()
    fact = json.loads((project / "eval/split.json").read_bytes())
    assert sum(fact["rows"].values()) + fact["without_arrival"] == 27_004


def test_the_metrics_are_those_of_the_predictions_file(project: Path) -> None:
    predictions = measure.read(project / config.Predictions().path)
    assert list(predictions) == ["row_id", "y_true", "y_pred", "y_score", "carrier", "origin"]
    evaluation = measure.evaluate(predictions, slices=["carrier", "origin"])
    assert json.loads((project / "metrics.json").read_bytes()) == evaluation.metrics
    assert json.loads((project / config.Facts().slices).read_bytes()) == evaluation.slices
    assert evaluation.metrics["roc_auc"] > 0.55  # one month; a guess has 0.5


def test_the_costs_are_numbers_with_their_unit_in_the_name(project: Path) -> None:
    costs = json.loads((project / config.Facts().cost).read_bytes())
    assert {"train_seconds", "peak_memory_bytes", "model_bytes"} <= set(costs)
    assert costs["model_bytes"] == (project / "models/model.skops").stat().st_size
    assert all(name.endswith(("_seconds", "_bytes")) and value > 0 for name, value in costs.items())


def test_the_model_is_exported_as_onnx_that_says_the_same_and_with_digests_of_the_files(project: Path) -> None:
    home = project / "release/delay"
    export = json.loads((home / "export.json").read_bytes())
    assert export["onnx"]["label_flips"] == 0
    assert export["onnx"]["rows"] == json.loads((project / "eval/split.json").read_bytes())["rows"]["validation"]
    for path, digests in export["files"].items():
        content = (project / path).read_bytes()
        assert digests["sha256"] == hashlib.sha256(content).hexdigest()
        assert digests["md5"] == locked(project)[path]
    schema = json.loads((home / "schema.json").read_bytes())
    assert schema["backend"] == "onnx"
    assert schema["columns"] == GROUPS + NUMBERS
    assert 0 < schema["threshold"] < 1


def test_dvc_reads_every_plot_that_is_declared(project: Path) -> None:
    done = dvc("plots", "show", "--json", cwd=project)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["data"]) == {
        f"eval/plots/{name}.json" for name in ("roc", "pr", "calibration", "confusion")
    }


def test_a_second_run_on_more_threads_makes_the_same_bytes_of_everything_but_the_cost(project: Path) -> None:
    first = locked(project)
    done = dvc("repro", "--force", "--no-run-cache", cwd=project, threads=3)
    assert done.returncode == 0, done.stderr
    second = locked(project)
    assert {path for path in first if first[path] != second[path]} <= {"eval/cost.json"}
    assert len(first) == 22


def test_a_run_with_nothing_changed_runs_nothing(project: Path) -> None:
    lock = (project / "dvc.lock").read_bytes()
    done = dvc("repro", cwd=project)
    assert "Running stage" not in done.stdout
    assert (project / "dvc.lock").read_bytes() == lock


def test_broken_data_stops_at_validation_with_a_sentence(project: Path, tmp_path: Path) -> None:
    broken = tmp_path / "project"
    shutil.copytree(project, broken)
    january = broken / "data/months/2013-01.parquet"
    frame = pd.read_parquet(january)
    january.unlink()
    measure.write(january, frame.assign(distance=-1))
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["mltool", "data", "check", "flights/months.yaml", "data/months", "--out", "eval/months.json"]
    done = subprocess.run(command, cwd=broken, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "27,004 of 27,004 values of `distance` are outside 10 to 5500, such as '-1' in row 1 of 2013" in done.stdout
    assert done.stderr == ""
    assert json.loads((broken / "eval/months.json").read_bytes())["outcome"] == "fail"


def test_a_month_that_does_not_exist_stops_the_pipeline_with_a_sentence(project: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "project"
    shutil.copytree(project, wrong)
    months(wrong, [13])
    done = dvc("repro", cwd=wrong)
    assert done.returncode != 0
    assert "params.yaml: data.months: there are no flights in month 13 of 2013." in done.stderr
    assert "Traceback" not in done.stderr
