"""A report in every form that people read."""

from pathlib import Path

from mltool import disk
from mltool.report import html, json, markdown, terminal
from mltool.report.model import Report
from mltool.report.page import page

SUMMARY_LIMIT = 1_000_000


def write(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write `report.json`, `report.md` and `report.html` into `folder` and return their paths."""
    words = page(report)
    files = {
        "report.json": json.dumps(report),
        "report.md": markdown.render(words, limit=SUMMARY_LIMIT).encode(),
        "report.html": html.render(words).encode(),
    }
    for name, content in files.items():
        disk.write(folder / name, content)
    return tuple(folder / name for name in files)


def text(report: Report, form: str, *, width: int, color: bool, full: bool) -> str:
    """Return the report as `markdown`, `html` or `terminal` text; only the last has a short form."""
    words = page(report)
    if form == "markdown":
        return markdown.render(words, limit=SUMMARY_LIMIT)
    return html.render(words) if form == "html" else terminal.render(words, width=width, color=color, full=full)
