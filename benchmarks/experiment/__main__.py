"""Simulate pull requests and ask every rule about each.

python -m benchmarks.experiment [--pulls 500] [--only clusters …] [--write] [--render]

With --write, results.json, the figure, its block in the README and docs/benchmarks.md are rewritten.
"""

import argparse
from pathlib import Path

from benchmarks import results
from benchmarks import words as page
from benchmarks.experiment import cells, figure, words
from benchmarks.experiment.cells import Results

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Simulate, print, and write where asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.experiment",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pulls", type=int, default=cells.PULLS, help="how many pull requests a cell has")
    parser.add_argument("--only", nargs="+", choices=cells.KINDS, default=cells.KINDS, help="simulate these cells")
    parser.add_argument("--write", action="store_true", help="write results.json, the figure and the pages")
    parser.add_argument("--render", action="store_true", help="simulate nothing; write the words of results.json again")
    asked = parser.parse_args()
    if asked.write and asked.pulls < cells.PULLS:
        parser.error(f"--write needs {cells.PULLS} pull requests a cell")
    if asked.write and set(asked.only) != set(cells.KINDS):
        parser.error("--write needs all cells")
    if asked.render:
        publish(cells.load(), ROOT)
        return
    found = cells.measure(asked.pulls, asked.only)
    print(words.section(found))
    if asked.write:
        cells.write(found)
        publish(cells.load(), ROOT)


def publish(found: Results, root: Path) -> None:
    """Rewrite the figure, the block in the README, and docs/benchmarks.md, of which this is a part."""
    (root / figure.PATH).write_text(figure.draw(found))
    readme = root / page.README
    readme.write_text(page.with_block(readme.read_text(), words.block(found), words.START, words.END))
    (root / page.PAGE).write_text(page.page(results.load()))


if __name__ == "__main__":
    main()
