"""The tables of docs/deploy.md, written from the settings themselves: `python tests/support/settings_page.py`."""

import ast
import inspect
import json
import re
from itertools import pairwise
from pathlib import Path

from mltool.targets import TARGETS

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"
BETWEEN = re.compile(r"(<!-- settings of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str) -> str:
    """Return the page with each table as the settings of its target say it."""
    return BETWEEN.sub(lambda found: f"{found[1]}{table(found[2])}{found[3]}", page)


def table(target: str) -> str:
    """Return the settings of a target: name, default as in TOML, meaning."""
    body = ast.parse(inspect.getsource(TARGETS[target].Settings)).body[0].body  # type: ignore[attr-defined]
    rows = [
        f"| `{field.target.id}` | {_default(field.value)} | {meaning.value.value} |"
        for field, meaning in pairwise(body)
        if isinstance(field, ast.AnnAssign)
    ]
    return "\n".join(["| setting | default | means |", "|---|---|---|", *rows, ""])


def _default(value: ast.expr | None) -> str:
    if value is None:
        return "needed"
    return "`{}`" if isinstance(value, ast.Call) else f"`{json.dumps(ast.literal_eval(value))}`"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
