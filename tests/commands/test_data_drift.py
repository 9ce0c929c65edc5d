"""`mltool measure profile` and `mltool data drift` as their users call them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from mltool.cli.app import app
from mltool.errors import UserError


def mltool(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("drift")
    generator = np.random.default_rng(0)

    def table(rows: int, shift: float) -> pd.DataFrame:
        return pd.DataFrame(
            {"age": generator.normal(40 + 10 * shift, 10, rows), "town": generator.choice(["a", "b"], rows)}
        )

    for name, rows, shift in (("train", 5000, 0), ("same", 5000, 0), ("few", 50, 0), ("moved", 5000, 1)):
        table(rows, shift).to_csv(place / f"{name}.csv", index=False)
    table(5000, 0).assign(age="old").to_csv(place / "text.csv", index=False)
    assert mltool("measure", "profile", place / "train.csv", "--out", place / "profile.json").exit_code == 0
    return place


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        ("same", 0, "✅ No drift"),
        ("few", 3, "❓ No drift found, but too few rows to rule it out"),
        ("moved", 1, "❌ Drift in 1 column"),
        ("text", 1, "held numbers, and now holds text"),
    ],
)
def test_the_exit_code_and_the_first_words_say_it(name: str, code: int, sentence: str, folder: Path) -> None:
    found = mltool("data", "drift", folder / "profile.json", folder / f"{name}.csv", "--fail-undecided")
    assert found.exit_code == code
    assert sentence in found.output


def test_too_few_rows_fail_only_where_asked(folder: Path) -> None:
    assert mltool("data", "drift", folder / "profile.json", folder / "few.csv").exit_code == 0


def test_json_has_every_comparison_with_its_bounds(folder: Path) -> None:
    found = json.loads(mltool("data", "drift", folder / "profile.json", folder / "moved.csv", "--json").output)
    assert (found["schema"], found["state"], found["rows"]) == ("mltool.drift/1", "drifted", 5000)
    assert {(item["effect"], *item["columns"], item["state"]) for item in found["findings"]} == {
        ("nulls", "age", "steady"),
        ("shape", "age", "drifted"),
        ("nulls", "town", "steady"),
        ("categories", "town", "steady"),
        ("unseen", "town", "steady"),
    }
    shape = next(item for item in found["findings"] if item["effect"] == "shape")
    assert shape["margin"] < shape["low"] < shape["value"] < shape["high"]


def test_a_wider_margin_lets_more_pass(folder: Path) -> None:
    moved = ("data", "drift", folder / "profile.json", folder / "moved.csv")
    assert mltool(*moved, "--margin", 0.5).exit_code == 0


def test_a_profile_can_leave_columns_out(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "profile.json"
    mltool("measure", "profile", folder / "train.csv", "--out", out, "--without", "age")
    found = mltool("data", "drift", out, folder / "moved.csv")
    assert found.exit_code == 0
    assert "Not in the profile: age." in found.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("profile.json", "absent.csv"), "does not exist"),
        (("absent.json", "same.csv"), "cannot be read"),
        (("same.csv", "same.csv"), "is no profile"),
        (("profile.json", "same.csv", "--alpha", "1"), "no chance of a false alarm"),
    ],
)
def test_what_cannot_be_judged_is_one_sentence(words: tuple[str, ...], sentence: str, folder: Path) -> None:
    paths = [folder / word if "." in word else word for word in words]
    found = mltool("data", "drift", *paths)
    assert isinstance(found.exception, UserError)
    assert sentence in str(found.exception)
