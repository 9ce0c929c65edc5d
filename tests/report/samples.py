"""Reports as projects make them, one for each thing a reader may meet."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mltool.gates.model_tests import Claim, ModelTest, ModelTests, judge
from mltool.gates.verdict import Outcome, Verdict
from mltool.report.data import Bars, ColumnChange, ColumnSide, DriftChange, Effect, Other, TableChange
from mltool.report.model import (
    CostRow,
    Curve,
    Graph,
    History,
    Matrix,
    MetricRow,
    Node,
    PlannedRelease,
    Production,
    Report,
    Revision,
    Series,
    Side,
    SliceRow,
    Trendline,
)
from mltool.snapshot.model import (
    Artifact,
    ArtifactChange,
    Changes,
    DataChange,
    Output,
    PackageChange,
    Problem,
    StageChange,
    Stale,
    ValueChange,
)

HEAD = Revision(sha="4f2c91be07a3d5518c6e9b20f7714a85de3301c9", ref="deeper-trees", subject="Try depth 6")
BASE = Revision(sha="d0e1aa54c97b86f23014e5bb88c27f1c5f0a9d36", ref="main", subject="Add July")
COMMITS = tuple(f"{i * 7919 % 16**7:07x}{'0' * 33}" for i in range(1, 21))


def regression() -> Report:
    """A change that trades recall for precision, with everything a project can have."""
    return Report(
        tool="0.1.0",
        head=HEAD,
        base=BASE,
        behind=3,
        outcome=Outcome.FAIL,
        production=Production(version="v1.4.0", sha="9" * 40),
        metrics=(
            metric("accuracy", 0.8713, 0.8745, live=0.8702),
            metric("recall", 0.8021, 0.7811, live=0.7990),
            metric("precision", 0.7702, 0.7904, live=0.7688),
            metric("log_loss", 0.31842, 0.32518, live=0.3201),
            metric("roc_auc", 0.9127, 0.9127, live=0.9101),
            metric("test.rows", 84_194, 84_194),
            metric("train.rows", 252_582, 249_570),
            metric("model", "hist_gradient_boosting", "hist_gradient_boosting"),
        ),
        verdicts=(
            judged("accuracy", 0.8713, 0.8745, 0.005),
            judged("recall", 0.8021, 0.7811, 0.005),
            judged("log_loss", 0.31842, 0.32518, 0.005, higher=False, level="warn"),
            judged("roc_auc", 0.9127, 0.9127, 0.002),
            shown("precision", 0.7702, 0.7904),
        ),
        changes=Changes(
            params=(
                ValueChange(path="params.yaml", key="train.max_depth", kind="changed", old=12, new=6),
                ValueChange(path="params.yaml", key="train.learning_rate", kind="changed", old=0.1, new=0.05),
                ValueChange(path="params.yaml", key="train.class_weight", kind="added", old=None, new="balanced"),
            ),
            data=(
                DataChange(
                    path="data/flights.parquet",
                    kind="changed",
                    old=Output(path="data/flights.parquet", hash="md5:1", size=31_402_113),
                    new=Output(path="data/flights.parquet", hash="md5:2", size=31_027_840),
                ),
                DataChange(
                    path="data/weather",
                    kind="changed",
                    old=Output(path="data/weather", hash="md5:1.dir", size=2_400_000, files=12),
                    new=Output(path="data/weather", hash="md5:2.dir", size=2_600_000, files=13),
                    added=1,
                    removed=0,
                    modified=2,
                ),
            ),
            stages=(
                StageChange(stage="train", kind="changed", reasons=("params", "train.py")),
                StageChange(stage="evaluate", kind="changed", reasons=("model.skops",)),
            ),
            packages=(PackageChange(name="scikit-learn", kind="changed", old="1.5.2", new="1.7.0"),),
            artifacts=(
                ArtifactChange(
                    name="delay",
                    kind="changed",
                    old=Artifact(name="delay", path="models/model.skops"),
                    new=Artifact(name="delay", path="models/model.skops"),
                ),
            ),
        ),
        slices=(
            group("carrier", "AA", 8_201, 0.811, 0.802),
            group("carrier", "B6", 13_480, 0.793, 0.741),
            group("carrier", "DL", 12_002, 0.822, 0.829),
            group("carrier", "OO", 32, 0.750, 0.625),
            group("origin", "EWR", 30_440, 0.806, 0.790),
            group("origin", "JFK", 27_921, 0.811, 0.775),
            group("origin", "LGA", 25_833, 0.790, 0.781),
        ),
        curves=(
            curve("eval/roc.json", "ROC", "fpr", "tpr", lambda x: x**0.28, lambda x: x**0.33),
            curve("eval/pr.json", "Precision and recall", "recall", "precision", _fall, lambda x: _fall(x) ** 1.25),
            curve("eval/calibration.json", "Calibration", "predicted", "observed", lambda x: x**1.15, lambda x: x**0.8),
            curve("eval/loss.csv", "Loss", "step", "loss", _loss, lambda x: _loss(x) + 0.03, across=200),
        ),
        matrices=(
            Matrix(
                path="eval/confusion.csv",
                title="Confusion",
                labels=("on time", "late"),
                base=((60_120, 5_210), (3_711, 15_153)),
                head=((60_903, 4_427), (4_108, 14_756)),
            ),
        ),
        graph=Graph(
            nodes=(
                Node(stage="features", state="changed", note="params"),
                Node(stage="train", state="changed", note="params, train.py"),
                Node(stage="evaluate", state="downstream", note="model.skops"),
                Node(stage="package", state="downstream"),
                Node(stage="explain", state="added"),
            ),
            edges=(("features", "train"), ("train", "evaluate"), ("train", "package"), ("train", "explain")),
        ),
        cost=(
            CostRow(name="train_seconds", base=12.41, head=74.9),
            CostRow(name="peak_memory_bytes", base=612_000_000, head=640_400_000),
            CostRow(name="model_bytes", base=1_204_332, head=803_121),
            CostRow(name="predict_seconds", base=0.000_041, head=0.000_038),
        ),
        history=History(
            commits=COMMITS,
            lines=(
                trend("accuracy", [0.861 + 0.0005 * i + 0.002 * math.sin(i) for i in range(20)]),
                trend("recall", [None, None, *(0.79 + 0.006 * math.sin(i / 2) for i in range(18))]),
                trend("log_loss", [0.34 - 0.001 * i for i in range(20)]),
            ),
        ),
        releases=(
            planned(
                outcome=Outcome.FAIL,
                missing=(
                    "The gates fail: recall fell to 0.7811 from 0.7990, 0.0179 worse; 0.005 is allowed. "
                    "Evidence `gates` wants a pass.",
                    "prod needs 2 approvals by ada or grace, not by an author of it; none so far.",
                ),
            ),
        ),
    )


def good() -> Report:
    """A change that is better everywhere."""
    return Report(
        tool="0.1.0",
        head=HEAD,
        base=BASE,
        behind=0,
        outcome=Outcome.PASS,
        metrics=(metric("accuracy", 0.8713, 0.8794), metric("f1", 0.781, 0.7935), metric("log_loss", 0.318, 0.318)),
        verdicts=(
            judged("accuracy", 0.8713, 0.8794, 0.005),
            judged("f1", 0.781, 0.7935, 0.005),
            judged("log_loss", 0.318, 0.318, 0.005, higher=False),
            Verdict(
                gate="dvc.lock",
                metric="",
                outcome=Outcome.PASS,
                level="fail",
                sentence="dvc.lock matches the commit: all 6 stages are up to date.",
                rule="must match the commit",
                test="hashes",
            ),
        ),
        changes=Changes(
            params=(ValueChange(path="params.yaml", key="train.epochs", kind="changed", old=10, new=20),),
        ),
    )


def first() -> Report:
    """The first pull request of a project: nothing to be compared with."""
    return Report(
        tool="0.1.0",
        head=HEAD,
        outcome=Outcome.SKIP,
        base_note="The merge base d0e1aa5 has no pipeline.",
        metrics=(metric("accuracy", None, 0.8713), metric("train_seconds", None, 12.41), metric("rows", None, 84_194)),
        verdicts=(
            Verdict(
                gate="accuracy",
                metric="metrics.json:accuracy",
                outcome=Outcome.SKIP,
                level="fail",
                sentence="accuracy is 0.8713; there is no baseline yet.",
                direction="higher",
                head=0.8713,
                rule="may fall by at most 0.005",
            ),
        ),
    )


def broken() -> Report:
    """A metrics file that is no JSON, a metric that is NaN, data that could not be reached, a stale lock."""
    sentence = "metrics.json line 7: expected a value, found `}`."
    return Report(
        tool="0.1.0",
        head=Revision(sha=HEAD.sha, ref="broken", dirty=True),
        base=BASE,
        behind=1,
        outcome=Outcome.FAIL,
        metrics=(metric("accuracy", 0.8713, None), metric("loss", 0.31, "NaN", path="other.json")),
        verdicts=(
            Verdict(
                gate="accuracy",
                metric="metrics.json:accuracy",
                outcome=Outcome.FAIL,
                level="fail",
                sentence=sentence,
                direction="higher",
                rule="may not fall",
            ),
            Verdict(
                gate="other.json:loss",
                metric="other.json:loss",
                outcome=Outcome.FAIL,
                level="warn",
                sentence="`loss` in other.json is NaN, not a finite number.",
                direction="lower",
                declared=False,
            ),
            Verdict(
                gate="dvc.lock",
                metric="",
                outcome=Outcome.FAIL,
                level="fail",
                sentence="dvc.lock is not what this commit produces: train (train.lr changed). Run `dvc repro`.",
                rule="must match the commit",
                test="hashes",
            ),
        ),
        stale=(Stale(stage="train", reason="params.yaml train.lr changed"),),
        problems=(
            Problem(path="metrics.json", kind="unreadable", sentence=sentence, line=7),
            Problem(
                path="eval/big.json", kind="unreachable", sentence="eval/big.json is neither in the cache nor here."
            ),
        ),
        notes=("The history of the target branch is cut short by a shallow clone.",),
    )


def many() -> Report:
    """500 metrics, most of which moved, and 300 slices."""
    return Report(
        tool="0.1.0",
        head=HEAD,
        base=BASE,
        outcome=Outcome.PASS,
        metrics=tuple(
            metric(f"class_{i:03}.f1", 0.5 + i / 1000, 0.5 + i / 1000 + (i % 7 - 3) / 500) for i in range(500)
        ),
        verdicts=(judged("class_003.f1", 0.503, 0.503, 0.01),),
        slices=tuple(group("country", f"C{i:03}", 10 * i, 0.7, 0.7 + (i % 11 - 5) / 100) for i in range(300)),
    )


def undecided() -> Report:
    """A base that is there and cannot be read: nobody may call that a pass."""
    return Report(
        tool="0.1.0",
        head=HEAD,
        base=BASE,
        outcome=Outcome.UNDECIDED,
        metrics=(metric("accuracy", None, 0.8713), metric("f1", 0.78, 0.79)),
        verdicts=(
            Verdict(
                gate="accuracy",
                metric="metrics.json:accuracy",
                outcome=Outcome.UNDECIDED,
                level="fail",
                sentence="The base cannot be read: metrics.json is not valid JSON.",
                direction="higher",
                head=0.8713,
                rule="may fall by at most 0.005",
            ),
            judged("f1", 0.78, 0.79, 0.005),
        ),
    )


def live() -> Report:
    """Better than main and worse than what is live."""
    return Report(
        tool="0.1.0",
        key="churn",
        head=HEAD,
        base=BASE,
        outcome=Outcome.PASS,
        production=Production(version="churn@2.1.0", sha="8" * 40),
        metrics=(
            metric("rmse", 12.113, 11.874, live=11.201),
            metric("latency_seconds", 0.0412, 0.0398, live=0.0231),
            metric("model_bytes", 31_400_000, 33_400_512, live=28_000_001),
            metric("accuracy", 0.9, 0.9, live=0.91),
        ),
        verdicts=(
            judged("rmse", 12.113, 11.874, 0.1, higher=False),
            judged("latency_seconds", 0.0412, 0.0398, 0.0, higher=False),
            judged("model_bytes", 31_400_000, 33_400_512, 3_000_000, higher=False, level="warn"),
        ),
        releases=(
            planned(model="team/churn", version="2.1.1", replaces="2.1.0"),
            planned(model="team/price", version="0.1.0", replaces=""),
            planned(model="team/delay", registered=True),
            PlannedRelease(
                model="team/stock",
                environment="prod",
                problem="release/team/stock/export.json is not in Git at this commit.",
            ),
        ),
    )


def empty() -> Report:
    """Nothing at all."""
    return Report(head=Revision(sha=""), outcome=Outcome.SKIP)


def unconfigured() -> Report:
    """A project without mltool.toml: well-known names are shown and not judged."""
    return Report(
        tool="0.1.0",
        head=HEAD,
        base=BASE,
        outcome=Outcome.SKIP,
        metrics=(metric("accuracy", 0.87, 0.89), metric("loss", 0.31, 0.33), metric("epochs", 10, 12)),
        verdicts=(shown("accuracy", 0.87, 0.89), shown("loss", 0.31, 0.33, higher=False)),
    )


def odd() -> Report:
    """Values that are hard to write: not numbers, lists, text, huge, tiny, barely different."""
    pairs = (
        (math.pi * 1e300, math.pi * 2e300),
        (1.5e-9, 1.7e-9),
        (0.8712345, 0.8712346),
        (10**400, 10**401),
        ("Infinity", 3.0),
        ((1, 2, 3), (1, 2, 4)),
        ("resnet50", "resnet101"),
        (True, False),
        (1, 1.0000001),
        (0, 0.1),
        (-1.5, 1.5),
        (123_456_789, 123_456_790),
        (None, 0),
        (5, None),
        (100_000.0, 1e-3),
    )
    rows = tuple(metric(f"value_{i:02}", old, new) for i, (old, new) in enumerate(pairs))
    return Report(tool="0.1.0", head=HEAD, base=BASE, outcome=Outcome.SKIP, metrics=rows)


def paired() -> Report:
    """A change judged by the predictions of both sides, with every answer that an interval can give."""
    return Report(
        tool="0.1.0",
        head=HEAD,
        base=BASE,
        outcome=Outcome.FAIL,
        metrics=(
            metric("recall", 0.8021, 0.7811),
            metric("accuracy", 0.8713, 0.8701),
            metric("roc_auc", 0.9127, 0.9131),
            metric("log_loss", 0.31842, 0.12518),
            metric("f1", 0.781, 0.772),
        ),
        verdicts=(
            sure("recall", 0.8021, 0.7811, -0.0298, -0.0122, outcome=Outcome.FAIL),
            sure("recall", 0.79, 0.70, -0.15, -0.03, outcome=Outcome.FAIL, slice="carrier=B6", rows=420),
            sure("recall", 0.75, 0.75, -0.19, 0.18, outcome=Outcome.UNDECIDED, slice="carrier=OO", rows=32,
                 blind=True, rows_needed=40_000, smallest_drop=0.28),
            sure("recall", 0.82, 0.83, -0.004, 0.024, outcome=Outcome.PASS, slice="carrier=`DL`|x", rows=1_800),
            sure("accuracy", 0.8713, 0.8701, -0.0071, 0.0047, outcome=Outcome.UNDECIDED, rows_needed=3_700,
                 smallest_drop=0.0068),
            sure("roc_auc", 0.9127, 0.9131, -0.0009, 0.0017, outcome=Outcome.PASS, method="DeLong"),
            sure("log_loss", 0.31842, 0.12518, -0.2, -0.186, outcome=Outcome.PASS, direction="lower", suspicious=True),
            sure("f1", 0.781, 0.772, -0.014, -0.004, outcome=Outcome.PASS, accepted="until 2026-06-30: see #41"),
            sure("recall", 0.81, 0.70, -0.16, -0.06, outcome=Outcome.SKIP, slice="carrier & origin=B6 & JFK",
                 rows=130, declared=False),
        ),
        notes=("Compared row by row: 2,000 rows that both sides have. Left out: 12 of the base only.",),
    )  # fmt: skip


def sure(key: str, base: float, head: float, low: float, high: float, *, outcome: Outcome, **more: Any) -> Verdict:
    """The verdict of an interval."""
    known: dict[str, Any] = {
        "gate": key,
        "metric": f"metrics.json:{key}",
        "level": "fail",
        "sentence": f"{key} went to {head:.6g} from {base:.6g}: an interval.",
        "direction": "higher",
        "allowed": 0.005,
        "rule": "may fall by at most 0.005",
        "test": "paired",
        "alpha": 0.05,
        "rows": 2_000,
        "method": "McNemar, mid-p",
        "source": "Fagerland 2013",
    }
    better = head > base if more.get("direction", "higher") == "higher" else head < base
    trend = "same" if base == head else "better" if better else "worse"
    moved = head - base
    sides = {"base": base, "head": head, "delta": moved, "measured": moved, "low": low, "high": high, "trend": trend}
    return Verdict(outcome=outcome, **{**known, **sides, **more})


def examined() -> Report:
    """A good change whose model tests fail and cannot tell, on data that drifted."""
    run = ModelTests(
        commit=HEAD.sha,
        finished=True,
        seconds=41.2,
        arguments=("-k", "not slow"),
        passed=212,
        failed=2,
        undecided=1,
        skipped=1,
        tests=(
            ModelTest(
                name="tests/test_model.py::test_the_carrier_does_not_matter",
                result="failed",
                claims=(claim("The same prediction after the change", "fail", 6, 8, allowed=0.0),),
            ),
            ModelTest(name="tests/test_data.py::test_units[m]", result="error", model=False, said="KeyError at a.py:3"),
            ModelTest(
                name="tests/test_model.py::test_later_is_worse",
                result="undecided",
                claims=(claim("A prediction that moves up", "undecided", 0, 50, low=0.0, high=0.0582, needed=149),),
            ),
            ModelTest(
                name="tests/test_model.py::test_scores_are_probabilities",
                result="passed",
                claims=(
                    Claim(
                        statement="The calibration error", answer="pass", measured=0.012, low=0.0, high=0.024,
                        allowed=0.03, rows=5000,
                    ),
                ),
            ),
            ModelTest(
                name="tests/test_model.py::test_quick",
                result="passed",
                claims=(
                    Claim(
                        statement="The 50% quantile of the time to predict 100 rows", answer="pass", unit="ms",
                        measured=3.7, low=3.5, high=4.1, allowed=20.0,
                    ),
                ),
            ),
        ),
    )  # fmt: skip
    found = good()
    return replace(
        found, tests=run, tables=tables(), outcome=Outcome.FAIL, verdicts=(*found.verdicts, judge(run))
    )  # fmt: skip


def claim(statement: str, answer: Any, failed: int, rows: int, *, allowed: float = 0.02, **more: Any) -> Claim:
    return Claim(
        statement=statement, answer=answer, unit="share", measured=failed / rows, failed=failed, rows=rows,
        allowed=allowed, **more,
    )  # fmt: skip


def tables() -> tuple[TableChange, ...]:
    """Return a table that drifted, one that is new, and one that was too large."""
    drift = DriftChange(
        state="drifted",
        base_rows=6000,
        rows=6200,
        effects=(
            effect("shape", ("distance",), 0.213, 0.181, 0.249, "drifted"),
            effect("correlation", ("distance", "hour"), 0.31, 0.22, 0.4, "drifted"),
            effect("shape", ("hour",), 0.079, 0.048, 0.111, "undecided"),
        ),
        others=(Other(column="legacy", sentence="is gone"),),
        drifted=3,
        steady=9,
        undecided=1,
        new=("channel",),
    )
    numbers, words = ColumnSide(type="double", low=2.5, high=4000), ColumnSide(type="string", categories=4)
    return (
        TableChange(path="data/raw.parquet", problem="data/raw.parquet (12 GB) is over 1 GB: `mltool data diff`."),
        TableChange(path="data/wed.csv", head_rows=400),
        TableChange(
            path="data/flights.parquet", base_rows=6000, head_rows=6200, added=700, removed=500, changed=41,
            key=("id", "day"), same=3, drift=drift,
            columns=(
                ColumnChange(name="hour", base=replace(numbers, high=23), head=replace(numbers, high=23), cells=12),
                ColumnChange(
                    name="distance", base=numbers, head=replace(numbers, nulls=12, high=5000), cells=29,
                    bars=Bars(base=(0.5, 0.3, 0.2), head=(0.2, 0.3, 0.5), edges=(0.0, 1000.0, 2000.0, 5000.0)),
                ),
                ColumnChange(
                    name="carrier", base=words, head=words, came=("WN", "F9"), went=("AS",), cells=3,
                    bars=Bars(base=(0.6, 0.4, 0.0), head=(0.5, 0.4, 0.1), labels=("AA", "UA", "WN")),
                ),
                ColumnChange(name="channel", head=words),
                ColumnChange(name="legacy", base=words),
            ),
        ),
    )  # fmt: skip


def effect(kind: Any, columns: tuple[str, ...], value: float, low: float, high: float, state: Any) -> Effect:
    return Effect(effect=kind, columns=columns, value=value, low=low, high=high, margin=0.1, state=state)


SAMPLES: Mapping[str, Callable[[], Report]] = {
    "regression": regression,
    "good": good,
    "first": first,
    "broken": broken,
    "many": many,
    "undecided": undecided,
    "live": live,
    "empty": empty,
    "unconfigured": unconfigured,
    "odd": odd,
    "paired": paired,
    "tested": examined,
}


def metric(key: str, base: object, head: object, *, live: object = None, path: str = "metrics.json") -> MetricRow:
    return MetricRow(path=path, key=key, base=base, head=head, production=live)  # type: ignore[arg-type]


def planned(**more: Any) -> PlannedRelease:
    """A release that replaces the one before it."""
    known = PlannedRelease(
        model="delay",
        version="1.5.0",
        environment="prod",
        replaces="1.4.0",
        outcome=Outcome.PASS,
        digest=f"sha256:{'4f2c91be07a3d551' * 4}",
        files=32,
        size=1_284_331,
    )
    return replace(known, **more)


def judged(
    key: str, base: float, head: float, tolerance: float, *, higher: bool = True, level: str = "fail"
) -> Verdict:
    """The verdict as the gate would give it."""
    worse = base - head if higher else head - base
    beyond = worse > tolerance
    drop = "fall" if higher else "rise"
    return Verdict(
        gate=key,
        metric=f"metrics.json:{key}",
        outcome=Outcome.FAIL if beyond else Outcome.PASS,
        level="warn" if level == "warn" else "fail",
        sentence=f"{key} went to {head:.6g} from {base:.6g}; {tolerance:.3g} is allowed.",
        trend="same" if base == head else "worse" if worse > 0 else "better",
        direction="higher" if higher else "lower",
        base=base,
        head=head,
        delta=head - base,
        allowed=tolerance,
        rule=f"may {drop} by at most {tolerance:g}" if tolerance else f"may not {drop}",
    )


def shown(key: str, base: float, head: float, *, higher: bool = True) -> Verdict:
    """What a changed metric without a gate gets."""
    rose = head > base
    return Verdict(
        gate=f"metrics.json:{key}",
        metric=f"metrics.json:{key}",
        outcome=Outcome.SKIP,
        level="warn",
        sentence=f"{key} went to {head:.6g} from {base:.6g}. No gate is declared for it.",
        trend="better" if rose == higher else "worse",
        direction="higher" if higher else "lower",
        base=base,
        head=head,
        delta=head - base,
        declared=False,
    )


def group(column: str, value: str, rows: int, base: float, head: float) -> SliceRow:
    return SliceRow(column=column, value=value, metric="recall", rows=rows, base=base, head=head, direction="higher")


def curve(
    path: str,
    title: str,
    x: str,
    y: str,
    base: Callable[[float], float],
    head: Callable[[float], float],
    *,
    across: float = 1.0,
) -> Curve:
    sides: tuple[tuple[Side, Callable[[float], float]], ...] = (("base", base), ("head", head))
    series = tuple(
        Series(side=side, name=y, points=tuple((across * i / 50, shape(i / 50)) for i in range(51)))
        for side, shape in sides
    )
    return Curve(path=path, title=title, x=x, y=y, series=series)


def trend(key: str, values: list[float | None]) -> Trendline:
    return Trendline(path="metrics.json", key=key, values=tuple(values))


def _fall(x: float) -> float:
    return 1 - 0.75 * x**2.2


def _loss(x: float) -> float:
    return 0.3 + 0.4 * math.exp(-5 * x)
