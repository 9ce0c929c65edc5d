"""A page → one self-contained HTML file: no network, no script, light and dark, screen, phone and paper."""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mltool.report import histogram, plots, svg
from mltool.report.blocks import Block, Code, Line, Link, Page, Strong
from mltool.report.inert import visible
from mltool.report.model import Matrix

# Folded in a comment, where room is short; here a reader came for these.
OPEN = frozenset({"data", "slices", "curves", "confusion", "stages", "cost", "history"})


def render(page: Page) -> str:
    """Return the page as an HTML document."""
    return _TEMPLATES.get_template("page.html.j2").render(page=page, opened=OPEN)


def _spans(line: Line) -> Markup:
    """Return a line as HTML: what is data is escaped, and only http(s) addresses become links."""
    return Markup("").join(_span(item) for item in line)


def _span(item: str | Code | Strong | Link) -> Markup:
    match item:
        case Code():
            return Markup("<code>{}</code>").format(visible(item.text))
        case Strong():
            return Markup("<strong>{}</strong>").format(visible(item.text))
        case Link(code=True) if re.fullmatch(r"https?://[!-~]+", item.url):
            return Markup('<a href="{}"><code>{}</code></a>').format(item.url, visible(item.text))
        case Link() if re.fullmatch(r"https?://[!-~]+", item.url):
            return Markup('<a href="{}">{}</a>').format(item.url, visible(item.text))
        case Link():
            return Markup("{}").format(visible(item.text))
    return Markup("{}").format(visible(item))


def _kind(block: Block) -> str:
    return type(block).__name__


def _shares(matrix: Matrix) -> list[list[float]]:
    """Return each count as a share of its row, which is what the shade of a cell shows."""
    grid = matrix.head or matrix.base
    return [[count / total if (total := sum(row)) > 0 else 0.0 for count in row] for row in grid]


def _shown(value: Any) -> Any:
    """Make every text that a template prints show all it does; what is already HTML was treated before."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("mltool.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_shown,
    )
    made.filters |= {"spans": _spans, "kind": _kind, "shares": _shares, "cells": plots.cells}
    # The drawings escape what they print.
    made.filters["charts"] = lambda curve: [Markup(drawn) for drawn in svg.charts(curve)]  # noqa: S704
    made.filters["graph"] = lambda graph: Markup(svg.graph(graph))  # noqa: S704
    made.filters["spark"] = lambda trend: Markup(svg.spark(trend.values, trend.name))  # noqa: S704
    made.filters["histogram"] = lambda item: Markup(histogram.draw(item.bars, item.name))  # noqa: S704
    return made


_TEMPLATES = _environment()
