"""What is known becomes a report."""

from mltool.config import Config
from mltool.gates.verdict import Outcome, Verdict
from mltool.report.build import Evidence, build
from mltool.report.model import Revision
from mltool.snapshot.model import Snapshot, Values


def judged(key: str, part: str = "") -> Verdict:
    return Verdict(
        gate=key,
        metric=f"metrics.json:{key}",
        slice=part,
        outcome=Outcome.PASS,
        level="fail",
        sentence="",
        trend="same",
    )


def test_a_gate_with_many_slices_has_one_line_of_history_and_pushes_no_other_out() -> None:
    slices = tuple(judged("accuracy", f"carrier={number}") for number in range(20))
    file = Values(path="metrics.json", values={"accuracy": 0.8, "recall": 0.7})
    found = build(
        Evidence(
            config=Config(),
            head=Revision(sha="1" * 40),
            after=Snapshot(),
            verdicts=(judged("accuracy"), *slices, judged("recall")),
            past=(("2" * 40, {"metrics.json": file}),),
        )
    )
    assert [(line.key, line.values) for line in found.history.lines] == [("accuracy", (0.8,)), ("recall", (0.7,))]
