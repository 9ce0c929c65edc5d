"""The ML Test Score: what counts as evidence, what does not, and how it adds up."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mltool.cli.app import app
from mltool.commands.score import document, measure, words
from mltool.score import badge
from mltool.score.items import ITEMS, SECTIONS
from mltool.score.judge import POINTS, Answer, Score
from mltool.score.rules import RULES
from mltool.score.sources import read
from support import released
from support.repos import Repo

WORKFLOW = "jobs:\n  a:\n    steps:\n      - run: mltool ci run\n      - run: pytest\n      - run: mltool report\n"
RELEASE = "jobs:\n  a:\n    steps:\n      - run: mltool ci release\n"
MODEL_TEST = """
import pytest
from mltool.testing import check
import steps

def test_invariance(predict, test_set):
    check.invariant(predict, test_set, lambda rows: rows)

@pytest.mark.ml_test_score("model.5", "data.2")
def test_linear_model_is_worse(model):
    pass

def test_toy():
    check.equalised_odds([], [], [], max_gap=1)
"""


def found(repo: Repo) -> dict[str, Answer]:
    return {answer.item.id: answer for answer in measure(repo.folder).answers}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Return a project with a model and nothing around it."""
    return released.create(tmp_path_factory.mktemp("scored") / "project")


@pytest.fixture
def own(tmp_path: Path) -> Repo:
    """Return such a project for one test."""
    return released.create(tmp_path / "project")


def test_there_are_28_items_seven_in_each_section_and_each_says_what_to_do() -> None:
    assert [sum(item.section == section for item in ITEMS) for section in SECTIONS] == [7, 7, 7, 7]
    assert len({item.id for item in ITEMS}) == 28
    assert set(RULES) <= {item.id for item in ITEMS}
    for item in ITEMS:
        assert [bool(item.remedy), bool(item.hidden), item.people].count(True) == 1, item.id


def test_a_project_without_workflows_has_done_things_by_hand(project: Repo) -> None:
    answers = found(project)
    by_hand = {name for name, answer in answers.items() if answer.status == "by hand"}
    assert by_hand == {"infra.1", "infra.4", "infra.6", "monitor.3"}
    assert not [name for name, answer in answers.items() if answer.status == "met"]
    assert measure(project.folder).total == 0


def test_a_workflow_that_repeats_it_makes_it_met(own: Repo) -> None:
    own.write({".github/workflows/ci.yml": WORKFLOW, ".github/workflows/release.yml": RELEASE})
    met = {name for name, answer in found(own).items() if answer.status == "met"}
    assert met == {"infra.1", "infra.3", "infra.4", "infra.6", "monitor.3"}


def test_what_stands_in_a_comment_of_a_workflow_runs_nothing(own: Repo) -> None:
    own.write({".github/workflows/ci.yml": WORKFLOW.replace("- run:", "# - run:")})
    assert not [name for name, answer in found(own).items() if answer.status == "met"]


def test_tests_count_where_they_ask_the_model_and_where_they_are_marked(own: Repo) -> None:
    own.write({"tests/test_model.py": MODEL_TEST, ".github/workflows/ci.yml": WORKFLOW})
    answers = found(own)
    assert answers["infra.2"].evidence[0].says == "tests/test_model.py::test_invariance (invariant)"
    assert answers["model.5"].evidence[0].says == "tests/test_model.py::test_linear_model_is_worse"
    assert [answers[name].status for name in ("infra.2", "model.5", "data.2")] == ["met"] * 3
    # A check of made-up numbers is a test of the check.
    assert answers["model.7"].status == "open"


def test_a_stage_says_by_its_meta_which_item_it_answers_once_it_ran(own: Repo) -> None:
    text = (own.folder / "dvc.yaml").read_text()
    own.write({"dvc.yaml": text.replace("  train:\n", "  train:\n    meta: {ml_test_score: [model.3, model.99]}\n")})
    assert found(own)["model.3"].evidence[0].says == "stage train"
    never = "  tune:\n    cmd: tune\n    meta: {ml_test_score: [model.4]}\n    outs: [best.json]\n"
    own.write({"dvc.yaml": (own.folder / "dvc.yaml").read_text().replace("  evaluate:\n", f"{never}  evaluate:\n")})
    answers = found(own)
    assert answers["model.4"].status == "open"
    assert answers["infra.1"].lacking == "tune never ran: dvc.lock does not know it"


def test_a_contract_counts_where_a_stage_checks_data_by_it_and_it_is_in_git(own: Repo) -> None:
    text = (own.folder / "dvc.yaml").read_text()
    own.write({"dvc.yaml": text.replace("python steps.py train", "mltool data check c.yaml data.csv")})
    assert found(own)["data.1"].status == "open"
    own.write({"c.yaml": "columns: {}\n"})
    answers = found(own)
    assert answers["data.1"].evidence[0].says == "stage train checks c.yaml"
    assert answers["monitor.2"].lacking == "the contract is held against training data alone"
    assert answers["infra.1"].lacking.startswith("dvc.lock is behind: train")


def test_gates_with_slices_budgets_bots_and_rollbacks_count(own: Repo) -> None:
    config = (own.folder / "mltool.toml").read_text().replace("floor = 0.5", 'floor = 0.5\nslices = ["carrier"]')
    own.write({
        "mltool.toml": f"{config}\n[environments.prod.budget]\np99_ms = 20\n",
        ".github/dependabot.yml": "updates:\n  - package-ecosystem: github-actions\n",
    })  # fmt: skip
    answers = found(own)
    assert answers["model.6"].evidence[0].says == "gate accuracy judges carrier"
    assert answers["monitor.6"].status == "by hand"
    assert answers["monitor.1"].lacking == ".github/dependabot.yml watches no Python packages"
    own.write({".github/dependabot.yml": "updates:\n  - package-ecosystem: uv\n"})
    assert found(own)["monitor.1"].status == "met"


def test_a_gate_that_compares_groups_is_inclusion(own: Repo) -> None:
    gate = '\n[gates.parity]\nmetric = "metrics.json:demographic_parity_difference"\ngroup = "carrier"\n'
    own.write({"mltool.toml": (own.folder / "mltool.toml").read_text() + gate})
    assert found(own)["model.7"].evidence[0].says == "gate parity compares the groups of carrier"
    assert found(own)["model.7"].status == "by hand"


def test_a_schedule_that_runs_the_pipeline_keeps_models_young(own: Repo) -> None:
    own.write({".github/workflows/ci.yml": f"on:\n  schedule:\n    - cron: 0 3 * * 1\n{WORKFLOW}"})
    assert found(own)["monitor.4"].status == "met"
    own.write({".github/workflows/ci.yml": f"on:\n  schedule:\n    - cron: 0 3 * * 1\n{RELEASE}"})
    assert found(own)["monitor.4"].status == "open"


def test_what_no_file_can_show_is_not_seen_and_never_met(project: Repo) -> None:
    answers = found(project)
    assert {name for name, each in answers.items() if each.status == "unseen"} == {"model.1", "model.2", "monitor.7"}
    assert all(POINTS[answers[name].status] == 0 for name in ("model.1", "data.5"))


def test_code_of_the_features_must_be_tested_whole(own: Repo) -> None:
    text = (own.folder / "dvc.yaml").read_text()
    stage = "  features:\n    cmd: python make.py\n    deps: [make.py, more.py]\n    outs: [rows.csv]\n"
    text = text.replace("stages:\n", f"stages:\n{stage}", 1).replace("[steps.py, data.csv]", "[steps.py, rows.csv]", 1)
    own.write({"dvc.yaml": text, "make.py": "", "more.py": "", "test_make.py": "import make\n"})
    assert found(own)["data.7"].lacking == "no test imports more.py"
    own.write({"test_make.py": "import make\nfrom more import x\n"})
    assert found(own)["data.7"].evidence[0].says == "make.py, more.py: imported by test_make.py"


def test_the_score_is_the_least_of_the_four_sections() -> None:
    score = Score(answers=tuple(Answer(item=item, status="met") for item in ITEMS))
    assert (score.total, score.meaning) == (7, "exceptional")
    lacking = {"model.1": "open", "model.2": "by hand"}
    score = Score(answers=tuple(Answer(item=item, status=lacking.get(item.id, "met")) for item in ITEMS))  # type: ignore[arg-type]
    assert score.sections == {"data": 7, "model": 5.5, "infra": 7, "monitor": 7}
    assert score.total == 5.5


@pytest.mark.parametrize("source", [b"def broken(", b"\x00", b"\xff\xfe"])
def test_a_test_file_that_is_no_python_is_passed_over(source: bytes) -> None:
    assert read("test_x.py", source) is None


def test_checks_are_recognised_however_they_are_imported() -> None:
    source = (
        b"import mltool.testing.check as c\nfrom mltool.testing.check import served as same\n"
        b"class TestIt:\n    async def test_a(self, model):\n"
        b"        c.stable(model)\n        same(model)\n        other()\n"
    )
    made = read("test_x.py", source)
    assert made is not None
    assert set(made.checks["test_a"]) == {"stable", "served"}


def test_json_text_and_badge_say_the_same(project: Repo, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["score", "--json", "--badge", str(tmp_path / "b.svg"), "-C", str(project.folder)])
    told: dict[str, Any] = json.loads(done.stdout)
    score = measure(project.folder)
    assert told["schema"] == "mltool.score/1"
    assert len(told["items"]) == 28
    assert told["score"] == score.total
    assert json.loads(document(score)) == told
    text = words(score, width=100)
    assert "½ infra.1   Training is reproducible" in text
    assert max(len(line) for line in text.splitlines()) <= 110
    assert (tmp_path / "b.svg").read_text() == badge.render(score)


@pytest.mark.parametrize("points", [0, 0.5, 2, 3, 7])
def test_the_badge_is_read_aloud_and_has_contrast(points: float) -> None:
    class Fixed(Score):
        total = points  # type: ignore[assignment]

    drawn = badge.render(Fixed(answers=()))
    root = ET.fromstring(drawn)
    assert root.attrib["role"] == "img"
    assert f"{points:g} of 7" in root.attrib["aria-label"]
    for color in re.findall(r'fill="(#[0-9a-f]{6})"', drawn):
        assert 1.05 / (luminance(color) + 0.05) >= 4.5, color


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
