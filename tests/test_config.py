"""`mltool.toml` is read strictly, and its schema is published."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from mltool import config
from mltool.config import Ci, Config
from mltool.errors import UserError

SCHEMA = Path(__file__).parents[1] / "docs" / "schemas" / "mltool.schema.json"


def load(text: str) -> Config:
    return config.load({config.FILE: text.encode()})


def test_an_absent_file_means_the_defaults_but_a_stale_lock_only_warns() -> None:
    assert load("") == Config()
    undeclared = replace(Config(), ci=Ci(lock="warn"))
    assert config.load({}) == undeclared
    assert config.load({"pyproject.toml": b"[project]\nname = 'x'"}) == undeclared


def test_a_gate_is_read_with_every_key() -> None:
    gate = load("""
        [gates.accuracy]
        metric = "metrics.json:accuracy"
        direction = "higher"
        tolerance = "1%"
        floor = 0.85
        level = "warn"
        test = "tolerance"
    """).gates["accuracy"]
    assert (gate.metric, gate.tolerance, gate.floor, gate.level) == ("metrics.json:accuracy", "1%", 0.85, "warn")


def test_an_accepted_regression_has_a_day_and_no_key_of_its_own() -> None:
    entry = '[[accepted]]\nmetric = "m.json:a"\nvalue = 0.5\nuntil = 2026-12-21\nreason = "cheaper"\n'
    assert str(load(entry).accepted[0].until) == "2026-12-21"
    with pytest.raises(UserError, match=r"unknown key `accepted\[0\]\.reson`. Did you mean `reason`"):
        load(f'{entry}reson = "x"')


def test_the_columns_of_the_predictions_are_named() -> None:
    found = load('[predictions]\ncluster = "customer"\nslices = ["carrier"]\n').predictions
    assert (found.path, found.cluster, found.slices) == ("eval/predictions.parquet", "customer", ("carrier",))


def test_pyproject_serves_where_there_is_no_file_of_its_own() -> None:
    found = config.load({"pyproject.toml": b'[tool.mltool.gates.a]\nmetric = "m.json:auc"'})
    assert list(found.gates) == ["a"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gate = 1", "mltool.toml: unknown key `gate`. Did you mean `gates`?"),
        (
            "[gates.a]\nmetric='x'\ntolerence=1",
            "mltool.toml: unknown key `gates.a.tolerence`. Did you mean `tolerance`?",
        ),
        ("[facts]\nzzz=1", "mltool.toml: unknown key `facts.zzz`. Known here: cost, leakage, slices."),
        ("[gates.a]\nfloor=1", "mltool.toml: `gates.a` lacks `metric`."),
        ("[gates.a]\nmetric=3", "mltool.toml: `gates.a.metric`: expected `str`, got `int`."),
        (
            "[gates.a]\nmetric='x'\nlevel='loud'",
            "mltool.toml: `gates.a.level`: invalid enum value 'loud'; one of fail, warn.",
        ),
        ("gates = 3", "mltool.toml: `gates`: expected `object`, got `int`."),
        ("a = [\n1,", "mltool.toml is not valid TOML: Invalid value (at end of document)."),
        ("a = 1\nb = ]", "mltool.toml is not valid TOML: Invalid value (at line 2, column 5)."),
    ],
)
def test_a_mistake_is_one_sentence_with_the_way_out(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        load(text)
    assert str(caught.value) == sentence


def test_bytes_that_are_no_text_are_no_toml() -> None:
    with pytest.raises(UserError) as caught:
        config.load({config.FILE: b"[facts]\n\xff\xfe"})
    assert str(caught.value) == "mltool.toml is not valid TOML: line 2 is not UTF-8 text. Save it as UTF-8."


def test_the_published_schema_is_the_one_the_code_has() -> None:
    # To update: python -c "import json, mltool.config as c; print(json.dumps(c.schema(), indent=2))" > docs/schemas/…
    assert json.loads(SCHEMA.read_text()) == config.schema()


def test_the_published_schema_accepts_what_the_code_accepts_and_refuses_unknown_keys() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert validator.is_valid({"gates": {"a": {"metric": "m.json:auc", "tolerance": "1%"}}})
    assert not validator.is_valid({"gates": {"a": {"metric": "m.json:auc", "tolerence": 1}}})
    assert not validator.is_valid({"gatez": {}})
