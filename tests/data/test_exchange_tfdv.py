"""schema.pbtxt in and out, by the published message: what both can say survives, and what one cannot is named."""

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from mltool.data.contract import Column, Contract, Environment, Rows
from mltool.data.exchange import tfdv
from mltool.errors import UserError

BOTH = Contract(
    columns={
        "id": Column(type="integer"),
        "n": Column(type="integer", min=0, max=9, missing=0.25),
        "x": Column(type="number", min=0.5, missing=0.1),
        "t": Column(type="text", values=("a", "ü"), unseen=0.01, description="Size."),
        "b": Column(type="boolean"),
        "d": Column(type="date"),
        "at": Column(type="timestamp"),
        "promo": Column(type="text", missing=1.0, optional=True),
        "label": Column(type="integer"),
    },
    description="Orders.",
    rows=Rows(min=5, max=10, change=0.25),
    environments={"training": Environment(), "serving": Environment(absent=("label",))},
)
TAXI = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1.0 min_count: 1 } shape { dim { size: 1 } }
  float_domain { min: 0 disallow_nan: true is_embedding: true }
  drift_comparator { jensen_shannon_divergence { threshold: 0.1 } } }
feature { name: "company" type: BYTES domain: "company" presence { min_count: 7 } value_count { min: 1 max: 3 }
  distribution_constraints { min_domain_mass: 0.9 } skew_comparator { infinity_norm { threshold: 0.01 } } }
feature { name: "tips" type: FLOAT not_in_environment: "SERVING" presence { min_fraction: 0.5 } }
feature { name: "old" type: INT lifecycle_stage: DEPRECATED }
feature { name: "older" type: INT deprecated: true }
feature { name: "when" type: INT time_domain { integer_format: UNIX_SECONDS } }
feature { name: "paid" type: BYTES bool_domain { true_value: "Y" false_value: "N" } }
feature { name: "lost" type: BYTES domain: "nowhere" unique_constraints { min: 1 max: 9 } }
sparse_feature { name: "s" }
string_domain { name: "company" value: "Blue" value: "Green" }
default_environment: "SERVING"
default_environment: "TRAINING"
dataset_constraints { num_examples_drift_comparator { min_fraction_threshold: 0.5 max_fraction_threshold: 2.0 }
  num_examples_version_comparator { min_fraction_threshold: 0.5 } min_examples_count: 100 }
"""


def test_what_both_can_say_comes_back_the_same() -> None:
    text, lost = tfdv.write(BOTH)
    assert lost == ()
    assert tfdv.read(text.encode(), source="s.pbtxt") == (BOTH, ())


def test_what_is_written_is_the_message_that_tfdv_reads() -> None:
    schema = text_format.Parse(tfdv.write(BOTH)[0], schema_pb2.Schema())
    features = {feature.name: feature for feature in schema.feature}
    assert features["n"].presence.min_fraction == 0.75
    assert (features["n"].int_domain.min, features["n"].int_domain.max) == (0, 9)
    assert features["t"].distribution_constraints.min_domain_mass == 0.99
    assert not features["promo"].HasField("presence")
    assert list(schema.default_environment) == ["training", "serving"]
    assert list(features["label"].not_in_environment) == ["serving"]
    assert schema.dataset_constraints.num_examples_drift_comparator.max_fraction_threshold == 1.25


def test_a_schema_as_tfdv_writes_it_is_read_and_the_rest_is_named() -> None:
    contract, notes = tfdv.read(TAXI.encode(), source="s.pbtxt")
    assert contract.columns == {
        "fare": Column(type="number", min=0.0),
        "company": Column(type="text", missing=1.0, values=("Blue", "Green"), unseen=0.1),
        "tips": Column(type="number", missing=0.5),
        "old": Column(missing=1.0, optional=True),
        "older": Column(missing=1.0, optional=True),
        "when": Column(type="integer", missing=1.0, optional=True),
        "paid": Column(type="boolean", missing=1.0, optional=True),
        "lost": Column(type="text", missing=1.0, optional=True),
    }
    assert contract.rows == Rows(min=100, change=1.0)
    assert contract.environments == {"SERVING": Environment(absent=("tips",)), "TRAINING": Environment()}
    assert notes == (
        "`fare`: how many values it has is left out: a column has one in each row.",
        "`fare`: is_embedding is left out.",
        "`fare`: drift_comparator is left out.",
        "`company`: how many values it has is left out: a column has one in each row.",
        "`company`: presence of at least 7 values is left out.",
        "`company`: skew_comparator is left out.",
        "`old` is not asked, as its stage is DEPRECATED.",
        "`older` is not asked, as its stage is DEPRECATED.",
        "`when`: time_domain is left out, as its times are numbers.",
        "`paid`: true and false are written as a contract has it, not as 'Y' and 'N'.",
        "`lost`: the domain `nowhere` is none of the schema's, and is left out.",
        "`lost`: unique_constraints is left out.",
        "`rows.change`: the wider of 0.5 fewer and 1 more is taken for both sides.",
        "`num_examples_version_comparator` is left out.",
        "`sparse_feature` is left out.",
    )


def test_an_environment_has_what_it_is_given_and_what_it_is_not_refused() -> None:
    text = """
    feature { name: "a" } feature { name: "b" in_environment: "SERVING" }
    feature { name: "c" not_in_environment: "TRAINING" }
    default_environment: "TRAINING"
    """
    assert tfdv.read(text.encode(), source="s.pbtxt")[0].environments == {
        "TRAINING": Environment(absent=("c",)),
        "SERVING": Environment(absent=("a", "c")),
    }


def test_what_it_cannot_say_is_named() -> None:
    contract = Contract(
        columns={
            "a": Column(type="number", min=0, outside=0.1, optional=True, missing=0.2),
            "b": Column(type="text", pattern="x", min_length=1, unique=True, sensitive=True, references="b.csv:b"),
            "c": Column(type="date", max_age="1d", min="2026-01-01"),
            "d": Column(missing=1.0),
            "e": Column(type="integer", values=(1, 2)),
        },
        key=("b",),
        rules=("a > 0",),
        part="{b}",
        extra="allow",
        environments={"serving": Environment(optional=("a",))},
    )
    assert tfdv.write(contract)[1] == (
        "`a`: any share may be missing, not only 0.2, since it may be left out.",
        "`a`: its range is left out, since a share of 0.1 may be outside.",
        "`b`: pattern is left out.",
        "`b`: unique is left out.",
        "`b`: references is left out.",
        "`b`: sensitive is left out.",
        "`b`: lengths are left out.",
        "`c`: its range is left out, as it is of times.",
        "`c`: max_age is left out.",
        "`d`: it may be left out, since all of it may be missing.",
        "`d`: type any became TYPE_UNKNOWN.",
        "`e`: its values are left out, as they are numbers.",
        "`key` is left out.",
        "`rules` is left out.",
        "`part` is left out.",
        "`extra: allow` is left out: a feature that the schema does not name is an anomaly.",
        "`environments.serving`: optional is left out.",
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "`columns` names none"),
        (b"\xff", "s.pbtxt is not UTF-8 text."),
        (b"feature {", "s.pbtxt:1 is no schema.pbtxt: "),
        (b"feature { name: 'x' }\nfeature { nam: 'y' }", "s.pbtxt:2 is no schema.pbtxt: "),
        (b"feature { name: 'x' type: TENSOR }", "s.pbtxt:1 is no schema.pbtxt: "),
        (b"feature { name: 'x' } feature { name: 'x' }", "s.pbtxt has more than one feature `x`."),
        (b"feature { name: 'x' type: INT int_domain { min: 9 max: 1 } }", "`columns.x`: `min` 9 is above `max` 1."),
        (b"feature { struct_domain { " * 5000, "s.pbtxt"),
        (b"#" * 10_000_001, "s.pbtxt has 10,000,001 bytes; a schema has at most 10,000,000."),
    ],
)
def test_what_is_no_schema_is_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        tfdv.read(content, source="s.pbtxt")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_a_range_is_never_stricter_in_the_32_bits_that_the_message_has() -> None:
    contract = Contract(columns={"x": Column(type="number", min=-7.1, max=0.4), "y": Column(type="number", max=1e300)})
    text, _ = tfdv.write(contract)
    back, _ = tfdv.read(text.encode(), source="schema.pbtxt")
    low, high = back.columns["x"].min, back.columns["x"].max
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert -7.10001 < low <= -7.1
    assert 0.4 <= high < 0.40001
    assert back.columns["y"].max is None
