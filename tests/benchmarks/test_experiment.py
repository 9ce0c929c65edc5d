"""The published figures are those of results.json; a pull request is simulated as it is said to be."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import words as page
from benchmarks.experiment import cells, figure, pulls, words
from benchmarks.experiment.pools import CHANGES, Model, Pool
from benchmarks.experiment.pulls import ALONE, DROPPED, GATE, NONE
from mltool.paired import metrics

ROOT = Path(__file__).parents[2]
AGAIN = "run `python -m benchmarks.experiment --render`"


def pool(rows: int = 4000) -> Pool:
    random = np.random.default_rng(0)
    truth = random.integers(2, size=rows)

    def model(wrong: float) -> Model:
        label = np.where(random.random(rows) < wrong, 1 - truth, truth)
        return Model(label=label, score=label * 0.5 + random.random(rows) * 0.5)

    worse = {name: model(0.1 + 0.1 * place) for place, name in enumerate(CHANGES, 1)}
    group, cluster = np.arange(rows) % 5, np.arange(rows) // 8
    return Pool(
        name="made",
        classes=("0", "1"),
        truth=truth,
        base=model(0.1),
        twin=model(0.1),
        worse=worse,
        group=group,
        cluster=cluster,
    )


def test_the_pages_and_the_figure_show_the_results_file() -> None:
    found, readme = cells.load(), (ROOT / page.README).read_text()

    assert readme == page.with_block(readme, words.block(found), words.START, words.END), AGAIN
    assert words.section(found) in (ROOT / page.PAGE).read_text(), AGAIN
    assert (ROOT / figure.PATH).read_text() == figure.draw(found), AGAIN


def test_every_cell_has_at_least_500_pull_requests() -> None:
    assert min(cell.pulls for cell in cells.load().cells) >= 500
    assert {cell.draw for cell in cells.load().cells} == set(cells.draws())


def test_results_survive_their_file(tmp_path: Path) -> None:
    found = cells.load()

    cells.write(found, tmp_path / "results.json")

    assert cells.load(tmp_path / "results.json") == found


def test_without_a_change_neither_side_is_better() -> None:
    random, made = np.random.default_rng(1), pool()
    test = pulls.draw(made, NONE, 50_000, random)

    base, head = ((side == test.pairs.truth).mean() for side in (test.pairs.base, test.pairs.head))

    assert base == pytest.approx(head, abs=0.01)
    assert np.any(test.pairs.base != test.pairs.head)


def test_clusters_are_drawn_whole() -> None:
    test = pulls.draw(pool(), NONE, 800, np.random.default_rng(1), clustered=True)

    assert test.dependence.groups is not None
    assert set(np.bincount(test.dependence.groups)) == {8}
    assert len(test.pairs) == 800


def test_slices_are_the_rows_cut() -> None:
    test = pulls.draw(pool(), NONE, 1000, np.random.default_rng(1), sliced=True)

    assert len(test.slices) == 5
    assert sum(len(part) for part in test.slices.values()) == 1000


def test_a_large_drop_is_blocked_and_an_improvement_is_not() -> None:
    random, made = np.random.default_rng(2), pool()
    test = pulls.draw(made, "large", 2000, random)
    metric = next(metrics.candidates("accuracy", test.pairs))

    said = pulls.judge(test, metric, key="accuracy", random=random)
    better = pulls.judge(
        pulls.Test(pairs=test.pairs.swapped(np.ones(2000, bool)), dependence=test.dependence, slices={}),
        metric,
        key="accuracy",
        random=random,
    )

    assert all(each.blocked for each in said.values())
    assert not any(each.blocked for each in better.values())


def test_a_small_test_set_leaves_it_undecided_where_the_drop_rule_blocks() -> None:
    made = pool()
    for seed in range(40):
        random = np.random.default_rng(seed)
        test = pulls.draw(made, NONE, 60, random)
        metric = next(metrics.candidates("accuracy", test.pairs))
        said = pulls.judge(test, metric, key="accuracy", random=random)
        if said[DROPPED].blocked and not said[ALONE].blocked:
            assert said[GATE].undecided
            return
    pytest.fail("no pull request dropped by chance")
