"""A real pipeline whose test set moves: rows → a split, a model, its predictions on the test part, its accuracy."""

import sys
from pathlib import Path

from support.repos import Repo

PYTHON = sys.executable
STEPS = """
import csv, json, pathlib, sys
def rows(path):
    return list(csv.DictReader(open(path)))
def put(path, found, names):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        out = csv.DictWriter(file, names); out.writeheader(); out.writerows(found)
def split():
    every = rows("raw.csv")
    first = int(json.load(open("params.json"))["first"])
    put("data/train.csv", every[:400], every[0]); put("data/test.csv", every[first:], every[0])
def train():
    pathlib.Path("times.log").open("a").write("trained\\n")
    cut = json.load(open("cut.json"))["cut"]
    pathlib.Path("model.json").write_text(json.dumps({"cut": cut, "seen": len(rows("data/train.csv"))}))
def predict():
    cut = json.load(open("model.json"))["cut"]
    found = rows("data/test.csv")
    said = [int(float(row.get("x") or sys.exit("no x")) > cut) for row in found]
    put("eval/predictions.csv", [{"row_id": row["row_id"], "y_true": row["late"], "y_pred": label}
        for row, label in zip(found, said)], ["row_id", "y_true", "y_pred"])
def evaluate():
    found = rows("eval/predictions.csv")
    right = sum(row["y_true"] == row["y_pred"] for row in found) / len(found)
    pathlib.Path("metrics.json").write_text(json.dumps({"accuracy": right}))
globals()[sys.argv[1]]()
"""
CONFIG = """
[gates.accuracy]
metric = "metrics.json:accuracy"
tolerance = 0.02
[predictions]
path = "eval/predictions.csv"
[test_set]
path = "data/test.csv"
"""


def rows(count: int = 1_200) -> str:
    """Return rows of which `x > 0.5` says the label, but for each tenth among the first 700 and each fourth after."""
    made = ["row_id,x,late"]
    for at in range(count):
        x = (at * 37 % 101) / 101
        wrong = at % 10 == 0 if at < 700 else at % 4 == 0
        made.append(f"{at},{x:.4f},{int((x > 0.5) != wrong)}")
    return "\n".join(made) + "\n"


def pipeline() -> dict[str, object]:
    """Return `dvc.yaml`."""

    def stage(name: str, deps: list[str], outs: list[object], **more: object) -> dict[str, object]:
        return {"cmd": f"{PYTHON} steps.py {name}", "deps": deps, "outs": outs, **more}

    return {
        "stages": {
            "split": stage("split", ["raw.csv", "params.json"], ["data/train.csv", "data/test.csv"]),
            "train": stage("train", ["data/train.csv", "cut.json"], ["model.json"]),
            "predict": stage("predict", ["data/test.csv", "model.json"], ["eval/predictions.csv"]),
            "evaluate": {
                "cmd": f"{PYTHON} steps.py evaluate",
                "deps": ["eval/predictions.csv"],
                "metrics": [{"metrics.json": {"cache": False}}],
            },
        }
    }


def project(folder: Path) -> Repo:
    """Return the project on its first commit, which was run: tested on rows 400 to 1,199."""
    repo = Repo.create(folder)
    repo.write({
        "steps.py": STEPS, "raw.csv": rows(), "params.json": {"first": 400}, "cut.json": {"cut": 0.5},
        "dvc.yaml": pipeline(), "mltool.toml": CONFIG,
        ".gitignore": "/times.log\n/data\n/model.json\n/eval\n__pycache__/\n",
    })  # fmt: skip
    repo.dvc("repro", "--quiet")
    repo.commit(message="first")
    return repo


def move(repo: Repo, *, first: int = 700, cut: float = 0.5, **files: object) -> None:
    """Commit another test set, and another model where `cut` is one, as a branch would."""
    repo.git("checkout", "-q", "-b", "work")
    repo.write({"params.json": {"first": first}, "cut.json": {"cut": cut}, **files})
    repo.dvc("repro", "--quiet")
    repo.commit(message="another test set")
