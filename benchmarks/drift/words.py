"""The figures as Markdown: a part of docs/benchmarks.md, and two blocks of docs/drift.md."""

from collections.abc import Iterable, Iterator
from typing import Final

from benchmarks.drift import power
from benchmarks.drift.figures import FILE, Power, Results, Share, Speed
from benchmarks.drift.tables import CATEGORIES, NUMBERS, SCENARIOS, Scenario
from benchmarks.drift.tools import BOUND, OURS

PAGE: Final = FILE.parents[2] / "docs" / "drift.md"
BENCHMARKS: Final = PAGE.with_name("benchmarks.md")
POWER: Final = ("<!-- power -->\n", "<!-- /power -->")
BESIDE: Final = ("<!-- beside -->\n", "<!-- /beside -->")
WRONG: Final = 0.05
"""Share of unchanged columns that may be called before a tool is wrong about them."""

METHOD = f"""\
`python -m benchmarks.drift --write` gives each tool an environment of its own from PyPI, with the pins without which
it does not import (`benchmarks/drift/tools.py`), and runs its defaults (`benchmarks/drift/apps`). The large pair has
{NUMBERS} columns of normal numbers and {len(CATEGORIES)} of text with {CATEGORIES[0]} to {CATEGORIES[-1]:,} categories;
three columns of numbers and one of text differ. CPU is user and system time of a process and all that it started, its
start and imports with it. `mltool` reads a stored profile and the new table, and so does *{BOUND}*: a few lines that
sort each column and count each category, with no verdict. The others read both tables; TFDV can store the statistics
of the old one, which is a line of its own.

To be fair: NannyML looks at ten chunks of a table, however few rows that leaves, and a column counts as called where
one of them has an alert; it has other calculators for correlations and missing values, deepchecks has checks for new
categories, and the presets of both are meant to be chosen from. In S7 no column changes by itself: what looks at one
at a time sees nothing, or calls it by chance. TFDV has no default thresholds; 0.03 of the Jensen–Shannon divergence
and 0.01 of the L∞ distance are ours. deepchecks looks at a sample of 100,000 rows. The machine had much other work, so
that a CPU second did less than it does elsewhere, for all of them alike."""


def section(found: Results) -> str:
    """Return the part of docs/benchmarks.md."""
    return f"""\
## Drift

{speed(found)}

{METHOD}

{scenarios(found)}
"""


def speed(found: Results) -> str:
    """Return a line for each tool: what it takes for the large pair, and how many times what ours takes."""
    ours = found.speed.get(OURS, Speed())
    head = f"{found.rows:,} rows × {NUMBERS + len(CATEGORIES)} columns"
    return "\n".join(
        [
            f"| {head} | CPU | × ours | peak memory | × ours | installed |",
            "|---|---:|---:|---:|---:|---:|",
            *(_line(name, each, ours) for name, each in found.speed.items()),
        ]
    )


def _line(name: str, each: Speed, ours: Speed) -> str:
    if each.failed or not ours.cpu:
        return f"| {name} | no figure: `{each.failed[:120]}` | | | | |"
    cells = (
        f"{each.cpu:.2f} s",
        f"{each.cpu / ours.cpu:.1f}",
        f"{each.memory:,.0f} MiB",
        f"{each.memory / ours.memory:.1f}",
        f"{each.installed_mb:,.0f} MB" if each.installed_mb else "",
    )
    return f"| {name} | {' | '.join(cells)} |"


def scenarios(found: Results) -> str:
    """Return a line for each scenario: what every tool says of it, what is wrong in bold."""
    names = list(found.scenarios)
    lines = (_scenario(scenario, (found.scenarios[name].get(scenario.key) for name in names)) for scenario in SCENARIOS)
    return "\n".join(
        [
            f"| scenario | right is | {' | '.join(names)} |",
            f"|---|---|{'---:|' * len(names)}",
            *lines,
        ]
    )


def _scenario(scenario: Scenario, shares: Iterable[Share | None]) -> str:
    right = "seen" if scenario.drifts else "quiet"
    said = " | ".join(_said(share, drifts=bool(scenario.drifts)) for share in shares)
    return f"| {scenario.key.upper()}: {scenario.words} | {right} | {said} |"


def _said(share: Share | None, *, drifts: bool) -> str:
    if share is None:
        return "not run"
    if drifts:
        text, wrong = f"{share.called} of {share.of}", 2 * share.called < share.of
    else:
        text, wrong = f"{share.called / share.of:.0%}".replace("%", " %"), share.called > WRONG * share.of
    return f"**{text}**" if wrong else text


def powers(found: Iterable[Power]) -> str:
    """Return what the rule sees and what it calls falsely, a column for each size."""
    sizes = list(found)
    lines = (
        (
            f"a shift of {power.SHIFT:g} standard deviations in one of them is called",
            [each.seen / each.draws for each in sizes],
        ),
        ("anything is called where nothing changed", [each.false / each.quiet for each in sizes]),
        ("anything is called where all are shifted by the margin itself", [each.edge / each.draws for each in sizes]),
    )
    return "\n".join(
        [
            f"| {power.COLUMNS} columns of | {' | '.join(f'{each.rows:,} rows' for each in sizes)} |",
            f"|---|{'---:|' * len(sizes)}",
            *(f"| {what} | {' | '.join(map(_percent, shares))} |" for what, shares in lines),
        ]
    )


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def blocks(found: Results) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the markers in docs/drift.md, and what stands between each pair of them."""
    yield POWER, f"{powers(found.power)}\n"
    yield BESIDE, f"{scenarios(found)}\n\n{speed(found)}\n"


def with_blocks(text: str, found: Results) -> str:
    """Return the page with its blocks; raises ValueError where their markers are missing."""
    for (start, end), block in blocks(found):
        before, after = text.index(start) + len(start), text.index(end)
        text = text[:before] + block + text[after:]
    return text


def publish(found: Results) -> None:
    """Rewrite the blocks in docs/drift.md."""
    PAGE.write_text(with_blocks(PAGE.read_text(), found))
