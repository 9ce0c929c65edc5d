"""The results as Markdown: the block in the README and the page in docs/."""

from pathlib import Path

from benchmarks import gate, ledger
from benchmarks.cases import DIFF, DVC, GROWTH, MLTOOL, REPORT
from benchmarks.clock import Took
from benchmarks.drift import figures
from benchmarks.drift import words as drift_words
from benchmarks.experiment import cells
from benchmarks.experiment import words as experiment
from benchmarks.results import Measured, Results

START, END = "<!-- benchmarks -->\n", "<!-- /benchmarks -->"
README, PAGE = "README.md", "docs/benchmarks.md"

METHOD = """\
`benchmarks/repositories.py` makes each repository with two commits, the same bytes every time: a chain of stages, each
with a script, a param and a metrics file in Git; the last stage was run again in between. The commands get the two
commits and print JSON. Each round runs all of them in turn, after a round that does not count; figures are medians. CPU
is user and system time of a command and all that it started. Where DVC takes many seconds it is run once, and ours more
often. Every changed metric and param is compared with DVC's answer in the same run; a difference, or a command that
fails, stops the benchmark.

To be fair to DVC: it is made for much more than this, and its library answers the four questions faster in one process
than its commands do in four. The repositories have no plots, no templates and no remote: with templates in `dvc.yaml`,
mltool asks DVC to fill them in, which adds the start of one process."""

FOOTNOTE = """\
¹ `dvc metrics diff`, `params diff`, `plots diff` and `diff`, the four commands that such a report needs. Wall time,
medians of interleaved runs on one machine; the ratios are what holds elsewhere. `python -m benchmarks` measures them
again, [docs/benchmarks.md](docs/benchmarks.md) has the rest."""


def table(results: Results) -> str:
    """Return one line a case: what DVC takes for a report, and how many times less ours takes."""
    lines = [
        "| two commits of a repository with | DVC¹ | `mltool diff` | `mltool report` |",
        "|---|---:|---:|---:|",
        *(
            f"| {case.words} | {_seconds(case.dvc.wall)} | {_beside(case, DIFF)} | {_beside(case, REPORT)} |"
            for case in results.cases
        ),
    ]
    return "\n".join(lines)


def block(results: Results) -> str:
    """Return what stands in the README between the markers."""
    return f"{table(results)}\n\n{FOOTNOTE}\n\n{_start(results)}\n"


def page(results: Results) -> str:
    """Return docs/benchmarks.md."""
    machine = results.machine
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `python -m benchmarks --write` from `benchmarks/results.json`; a test compares them.",
            "",
            f"{machine.cores} shared cores, {machine.system}, Python {machine.python}, Git {machine.git}, "
            f"DVC {machine.dvc}, mltool {machine.mltool}. Seconds are this machine's, on a day when it had other work; "
            "ratios come from one run, in which the commands took turns.",
            "",
            table(results),
            "",
            "¹ `dvc metrics diff`, `dvc params diff`, `dvc plots diff` and `dvc diff`, one after the other.",
            "",
            "## How it is measured",
            "",
            METHOD,
            "",
            "## Start",
            "",
            _start(results),
            "",
            "## Every command",
            "",
            details(results),
            ledger.section(ledger.load()),
            gate.section(gate.load()),
            drift_words.section(figures.load()),
            experiment.section(cells.load()),
        ]
    )


def details(results: Results) -> str:
    """Return the tables of every command in every case, and how ours grow."""
    return "\n".join(_details(case) for case in results.cases)


def publish(results: Results, root: Path) -> None:
    """Rewrite the README's block and the page."""
    readme = root / README
    readme.write_text(with_block(readme.read_text(), block(results)))
    (root / PAGE).write_text(page(results))


def with_block(text: str, block: str, start: str = START, end: str = END) -> str:
    """Return `text` with `block` between the markers; raises ValueError where they are missing."""
    before, after = text.index(start) + len(start), text.index(end)
    return text[:before] + block + text[after:]


def _details(case: Measured) -> str:
    runs = (
        f"{case.rounds} rounds" if case.rounds == case.dvc_rounds else f"{case.rounds} rounds, {case.dvc_rounds} of DVC"
    )
    lines = [
        f"### {case.words[0].upper()}{case.words[1:]}",
        "",
        f"{runs}; both tools agree on {case.same:,} changed metrics and params.",
        "",
        "| command | wall | CPU | peak memory |",
        "|---|---:|---:|---:|",
        *(_line(f"`{name}`", case.commands[name]) for name in (*MLTOOL, *DVC)),
        _line("the four of DVC together", case.dvc),
        "",
    ]
    if case.quarter:
        lines += [_growth(case), ""]
    return "\n".join(lines)


def _growth(case: Measured) -> str:
    parts = [
        f"`{name}` takes {case.commands[name].wall / took.wall:.1f}× as long ({_seconds(took.wall)} → "
        f"{_seconds(case.commands[name].wall)})"
        for name, took in case.quarter.items()
    ]
    return f"Growth: with {GROWTH} times as much, {' and '.join(parts)}."


def _line(name: str, took: Took) -> str:
    return f"| {name} | {_seconds(took.wall)} | {_seconds(took.cpu)} | {took.memory:.0f} MiB |"


def _beside(case: Measured, name: str) -> str:
    took = case.commands[name].wall
    return f"{_seconds(took)}, **{case.dvc.wall / took:.0f}× less**"


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


def _start(results: Results) -> str:
    start = results.start
    heavy = ", ".join(start.heavy) or "no pandas, jinja2 or dvc"
    return f"`mltool --help` takes {_seconds(start.took.wall)} and loads {start.modules} modules: {heavy} among them."
