"""Slices and secondary gates, together as strict as one."""

from typing import Any

from mltool.config import Config, Gate
from mltool.gates import holm, pipeline
from mltool.gates.difference import Difference
from mltool.gates.grounds import Grounds
from mltool.gates.verdict import Outcome, Verdict, overall, strictly
from mltool.snapshot.model import Values


def difference(where: str, p: float, **more: Any) -> Difference:
    known: dict[str, Any] = {
        "low": -0.1,
        "high": -0.001,
        "delta": -0.05,
        "error": 0.03,
        "rows": 200,
        "smallest_drop": 0.07,
    }
    return Difference(
        metric="m.json:acc", slice=where, base=0.9, head=0.85, p_worse=p, method="m", source="s",
        **{**known, **more},
    )  # fmt: skip


def judge(grounds: Grounds, **gate: Any) -> dict[str, Verdict]:
    config = Config(gates={"acc": Gate(metric="m.json:acc", tolerance=0.01, slices=("c",), **gate)})
    sides = [[Values(path="m.json", values={"acc": value})] for value in (0.9, 0.85)]
    found = pipeline.judge(config, base=sides[0], head=sides[1], has_base=True, grounds=grounds)
    return {item.slice: item for item in found}


def test_holm_is_that_of_the_paper() -> None:
    assert holm.adjusted({"a": 0.01, "b": 0.04, "c": 0.03}) == {"a": 0.03, "b": 0.06, "c": 0.06}
    assert holm.adjusted({}) == {}


def test_of_many_slices_only_those_that_stand_out_of_all_fail() -> None:
    slices = {("acc", f"c={number}"): difference(f"c={number}", 0.04) for number in range(20)}
    slices["acc", "c=bad"] = difference("c=bad", 0.0001)
    found = judge(Grounds(paired={**slices, ("acc", ""): difference("", 0.04)}))
    assert found["c=bad"].outcome is Outcome.FAIL
    assert {found[f"c={number}"].outcome for number in range(20)} == {Outcome.UNDECIDED}
    assert found["c=bad"].p_worse == 0.0021
    assert found[""].outcome is Outcome.FAIL  # the primary metric pays nothing for its slices


def test_a_secondary_gate_is_one_of_the_many() -> None:
    slices = {("acc", f"c={number}"): difference(f"c={number}", 0.04) for number in range(20)}
    found = judge(Grounds(paired={**slices, ("acc", ""): difference("", 0.04)}), secondary=True)
    assert found[""].outcome is Outcome.UNDECIDED


def test_a_slice_of_three_rows_is_not_judged() -> None:
    found = judge(Grounds(paired={("acc", ""): difference("", 0.5), ("acc", "c=x"): difference("c=x", 1e-9, rows=3)}))
    assert (found["c=x"].outcome, found["c=x"].blind) == (Outcome.UNDECIDED, True)
    assert "fewer than 30 rows" in found["c=x"].sentence


def test_a_slice_without_an_answer_is_said_and_undecided() -> None:
    found = judge(Grounds(paired={("acc", ""): difference("", 0.5), ("acc", "c=x"): "the truth has one class only"}))
    assert found["c=x"].sentence == "acc where c = x cannot be compared: the truth has one class only."
    assert (found["c=x"].outcome, found["c=x"].blind) == (Outcome.UNDECIDED, True)
    assert judge(Grounds(unpaired="the base has no file"))["c"].sentence == (
        "acc by c cannot be compared: the base has no file."
    )


def test_a_strict_gate_fails_the_slices_that_see_nothing() -> None:
    paired = {("acc", ""): difference("", 0.5), ("acc", "c=x"): difference("c=x", 0.5, high=0.1)}
    assert judge(Grounds(paired=paired), fail_on="undecided")["c=x"].outcome is Outcome.FAIL


def test_a_blind_slice_leaves_the_outcome_and_is_undecided_for_whoever_wants_no_doubt() -> None:
    passed = difference("", 0.5, low=-0.001, high=0.01, delta=0.005)
    seen = difference("c=y", 0.5, low=-0.03, high=0.02, delta=-0.005, smallest_drop=0.009)
    blind = tuple(judge(Grounds(paired={("acc", ""): passed, ("acc", "c=x"): difference("c=x", 0.5, rows=3)})).values())
    assert (overall(blind), strictly(overall(blind), blind)) == (Outcome.PASS, Outcome.UNDECIDED)
    near = tuple(judge(Grounds(paired={("acc", ""): passed, ("acc", "c=y"): seen})).values())
    assert overall(near) is Outcome.UNDECIDED
    warns = tuple(
        judge(
            Grounds(paired={("acc", ""): passed, ("acc", "c=x"): difference("c=x", 0.5, rows=3)}), level="warn"
        ).values()
    )
    assert strictly(overall(warns), warns) is Outcome.PASS
    good = tuple(judge(Grounds(paired={("acc", ""): passed, ("acc", "c=z"): passed})).values())
    assert strictly(overall(good), good) is Outcome.PASS
    assert strictly(Outcome.FAIL, blind) is Outcome.FAIL


def test_a_slice_that_the_change_lost_is_no_pass_and_not_blind() -> None:
    fine = difference("", 0.9, delta=0.0, low=-0.001, high=0.001)
    found = judge(Grounds(paired={("acc", ""): fine, ("acc", "c=x"): fine}, gone={"c=y": 1200, "d=z": 3}))
    assert set(found) == {"", "c=x", "c=y"}
    assert (found["c=y"].outcome, found["c=y"].blind) == (Outcome.UNDECIDED, False)
    lost = "acc where c = y cannot be compared: the base has 1,200 rows of it, and this change has none of them."
    assert found["c=y"].sentence == lost
    assert overall(found.values()) is Outcome.UNDECIDED


def test_a_strict_gate_fails_a_lost_slice() -> None:
    fine = difference("", 0.9, delta=0.0, low=-0.001, high=0.001)
    found = judge(Grounds(paired={("acc", ""): fine}, gone={"c=y": 1}), fail_on="undecided")
    assert found["c=y"].outcome is Outcome.FAIL
