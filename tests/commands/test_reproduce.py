"""`mltool release reproduce` on a real pipeline: the same, nearly the same, another; and a checkout left alone."""

from pathlib import Path

import pytest

from support import released
from support.repos import Repo
from support.said import Said, mltool

pytestmark = pytest.mark.slow
NOISE = "C=strength * (1 + {} * __import__('random').random()))"


def project(folder: Path, *, noise: float = 0.0) -> Repo:
    repo = released.create(folder / "project", steps=released.STEPS.replace("C=strength)", NOISE.format(noise)))
    said = mltool(repo.folder, "register", "delay", "1.0.0", "--no-push")
    assert said.code == 0, said.err
    return repo


def reproduce(repo: Repo, *words: str) -> Said:
    place = str(repo.folder.parent)
    return mltool(repo.folder, "release", "reproduce", "delay@v1.0.0", *words, TMPDIR=place)


def test_a_pipeline_that_its_inputs_decide_makes_the_same_bytes_again(tmp_path: Path) -> None:
    repo = project(tmp_path)
    released.train_again(repo, strength=0.01)  # what is checked out is another version
    (repo.folder / "steps.py").write_text("not even Python")
    before = repo.git("status", "--porcelain"), repo.git("worktree", "list")

    said = reproduce(repo, "--json")

    assert said.code == 0, said.err
    assert said.json["outcome"] == "equal"
    assert {file["path"] for file in said.json["files"]} == {
        "models/model.skops", "release/delay/golden.jsonl", "release/delay/schema.json"
    }  # fmt: skip
    assert before == (repo.git("status", "--porcelain"), repo.git("worktree", "list"))
    assert list(tmp_path.glob("mltool-*")) == []


def test_other_bytes_that_predict_the_same_are_good_and_explained(tmp_path: Path) -> None:
    said = reproduce(project(tmp_path, noise=1e-9))
    assert said.code == 0, said.err
    assert "prediction-equal" in said.out
    assert "`train` is the first stage with another output, and it had the same inputs" in said.out


def test_another_model_is_different_and_the_clone_stays_if_wanted(tmp_path: Path) -> None:
    said = reproduce(project(tmp_path, noise=1), "--json", "--keep")
    assert said.code == 1, said.err
    assert said.json["outcome"] == "different"
    assert said.json["predictions"]["max_difference"] > 1e-6
    kept = Path(said.err.split("The clone stays in ")[1].splitlines()[0])
    assert kept.is_relative_to(tmp_path)
    assert (kept / "models/model.skops").is_file()


def test_data_that_was_replaced_is_refused_before_anything_runs(tmp_path: Path) -> None:
    repo = project(tmp_path)
    for home in (repo.folder / ".dvc/cache", tmp_path / "store"):
        for path in (home / "files/md5").rglob("*"):
            if path.is_file():
                path.write_bytes(bytes(100))
    said = reproduce(repo)
    assert said.code == 1
    assert "data.csv in DVC's cache and in the remote `store` is not the file" in said.err


def test_a_stage_that_fails_is_named(tmp_path: Path) -> None:
    repo = project(tmp_path)
    repo.git("rm", "-q", "steps.py")
    repo.git("commit", "-q", "-m", "gone")
    repo.git("tag", "-f", "-a", "-m", "moved", "delay@v1.0.0")
    said = reproduce(repo)
    assert said.code == 2
    assert "steps.py" in said.err


@pytest.mark.parametrize("tag", ["delay#prod#1", "v1.0.0", "delay@v9.9.9"])
def test_only_a_registered_version_is_made_again(tag: str, tmp_path: Path) -> None:
    said = mltool(project(tmp_path).folder, "release", "reproduce", tag)
    assert said.code == 2
    assert "mltool:" in said.err
