"""A whole small project with a real model, ready to be released: made in a second, and DVC runs it too.

`create` leaves a Git and DVC repository with one commit: data that DVC tracks, the stages train, evaluate and export,
a scikit-learn pipeline as skops, what `mltool measure export` leaves in `release/delay`, and a `mltool.toml` that
releases the model `delay`. What DVC stores is in the cache and in the remote `store`, a folder beside the repository.
`train_again` commits another model. Requirements name what is installed here, with the hashes of our own lock.
"""

import io
import runpy
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from support.repos import Repo, entry, md5

MODEL = "delay"
MODEL_FILE = "models/model.skops"
EXPORT = f"release/{MODEL}"
LIBRARIES = ("scikit-learn", "skops", "numpy", "msgspec", "uvicorn")
LOCK = Path(__file__).parents[2] / "uv.lock"

STEPS = '''"""The stages: `python steps.py train`, `evaluate`, `export`."""

import csv
import hashlib
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mltool import measure

COLUMNS = ("carrier", "hour", "distance")
EXPORT = "release/delay"


def rows(folder: Path) -> list[dict]:
    with (folder / "data.csv").open() as file:
        return [
            {"carrier": row["carrier"], "hour": float(row["hour"]) if row["hour"] else None,
             "distance": float(row["distance"]), "late": int(row["late"])}
            for row in csv.DictReader(file)
        ]


def table(rows: list[dict]) -> np.ndarray:
    cells = [[np.nan if row[name] is None else row[name] for name in COLUMNS] for row in rows]
    return np.array(cells, dtype=object)


def train(folder: Path) -> None:
    data = rows(folder)[:150]
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    prepared = ColumnTransformer([("text", OneHotEncoder(handle_unknown="ignore"), [0]), ("numbers", numbers, [1, 2])])
    strength = YAML(typ="safe").load(folder / "params.yaml")["train"]["strength"]
    model = make_pipeline(prepared, LogisticRegression(C=strength))
    model.fit(table(data), np.array([row["late"] for row in data]))
    (folder / "models").mkdir(exist_ok=True)
    measure.save_model(model, folder / "models/model.skops")


def evaluate(folder: Path) -> None:
    data = rows(folder)[150:]
    right = load(folder).predict(table(data)) == [row["late"] for row in data]
    write(folder / "metrics.json", {"accuracy": float(right.mean()), "rows": len(data)})


def export(folder: Path) -> None:
    model = load(folder)
    asked = [{name: row[name] for name in COLUMNS} for row in rows(folder)[150:162]]
    edges = {"null": {"hour": None}, "unseen": {"carrier": "ZZ"}, "high": {"hour": 23.0, "distance": 5000.0}}
    asked = {f"sample-{number + 1}": row for number, row in enumerate(asked)} | {
        f"edge-{name}": asked[0] | change for name, change in edges.items()
    }
    scores = model.predict_proba(table(list(asked.values())))[:, 1]
    lines = [
        {"id": name, "row": row, "expected": {"label": int(score >= 0.5), "score": float(score)}}
        for (name, row), score in zip(asked.items(), scores)
    ]
    (folder / EXPORT).mkdir(parents=True, exist_ok=True)
    (folder / EXPORT / "golden.jsonl").write_text("".join(json.dumps(line) + "\\n" for line in lines))
    write(folder / EXPORT / "schema.json", {
        "schema": "mltool.model/1", "task": "binary", "classes": [0, 1], "threshold": 0.5, "backend": "sklearn",
        "columns": list(COLUMNS), "tolerance": 1e-6,
        "inputs": [
            {"name": "carrier", "type": "string", "nullable": False, "categories": ["AA", "DL", "UA"]},
            {"name": "hour", "type": "number", "nullable": True, "minimum": 0.0, "maximum": 23.0},
            {"name": "distance", "type": "number", "nullable": False, "minimum": 80.0, "maximum": 3000.0},
        ],
    })
    content = (folder / "models/model.skops").read_bytes()
    digests = {"sha256": hashlib.sha256(content).hexdigest(), "md5": hashlib.md5(content).hexdigest()}
    write(folder / EXPORT / "export.json", {
        "schema": "mltool.export/1", "files": {"models/model.skops": digests | {"size": len(content)}},
        "python": ".".join(platform.python_version_tuple()[:2]), "types": [],
        "onnx": None, "onnx_reason": "not asked for",
        "libraries": {name: version(name) for name in ("scikit-learn", "skops", "numpy")},
    })


def load(folder: Path):
    return measure.load_model(folder / "models/model.skops")


def write(path: Path, document: dict) -> None:
    path.write_text(json.dumps(document, indent=1) + "\\n")


if __name__ == "__main__":
    {"train": train, "evaluate": evaluate, "export": export}[sys.argv[1]](Path())
'''

PIPELINE = """stages:
  train:
    cmd: python steps.py train
    deps: [steps.py, data.csv]
    params: [train.strength]
    outs: [models/model.skops]
  evaluate:
    cmd: python steps.py evaluate
    deps: [steps.py, data.csv, models/model.skops]
    metrics: [{metrics.json: {cache: false}}]
  export:
    cmd: python steps.py export
    deps: [steps.py, data.csv, models/model.skops]
    outs:
      - release/delay/export.json: {cache: false}
      - release/delay/golden.jsonl: {cache: false}
      - release/delay/schema.json: {cache: false}
artifacts:
  delay: {path: models/model.skops, type: model, desc: Is this flight late}
"""

CONFIG = """[gates.accuracy]
metric = "metrics.json:accuracy"
direction = "higher"
floor = 0.5

[models.delay]
path = "models/model.skops"

[models.delay.card]
owner = "Ada Example <ada@example.org>"
intended_use = "Tells passengers whether their flight will be late."
limits = "Trained on three carriers; not for cargo."
license = "Apache-2.0"

[environments.prod]
target = "local"
"""


def create(
    folder: Path, *, strength: float = 1.0, config: str = "", onto: Mapping[str, Any] | None = None, steps: str = STEPS
) -> Repo:
    """Make the project in `folder` and commit it; `config` is added to mltool.toml, `onto` are more files.

    `steps` is the text of steps.py, for a pipeline that does something else.
    """
    repo = Repo.create(folder)
    repo.write({
        ".dvc/config": "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../store\n",
        ".gitignore": "/data.csv\n/models\n__pycache__/\n",
        "data.csv.dvc": _yaml({"outs": [entry("data.csv", _data())]}),
        "dvc.yaml": PIPELINE,
        "steps.py": steps,
        "mltool.toml": CONFIG + config,
        f"{EXPORT}/requirements.txt": requirements(),
        **(onto or {}),
    })  # fmt: skip
    train_again(repo, strength=strength, message="First model")
    return repo


def train_again(repo: Repo, *, strength: float, message: str = "Train again") -> str:
    """Leave what `dvc repro` would, with this regularisation, and what `dvc push` would; commit, return the SHA."""
    steps = (repo.folder / "steps.py").read_text()
    made = _made(strength, steps)
    repo.write(made)
    for content in (made["data.csv"], made[MODEL_FILE]):
        for home in (repo.folder / ".dvc/cache", repo.folder.parent / "store"):
            place = home / "files/md5" / md5(content)[:2] / md5(content)[2:]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    repo.write({"dvc.lock": _lock(made, strength, steps)})
    return repo.commit(message=message)


@cache
def requirements() -> str:
    """Return what serving needs, as `uv pip compile --generate-hashes` writes it, without asking an index."""
    packages = [package for package in tomllib.loads(LOCK.read_text())["package"] if "version" in package]
    locked = {package["name"]: package for package in packages if package["version"] == _installed(package["name"])}
    wanted, lines = list(LIBRARIES), {}
    while wanted:
        name = wanted.pop()
        if name in lines or name not in locked:
            continue
        package = locked[name]
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
        hashes = sorted({f"--hash={file['hash']}" for file in files})
        lines[name] = " \\\n    ".join([f"{name}=={package['version']}", *hashes])
        wanted += [other["name"] for other in package.get("dependencies", ()) if "sys_platform" not in str(other)]
    return "".join(f"{lines[name]}\n" for name in sorted(lines))


def _installed(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return ""


@cache
def _made(strength: float, text: str) -> Mapping[str, bytes]:
    """Run the stages in this process, where scikit-learn is loaded once, and return what they left."""
    folder = Path(tempfile.mkdtemp(prefix="released-"))
    try:
        for name, content in {"steps.py": text, "params.yaml": _params(strength)}.items():
            (folder / name).write_text(content)
        (folder / "data.csv").write_bytes(_data())
        steps = runpy.run_path(str(folder / "steps.py"))
        for stage in ("train", "evaluate", "export"):
            steps[stage](folder)
        files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".py", ".pyc"))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    finally:
        shutil.rmtree(folder)


def _params(strength: float) -> str:
    return f"train:\n  strength: {strength}\n"


def _data() -> bytes:
    """Return 200 flights: late in the evening and with one of the carriers, and one in four as it comes."""
    lines = ["carrier,hour,distance,late"]
    for number in range(200):
        dice = int(md5(str(number)), 16)
        carrier, hour, distance = ("AA", "DL", "UA")[dice % 3], dice // 3 % 24, 80 + dice // 72 % 2900
        late = dice // 10**9 % 2 if dice // 10**8 % 4 == 0 else int(hour > 15 or carrier == "UA")
        lines.append(f"{carrier},{'' if number % 17 == 0 else hour},{distance},{late}")
    return "\n".join([*lines, ""]).encode()


def _lock(made: Mapping[str, bytes], strength: float, steps: str) -> str:
    source, data = entry("steps.py", steps), entry("data.csv", made["data.csv"])
    model = entry(MODEL_FILE, made[MODEL_FILE])
    exported = [entry(path, content) for path, content in made.items() if path.startswith(EXPORT)]
    stages = {
        "train": {"cmd": "python steps.py train", "deps": [data, source],
                  "params": {"params.yaml": {"train.strength": strength}}, "outs": [model]},
        "evaluate": {"cmd": "python steps.py evaluate", "deps": [data, model, source],
                     "outs": [entry("metrics.json", made["metrics.json"])]},
        "export": {"cmd": "python steps.py export", "deps": [data, model, source], "outs": exported},
    }  # fmt: skip
    return _yaml({"schema": "2.0", "stages": stages})


def _yaml(document: Mapping[str, Any]) -> str:
    """Return the text as DVC writes it, so that a stage that runs again changes no line."""
    text = io.StringIO()
    writer = YAML()
    writer.representer.ignore_aliases = lambda _: True
    writer.dump(document, text)
    return text.getvalue()


if __name__ == "__main__":
    create(Path(sys.argv[1]))
