"""A function of the repository as a metric: what it is given, what it may do wrong, and how often it errs."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mltool.config import Gate
from mltool.errors import UserError
from mltool.gates.difference import Difference
from mltool.gates.grounds import Wish
from mltool.gates.rules import settings
from mltool.paired import functions, own
from mltool.paired.functions import Part
from mltool.paired.interval import Dependence
from mltool.paired.join import Pairs
from mltool.paired.plan import PartAnswer
from support.paired import amounts, asked

ERROR = """
import numpy as np

def mae(truth, label, score):
    return np.abs(truth - label).mean()
"""


def call(folder: Path, text: str, pairs: Pairs, *, name: str = "mae", seconds: float = 60, **more: object) -> object:
    (folder / "scoring.py").write_text(text)
    part = Part(pairs=pairs, units=np.arange(len(pairs)), **more)  # type: ignore[arg-type] # of what a part has
    found = functions.call(f"scoring.py:{name}", folder, (part,), seconds=seconds)
    return found if isinstance(found, str) else found[0]


def few(rows: int = 40) -> Pairs:
    return amounts(np.random.default_rng(1), rows)


BROKEN = {
    "    return inner()\n\ndef inner():\n    return 1 / 0": "raises ZeroDivisionError at line 6",
    "    import sys\n    sys.exit(0)": "raises SystemExit at line 4",
    "    import os\n    os.kill(os.getpid(), 11)": "ended its process by SIGSEGV, without a number",
    "    pass": "returns a NoneType, not a number",
    "    return float('nan')": "returns nan, not a finite number",
    "    return float('-inf')": "returns -inf, not a finite number",
    "    return 1j": "returns a complex, not a number",
    "    return truth > 1": "returns a ndarray, not a number",
    "    return True": "returns a bool, not a number",
    "    return 10 ** 400": "returns a number that is too large",
    "    return len(bytearray(1 << 40))": "raises MemoryError at line 3",
    "    import random\n    return random.random()": "returns another number for the same rows when it is called again",
}


@pytest.mark.parametrize("body", BROKEN)
def test_what_a_function_does_wrong_is_one_clause(tmp_path: Path, body: str) -> None:
    found = call(tmp_path, f"\ndef mae(truth, label, score):\n{body}\n", few())
    assert found == f"scoring.py: `mae` {BROKEN[body]}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def other(): pass", "scoring.py has no function `mae`"),
        ("mae = 3", "scoring.py has no function `mae`"),
        ("x = (", "scoring.py: `mae` cannot be imported: the file raises SyntaxError at line 1"),
        (
            "\nimport nowhere_at_all",
            "scoring.py: `mae` cannot be imported: the file raises ModuleNotFoundError at line 2",
        ),
        (
            "def mae(truth): return 1.0",
            "scoring.py: `mae` raises TypeError when it is called with truth, label and score",
        ),
    ],
)
def test_a_file_without_such_a_function_is_named(tmp_path: Path, text: str, why: str) -> None:
    assert call(tmp_path, text, few()) == why


def test_a_function_that_changes_its_arrays_changes_copies(tmp_path: Path) -> None:
    text = ERROR.replace("    return", "    label -= 1\n    label += 1\n    truth[:] = truth\n    return")
    found = call(tmp_path, text, few(), drawn=False)
    pairs = few()
    assert isinstance(found, PartAnswer)
    assert found.head == pytest.approx(np.abs(pairs.truth - pairs.head).mean())


def test_scores_of_several_classes_come_by_name_and_are_drawn_with_their_rows(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    scores = [{"a": each, "b": 1 - each} for each in random.random((2, 60))]
    pairs = Pairs(
        classes=("a", "b"),
        truth=random.integers(2, size=60),
        base=random.integers(2, size=60),
        head=random.integers(2, size=60),
        base_scores=scores[0],
        head_scores=scores[1],
        written=np.array(["a", "b"]),
    )
    text = (
        "def mae(truth, label, score):\n    return ((truth == 'a') * score['a'] + (truth == 'b') * score['b']).mean()"
    )
    found = call(tmp_path, text, pairs)
    assert isinstance(found, PartAnswer)
    assert found.base == pytest.approx(np.where(pairs.truth == 0, scores[0]["a"], scores[0]["b"]).mean())
    assert (len(found.swaps), len(found.draws), None in found.swaps) == (1_000, 500, False)
    assert np.std(np.array(found.draws, float)) == pytest.approx(np.std(np.array(found.swaps, float)), rel=0.25)


@pytest.mark.parametrize("rows", [12, 60])
def test_the_p_value_is_that_of_scipys_permutation_test(tmp_path: Path, rows: int) -> None:
    pairs = amounts(np.random.default_rng(rows), rows, loss=2.0)
    found = call(tmp_path, ERROR, pairs, seed=3)
    assert isinstance(found, PartAnswer)
    ask = asked(sign=-1)
    delta, swaps, draws = (-np.array(each, float) for each in (found.head - found.base, found.swaps, found.draws))
    known = stats.permutation_test(
        [np.abs(pairs.truth - side) for side in (pairs.head, pairs.base)],
        lambda head, base, axis: base.mean(axis) - head.mean(axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        alternative="less",
        rng=np.random.default_rng(5),
    )
    p = own.interval(float(delta), swaps, np.zeros_like(draws), ask, units=rows).p_worse
    assert p == pytest.approx(known.pvalue, abs=3.5 * np.sqrt(known.pvalue * (1 - known.pvalue) / len(swaps)) + 1e-3)


def test_an_equally_good_model_is_called_worse_as_often_as_alpha_says() -> None:
    random = np.random.default_rng(7)
    trials, rows, worse, better = 1_500, 25, 0, 0
    for _ in range(trials):
        errors = np.exp(random.normal(size=(2, rows)))
        moved = errors[0] - errors[1]
        swaps = (moved * random.choice([-1, 1], size=(400, rows))).mean(axis=1)
        draws = moved[random.integers(rows, size=(400, rows))].mean(axis=1)
        found = own.interval(moved.mean(), swaps, draws, asked(), units=rows)
        worse += found.high < 0
        better += found.low > 0
    assert worse / trials <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
    assert better / trials <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
    assert worse / trials >= 0.02


def test_clusters_and_blocks_change_sides_as_one(tmp_path: Path) -> None:
    pairs = amounts(np.random.default_rng(2), 60)
    (tmp_path / "scoring.py").write_text(ERROR)
    for units, block in ((np.arange(60) % 3, None), (np.arange(60) // 20, 20)):
        part = Part(pairs=pairs, units=units.astype(np.intp), block=block)
        found = functions.call("scoring.py:mae", tmp_path, (part,), seconds=60)
        assert not isinstance(found, str)
        assert len(np.unique(np.round(np.array(found[0].swaps, float), 9))) == 8
    dependence = Dependence(groups=np.arange(60) % 3)
    swaps, draws = (np.array(each, float) for each in (found[0].swaps, found[0].draws))
    assert "cluster" in own.interval(-1.0, swaps, draws, asked(dependence=dependence), units=3).method


def test_a_function_without_a_value_in_many_draws_has_no_interval() -> None:
    holes = np.where(np.arange(100) < 10, np.nan, 1.0)
    with pytest.raises(ValueError, match="in some samples the function raises"):
        own.interval(1.0, np.ones(100), holes, asked(), units=50)


def test_what_the_function_means_shows_on_all_rows_of_each_side_though_fewer_are_compared(tmp_path: Path) -> None:
    (tmp_path / "scoring.py").write_text(ERROR)
    pairs, whole = few(100).at(np.arange(60)), few(100)
    error = [float(np.abs(whole.truth - side).mean()) for side in (whole.base, whole.head)]
    gate = Gate(metric="m.json:cost", direction="lower", function="scoring.py:mae")
    rule = settings("cost", gate)

    def answer(base: float, head: float, *, anew: bool = False) -> own.Answered:
        wish = Wish(rule=rule, base=base, head=head)
        return own.compare(
            own.Question(
                wish=wish,
                pairs=pairs,
                base=whole,
                head=whole,
                parts={"size=big": pairs.at(np.arange(30)), "colour": "it has no such column"},
                asking=lambda part, where: asked(len(part), sign=-1),
                anew=anew,
            ),
            tmp_path,
        )

    found = answer(*error).found
    assert isinstance(found[""], Difference)
    assert isinstance(found["size=big"], Difference)
    assert (found[""].rows, found["size=big"].rows, found["colour"]) == (60, 30, "it has no such column")
    assert found[""].base == pytest.approx(np.abs(pairs.truth - pairs.base).mean())
    assert isinstance(answer(9e9, error[1], anew=True).found[""], Difference)
    assert "the metrics files" in str(answer(9e9, error[1]).found[""])
    assert not answer(9e9, error[1]).broken
    assert "unlike the base's" in answer(error[0], 9e9).broken


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("scoring.py", "is not `path:name`"),
        ("scoring:profit", "is not `path:name`"),
        ("scoring.py:a b", "is not `path:name`"),
        ("../scoring.py:a", "leads out of the repository"),
        ("a/../../scoring.py:a", "leads out of the repository"),
        ("/etc/scoring.py:a", "leads out of the repository"),
    ],
)
def test_a_function_is_a_file_of_the_repository_and_a_name(path: str, sentence: str) -> None:
    with pytest.raises(UserError, match=rf"\[gates.cost\]: function `{re.escape(path)}` {sentence}"):
        settings("cost", Gate(metric="m.json:cost", direction="lower", function=path))
    with pytest.raises(UserError, match="seconds = 0 is no time"):
        settings("cost", Gate(metric="m.json:cost", direction="lower", seconds=0))
