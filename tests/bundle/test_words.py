"""What a bundle says about itself, from the manifest alone. `UPDATE_GOLDEN=1 pytest tests/bundle/test_words.py`."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from ruamel.yaml import YAML

from mltool.bundle import requirements, words
from mltool.errors import UserError
from mltool.gates.verdict import Outcome, Verdict
from mltool.release.model import File, Input, Manifest, Metric

DIGEST = f"sha256:{'d' * 64}"
LOCKED = f"""# by uv
numpy==2.4.6 ; python_version < '3.12' \\
    --hash=sha256:{"1" * 64} \\
    --hash=sha256:{"2" * 64}
    # via scikit-learn
numpy==2.5.5 ; python_version >= '3.12' --hash=sha256:{"3" * 64}
Scikit_Learn==1.9.1 --hash=sha256:{"4" * 64}
"""


def manifest(**changes: Any) -> Manifest:
    made = Manifest(
        model="delay",
        version="1.3.0",
        tree="a" * 40,
        tool="0.1.0",
        base="1.2.0",
        files=(
            file("golden.jsonl", "golden"),
            file("model/model.onnx", "onnx"),
            file("model/model.skops", "model", md5="5" * 32),
            file("requirements.txt", "requirements"),
            file("schema.json", "schema"),
            file("server/__main__.py", "server"),
        ),
        generated=("CARD.md", "Dockerfile", "bom.json"),
        data=(
            Input(path="data/rows.csv", hash="md5:" + "6" * 32, size=123),
            Input(path="data/months", hash="md5:7.dir"),
        ),
        params=(Input(path="params.yaml", hash="sha256:" + "8" * 64),),
        code=(Input(path="train.py", hash="sha256:" + "9" * 64, size=9),),
        python="3.11",
        environment={"numpy": "2.4.6, 2.5.5", "scikit-learn": "1.9.1"},
        inputs={
            "schema": "mltool.model/1",
            "task": "binary",
            "columns": ["carrier", "hour"],
            "classes": [0, 1],
            "backend": "onnx",
            "inputs": [
                {"name": "carrier", "type": "string", "categories": ["A|A", "<b>"]},
                {"name": "hour", "type": "number", "nullable": True, "minimum": 0, "maximum": 23.5},
            ],
        },
        onnx={"max_difference": 1.8e-7, "label_flips": 0, "rows": 20000},
        metrics=(
            Metric(path="metrics.json", key="accuracy", value=0.84, base=0.8, direction="higher"),
            Metric(path="metrics.json", key="rows", value=50),
        ),
        verdicts=(
            Verdict(
                gate="accuracy",
                metric="metrics.json:accuracy",
                outcome=Outcome.PASS,
                level="fail",
                sentence="accuracy is 0.84, better than 0.8.",
            ),
        ),
        outcome=Outcome.PASS,
        card={
            "owner": "Ada <ada@example.org>",
            "intended_use": "Tells passengers.",
            "limits": "Not for cargo.\n\n- nor for *trains*",
            "license": "Apache-2.0",
        },
        trusted=("pkg.Thing",),
    )
    return replace(made, **changes)


def file(path: str, role: Any, **rest: Any) -> File:
    return File(path=path, role=role, source=f"release/delay/{path}", sha256="b" * 64, size=10, **rest)


def written(**changes: Any) -> dict[str, str]:
    found = words.write(manifest(**changes), digest=DIGEST, locked=LOCKED)
    return {name: content.decode() for name, content in found.items()}


@pytest.mark.parametrize("name", ["CARD.md", "bom.json", "Dockerfile"])
def test_a_bundle_says_what_its_manifest_says(name: str) -> None:
    path = Path(__file__).parent / "golden" / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(written()[name])
    assert written()[name] == path.read_text()


def test_the_front_matter_of_the_card_is_yaml_that_others_read() -> None:
    _, front, _ = written()["CARD.md"].split("---\n", 2)
    found = YAML(typ="safe").load(front)
    assert found["license"] == "apache-2.0"
    assert found["pipeline_tag"] == "tabular-classification"
    assert found["model-index"][0]["results"][0]["metrics"][0] == {
        "type": "accuracy", "value": 0.84, "name": "metrics.json:accuracy"
    }  # fmt: skip


def test_a_pickle_is_said_in_bold() -> None:
    files = (*manifest().files, file("model/model.joblib", "model"))
    assert (
        "**`model/model.joblib` is a pickle: loading it runs any code" in written(files=files, pickle=True)["CARD.md"]
    )


def test_words_of_people_stay_words() -> None:
    card = written(card={"limits": "<script>alert(1)</script>"})["CARD.md"]
    assert "<script>" not in card
    assert "TODO" not in card
    assert "## Owner" not in card


@pytest.mark.parametrize(
    "changes", [{}, {"card": {}, "metrics": (), "data": (), "tool": ""}, {"version": "2.0.0-rc.1"}]
)
def test_the_bill_of_materials_is_cyclonedx(changes: dict[str, Any]) -> None:
    text = written(**changes)["bom.json"]
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert problem is None, problem
    assert json.loads(text)["metadata"]["component"]["type"] == "machine-learning-model"


def test_the_bill_of_materials_names_every_file_that_may_be_installed() -> None:
    components = json.loads(written()["bom.json"])["components"]
    found = {
        each["purl"]: [entry["content"][0] for entry in each["externalReferences"][0]["hashes"]]
        for each in components
        if each["type"] == "library"
    }
    assert found == {
        "pkg:pypi/numpy@2.4.6": ["1", "2"],
        "pkg:pypi/numpy@2.5.5": ["3"],
        "pkg:pypi/scikit-learn@1.9.1": ["4"],
    }


def test_another_release_has_another_serial_number() -> None:
    one, other = (
        json.loads(words.write(manifest(), digest=digest, locked=LOCKED)["bom.json"])["serialNumber"]
        for digest in (DIGEST, f"sha256:{'e' * 64}")
    )
    assert one != other


def test_an_unknown_python_has_no_image() -> None:
    with pytest.raises(UserError, match=r"no image of Python 3\.9"):
        written(python="3.9")


def test_a_name_cannot_write_lines_of_its_own() -> None:
    found = written(model="delay\nRUN evil\r\n# x", version="1\n2")
    assert [line for line in found["Dockerfile"].splitlines() if line.startswith("RUN")] == [
        "RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \\"
    ]
    assert [line for line in found["CARD.md"].splitlines() if line.startswith("# ")] == ["# delay RUN evil # x 1 2"]


def test_a_schema_that_is_none_is_a_sentence() -> None:
    with pytest.raises(UserError, match="The input schema of delay is none"):
        written(inputs={"backend": "sklearn"})


def test_a_folder_of_a_model_and_a_loader_are_copied_too() -> None:
    files = (*manifest().files, file("loader.py", "loader"))
    assert "loader.py" in written(files=files)["Dockerfile"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("numpy>=2", "does not pin"), ("numpy==2.4.6", "no --hash"), ("-e .", "does not pin"),
     ("numpy==2 --hash=md5:aa", "no --hash")],
)  # fmt: skip
def test_requirements_that_are_not_locked_are_refused(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        requirements.parse(line)


def test_a_marker_and_an_extra_are_no_part_of_the_name() -> None:
    (found,) = requirements.parse(
        f"uvicorn[standard]==0.54.0 ; sys_platform == 'win32' --hash=sha256:{'1' * 64}  # via x"
    )
    assert (found.name, found.version, found.marker) == ("uvicorn", "0.54.0", "sys_platform == 'win32'")
