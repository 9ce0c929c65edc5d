"""release.json: one text for one release, and nothing else is read."""

import json as plain_json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mltool.errors import UserError
from mltool.gates.verdict import Outcome, Verdict
from mltool.release import json
from mltool.release.model import ApprovalRule, Destination, File, Input, Manifest, Metric

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "release.schema.json"
RULE = ApprovalRule(count=2, who=("ada", "bob"), not_author=True, evidence=("gates", "card"), expires="14d")
RELEASE = Manifest(
    model="delay",
    version="1.4.0",
    tree="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    tool="0.1.0",
    base="1.3.0",
    files=(File(path="model/m.skops", role="model", source="models/m.skops", sha256="a" * 64, md5="b" * 32, size=7),),
    generated=("CARD.md",),
    data=(Input(path="data.csv", hash="md5:1", size=12),),
    params=(Input(path="params.yaml", hash="sha256:2"),),
    code=(Input(path="naïve.py", hash="sha256:3", size=1),),
    python="3.11",
    environment={"numpy": "2.4.6", "attrs": "1"},
    inputs={"backend": "onnx", "inputs": [{"name": "hour", "maximum": 23.0}]},
    metrics=(Metric(path="m.json", key="auc", value=0.9, base="NaN", direction="higher"),),
    verdicts=(
        Verdict(gate="auc", metric="m.json:auc", outcome=Outcome.PASS, level="fail", sentence="Fine.", head=0.9),
    ),
    outcome=Outcome.PASS,
    card={"owner": "Ada"},
    destinations=(Destination(environment="prod", target="local", url="", replaces="1.3.0", approvals=RULE),),
)


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    document = plain_json.loads(json.dumps(RELEASE))
    change(document)
    return (plain_json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def test_a_release_read_back_is_the_release_written() -> None:
    assert json.loads(json.dumps(RELEASE).encode()) == RELEASE


def test_the_text_is_sorted_indented_and_ends_in_a_newline() -> None:
    text = json.dumps(RELEASE)
    document = plain_json.loads(text)
    assert text == plain_json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert list(document["environment"]) == ["attrs", "numpy"]
    assert "naïve.py" in text


def test_the_digest_is_that_of_the_text_and_moves_with_every_field() -> None:
    assert json.digest(RELEASE) == json.digest_of(json.dumps(RELEASE).encode())
    others = [replace(RELEASE, **{name: value}) for name, value in [("version", "1.4.1"), ("tree", "0"), ("base", "")]]
    assert len({json.digest(item) for item in (RELEASE, *others)}) == 4


def test_the_order_that_a_mapping_was_made_in_does_not_move_the_digest() -> None:
    turned = replace(RELEASE, environment=dict(reversed(RELEASE.environment.items())))
    assert json.digest(turned) == json.digest(RELEASE)


def test_a_distance_without_end_is_none_and_can_be_read_again() -> None:
    verdict = replace(RELEASE.verdicts[0], delta=math.inf)
    read = json.loads(json.dumps(replace(RELEASE, verdicts=(verdict,))).encode())
    assert read.verdicts[0].delta is None


def test_numbers_of_any_length_survive() -> None:
    metrics = (Metric(path="m.json", key="n", value=2**80), Metric(path="m.json", key="x", value=5e-324))
    release = replace(RELEASE, metrics=metrics)
    assert json.loads(json.dumps(release).encode()) == release


def test_a_name_that_is_no_unicode_is_refused_and_named() -> None:
    with pytest.raises(UserError, match=r"`caf` is not UTF-8.*Rename") as raised:
        json.dumps(replace(RELEASE, code=(Input(path="caf\udce9.py", hash="sha256:1"),)))
    assert raised.value.code == 2


def test_what_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(UserError, match="20,001 characters"):
        json.dumps(replace(RELEASE, card={"owner": "a" * 20_001}))


def test_every_release_is_valid_by_the_published_schema() -> None:
    jsonschema.validate(plain_json.loads(json.dumps(RELEASE)), plain_json.loads(SCHEMA.read_text()))


def test_the_published_schema_is_the_one_of_the_code() -> None:
    assert SCHEMA.read_text() == plain_json.dumps(json.schema(), indent=2) + "\n"


def test_a_release_of_a_newer_mltool_is_named_as_such() -> None:
    newer = changed(lambda document: document.update(schema="mltool.release/2", tool="3.0.0", strange={}))
    with pytest.raises(UserError, match=r"made by a newer mltool \(3\.0\.0\).*mltool\.release/2.*Update mltool"):
        json.loads(newer)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Expecting value"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe", "utf-8"),
        (b"[" * 100_000, "nested"),
        (b'{"schema": "mltool.report/1"}', "schema"),
        (changed(lambda document: document.pop("tree")), "tree"),
        (changed(lambda document: document["files"][0].update(role="virus")), "virus|enum"),
        (changed(lambda document: document["files"][0].update(size="7")), "int"),
        (json.dumps(RELEASE).replace("0.9,", "NaN,").encode(), "NaN is no number"),
        (b'{"card": {"owner": "' + b"a" * 30_000 + b'"}}', "30,000 characters"),
    ],
)
def test_what_is_no_release_is_refused_in_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(UserError, match=said) as raised:
        json.loads(content)
    assert "\n" not in raised.value.what


@pytest.mark.parametrize(
    "content",
    [
        changed(lambda document: document.update(surprise=1)),
        changed(lambda document: document["files"][0].update(surprise=1)),
        json.dumps(RELEASE).rstrip().encode(),
        json.dumps(RELEASE).replace("  ", " ").encode(),
        json.dumps(RELEASE).replace('"base": "1.3.0"', '"base": "1.2.0",\n  "base": "1.3.0"').encode(),
    ],
    ids=["key", "inner key", "newline", "spaces", "key twice"],
)
def test_another_spelling_of_a_release_is_no_release(content: bytes) -> None:
    with pytest.raises(UserError, match="not written as mltool writes it"):
        json.loads(content)


def test_a_file_too_large_is_not_parsed() -> None:
    with pytest.raises(UserError, match="20,000,001 bytes"):
        json.loads(b" " * (json.MOST_BYTES + 1))
