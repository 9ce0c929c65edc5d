"""How often a test set has judged, counted in real histories."""

from pathlib import Path
from typing import Any

import pytest

from mltool.commands import evidence, gate
from mltool.commands.compare import compare
from mltool.gates.test_set import Life
from mltool.gates.verdict import Outcome
from mltool.report import json as report_json
from mltool.report.model import Report, Revision
from support.repos import Repo, entry, lock

GATES = '[gates.accuracy]\nmetric = "metrics.json:accuracy"\ntolerance = 0.02\n'
TEST = "data/split/test.csv"
DECLARED = f'{GATES}[test_set]\npath = "{TEST}"\nuses = 4\n'
PREDICTIONS = "eval/predictions.parquet"


def project(folder: Path, config: str = DECLARED) -> Repo:
    repo = Repo.create(folder)
    repo.write({"mltool.toml": config, "dvc.yaml": {"metrics": ["metrics.json"]}, ".gitignore": "/data\n/eval\n"})
    return repo


def locked(test: str, model: str) -> dict[str, Any]:
    """Return the files of a commit whose model was tested on some rows, as DVC would lock them."""
    said = entry(PREDICTIONS, f"{model} on {test}")
    predict = {"cmd": "predict", "deps": [entry(TEST, test)], "outs": [said]}
    stage = {"cmd": "predict", "deps": [TEST], "outs": [PREDICTIONS]}
    return {
        "dvc.yaml": {"stages": {"predict": stage}, "metrics": ["metrics.json"]},
        "dvc.lock": lock(predict=predict),
        "metrics.json": {"accuracy": 0.9},
    }


def judged(repo: Repo, *revisions: str) -> Report:
    return gate.judge(compare(repo.folder, *revisions), committed=False)


def life(repo: Repo, *revisions: str) -> Life:
    found = judged(repo, *revisions).test_set
    assert found is not None
    return found


def test_each_commit_with_other_predictions_is_a_use_of_the_test_set(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    repo.commit(locked("rows", "first"))
    since = repo.git("rev-parse", "HEAD")
    repo.commit({"README.md": "words"})
    repo.commit(locked("rows", "second"))
    repo.git("checkout", "-q", "-b", "work")
    repo.commit(locked("rows", "third"))
    found = life(repo)
    assert (found.uses, found.limit, found.since) == (3, 4, since)
    assert found.alpha_spent == pytest.approx(0.15)
    assert f"Test set: used at least 3 of 4 times since {since[:7]}." in judged(repo).notes


def test_the_work_tree_is_a_use_before_it_is_committed(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    repo.commit(locked("rows", "first"))
    assert life(repo).uses == 1
    repo.write(locked("rows", "second"))
    assert life(repo).uses == 2


def test_what_another_test_set_judged_does_not_count(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    repo.commit(locked("old rows", "first"))
    repo.commit(locked("old rows", "second"))
    repo.commit(locked("rows", "second"))
    since = repo.git("rev-parse", "HEAD")
    repo.commit(locked("rows", "third"))
    found = life(repo)
    assert (found.uses, found.since) == (2, since)


def test_a_test_set_that_this_change_brings_is_new(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    repo.commit(locked("old rows", "first"))
    repo.write(locked("rows", "second"))
    assert (life(repo).uses, life(repo).since) == (1, "")
    assert "Test set: used at least 1 of 4 times, which this change brings." in judged(repo).notes


def test_a_branch_is_not_counted_twice_and_not_against_what_came_on_the_target_since(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    repo.commit(locked("rows", "first"))
    repo.git("checkout", "-q", "-b", "work")
    repo.commit({"README.md": "words"})
    repo.git("checkout", "-q", "main")
    repo.commit(locked("rows", "on main"))
    repo.git("checkout", "-q", "work")
    assert life(repo).uses == 2
    repo.commit(locked("rows", "on work"))
    assert life(repo).uses == 3
    repo.git("checkout", "-q", "main")
    assert life(repo).uses == 2
    assert life(repo, "HEAD~1", "HEAD~1").uses == 1


def test_a_test_set_that_is_used_up_warns_and_blocks_nothing(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    for model in "abcd":
        repo.commit(locked("rows", model))
    report = judged(repo)
    found = next(verdict for verdict in report.verdicts if verdict.gate == "test set")
    assert (found.outcome, found.level, found.blocks) == (Outcome.FAIL, "warn", False)
    assert report.outcome is Outcome.PASS
    assert "used at least 4 of 4 times" in found.sentence
    assert "Refresh it" in found.sentence
    assert "20 %" in found.sentence
    assert not any("Test set" in note for note in report.notes)
    assert report_json.loads(report_json.dumps(report)).test_set == report.test_set


def test_without_predictions_the_gated_values_tell_models_apart(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", DECLARED.replace(TEST, "test.csv"))
    repo.commit({"test.csv": "1,2", "metrics.json": {"accuracy": 0.8, "seconds": 1}})
    repo.commit({"metrics.json": {"accuracy": 0.8, "seconds": 2}})
    repo.commit({"metrics.json": {"accuracy": 0.9, "seconds": 2}})
    assert life(repo).uses == 2


def test_a_test_set_in_a_tracked_folder_is_told_from_the_training_rows_beside_it(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")

    def folder(train: str, model: str) -> dict[str, Any]:
        listing = f'[{{"md5": "{entry("", train)["md5"]}", "relpath": "train.csv"}}, ' \
                  f'{{"md5": "{entry("", "rows")["md5"]}", "relpath": "test.csv"}}]'  # fmt: skip
        out = entry("data/split", listing)
        digest = f"{out['md5']}.dir"
        split = {"cmd": "split", "outs": [out | {"md5": digest, "nfiles": 2}]}
        predict = {"cmd": "predict", "outs": [entry(PREDICTIONS, model)]}
        outs = {"split": "data/split", "predict": PREDICTIONS}
        stages = {name: {"cmd": name, "outs": [path]} for name, path in outs.items()}
        return {
            f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}": listing,
            "dvc.yaml": {"stages": stages, "metrics": ["metrics.json"]},
            "dvc.lock": lock(split=split, predict=predict),
            "metrics.json": {"accuracy": 0.9},
        }

    repo.commit(folder("few", "first"))
    repo.commit(folder("many", "second"))
    found = life(repo)
    assert found.uses == 2
    assert found.hash == f"md5:{entry('', 'rows')['md5']}"


def test_a_shallow_clone_says_that_it_does_not_know_all(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    for model in "abc":
        repo.commit(locked("rows", model))
    clone = repo.clone(tmp_path / "clone", "--depth", "2")
    found = judged(clone)
    assert found.test_set is not None
    assert (found.test_set.uses, found.test_set.shallow) == (2, True)
    assert any("shallow, so older uses are not counted" in note for note in found.notes)


def test_a_path_that_nothing_tracks_is_said(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", DECLARED.replace(TEST, "data/tset.csv"))
    repo.commit(locked("rows", "first"))
    assert judged(repo).test_set is None
    assert any("neither DVC nor Git tracks data/tset.csv" in note for note in judged(repo).notes)


def test_nothing_is_said_where_no_test_set_is_declared(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", GATES)
    repo.commit(locked("rows", "first"))
    repo.commit(locked("rows", "second"))
    report = judged(repo)
    assert report.test_set is None
    assert not any("est set" in note for note in report.notes)


def test_a_test_set_of_a_file_of_its_own_in_dvc_is_found(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    tracked = "outs:\n- md5: {}\n  size: 4\n  hash: md5\n  path: test.csv\n"
    for model in "ab":
        files = locked("no", model)
        files["dvc.lock"] = lock(predict={"cmd": "predict", "outs": [entry(PREDICTIONS, model)]})
        repo.git("rm", "-q", "--cached", "-r", "--ignore-unmatch", "data")
        repo.write({**files, ".gitignore": "/data/split/test.csv\n/eval\n",
                    f"{TEST}.dvc": tracked.format(entry("", "rows")["md5"])})  # fmt: skip
        repo.commit()
    assert life(repo).uses == 2


def leaking(rows: int) -> dict[str, Any]:
    found = {"train": "train.csv", "test": TEST, "digest": f"md5:{entry('', 'rows')['md5']}", "leaked": rows}
    return {**found, "train_rows": 10, "test_rows": 100, "columns": ["a"], "schema": "mltool.leakage/1", "repeated": 0}


def test_rows_that_leak_fail_where_none_may_and_no_fact_is_no_pass(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", f"{DECLARED}leaked = 0.0\n[facts]\nleakage = 'leakage.json'\n")
    repo.commit(locked("rows", "first"))
    for files, outcome in (({}, Outcome.UNDECIDED), ({"leakage.json": leaking(0)}, Outcome.PASS),
                           ({"leakage.json": leaking(3)}, Outcome.FAIL)):  # fmt: skip
        repo.commit(files)
        report = judged(repo)
        assert next(item.outcome for item in report.verdicts if item.gate == "leakage") is outcome
        assert report.outcome is outcome
    repo.commit(locked("other rows", "first"))
    found = next(item for item in judged(repo).verdicts if item.gate == "leakage")
    assert "leakage.json is of another data/split/test.csv" in found.sentence


def test_a_fact_of_another_test_set_in_git_is_no_pass(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", f"{DECLARED}leaked = 0.0\n[facts]\nleakage = 'leakage.json'\n")
    for rows, outcome in (("rows", Outcome.PASS), ("other rows", Outcome.UNDECIDED)):
        repo.commit({TEST: rows, "leakage.json": leaking(0), ".gitignore": "/eval\n"})
        assert next(item.outcome for item in judged(repo).verdicts if item.gate == "leakage") is outcome


def test_a_fact_that_nobody_gates_is_said_in_the_report(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", f"{GATES}[facts]\nleakage = 'leakage.json'\n")
    repo.commit(locked("rows", "first") | {"leakage.json": leaking(3)})
    compared = compare(repo.folder)
    revision = Revision(sha=compared.head_sha)
    notes = evidence.gather(compared, head=revision, committed=False).notes
    assert any(note.startswith("3 of 100 test rows (3 %) stand in the training table too") for note in notes)
