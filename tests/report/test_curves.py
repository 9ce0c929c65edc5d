"""Plot files become curves and matrices."""

import json
from typing import Any

import pytest

from mltool.report import curves
from mltool.report.model import Curve, Matrix
from mltool.snapshot.model import Plot, Problem


def dump(rows: Any) -> bytes:
    return json.dumps(rows).encode()


def test_a_json_plot_overlays_base_and_head() -> None:
    plot = Plot(path="roc.json", x="fpr", y=("tpr",), title="ROC")
    found = curves.read(plot, base=dump([{"fpr": 0, "tpr": 0}]), head=dump({"roc": [{"fpr": 0, "tpr": 0.5}]}))
    assert isinstance(found, Curve)
    assert (found.title, found.x, found.y) == ("ROC", "fpr", "tpr")
    assert [(line.side, line.points) for line in found.series] == [("base", ((0.0, 0.0),)), ("head", ((0.0, 0.5),))]


def test_a_csv_without_axes_plots_its_last_column_over_steps() -> None:
    found = curves.read(Plot(path="a/loss.csv"), base=None, head=b"epoch,loss\n1,0.9\n2,nan\n3,0.4\n")
    assert isinstance(found, Curve)
    assert (found.title, found.x, found.y) == ("loss", "step", "loss")
    assert found.series[0].points == ((0.0, 0.9), (2.0, 0.4))


def test_a_long_curve_keeps_its_ends_and_its_spike() -> None:
    values = [0.0] * 100_000
    values[56_789] = 1.0
    text = "x,y\n" + "\n".join(f"{i},{value}" for i, value in enumerate(values))
    found = curves.read(Plot(path="l.csv", x="x", y=("y",)), base=None, head=text.encode())
    assert isinstance(found, Curve)
    points = found.series[0].points
    assert len(points) <= curves.MOST_POINTS
    assert points[0][0] == 0
    assert points[-1][0] == 99_999
    assert (56_789.0, 1.0) in points
    assert list(points) == sorted(points)


def test_a_confusion_plot_counts_rows_or_sums_their_counts() -> None:
    plot = Plot(path="c.csv", x="actual", y=("predicted",), template="confusion_normalized")
    found = curves.read(plot, base=b"actual,predicted\n1,1\n1,10\n", head=b"actual,predicted,count\n1,10,7\n2,2,5\n")
    assert isinstance(found, Matrix)
    assert found.labels == ("1", "2", "10")
    assert found.base == ((1.0, 0.0, 1.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert found.head == ((0.0, 0.0, 7.0), (0.0, 5.0, 0.0), (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("path", "content"),
    [("a.json", b"{not json"), ("a.json", b'{"x": 1}'), ("a.csv", b"\xff\xfe\x00"), ("a.json", b"3")],
)
def test_a_head_that_cannot_be_drawn_is_a_problem_that_names_it(path: str, content: bytes) -> None:
    found = curves.read(Plot(path=path), base=None, head=content)
    assert isinstance(found, Problem)
    assert found.sentence.startswith(f"{path} is not a readable plot: ")


def test_a_broken_base_leaves_the_head_alone() -> None:
    found = curves.read(Plot(path="a.csv"), base=b"\xff", head=b"y\n1\n")
    assert isinstance(found, Curve)
    assert [line.side for line in found.series] == ["head"]


@pytest.mark.parametrize("content", [None, b"", b"x,y\n"])
def test_a_plot_without_points_is_not_drawn(content: bytes | None) -> None:
    assert curves.read(Plot(path="a.csv"), base=None, head=content) is None


def test_a_plot_beyond_the_size_limit_is_a_problem() -> None:
    found = curves.read(Plot(path="a.csv"), base=None, head=b"y\n" + b"1\n" * (curves.MOST_BYTES // 2))
    assert isinstance(found, Problem)
