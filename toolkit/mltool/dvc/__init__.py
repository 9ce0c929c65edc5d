"""The only place that calls DVC: for templates, for what it stored, and to run it. All else reads its files."""

from pathlib import Path

from mltool import shell
from mltool.dvc.config import adopt
from mltool.dvc.large import copy
from mltool.dvc.program import program
from mltool.dvc.storage import Storage
from mltool.dvc.templates import resolve

__all__ = ["Storage", "adopt", "copy", "resolve", "run"]


def run(folder: Path, *words: str) -> int:
    """Run `dvc WORDS` in a project's folder, its output going to the terminal, and return its exit code."""
    return shell.stream((*program(), *words), cwd=folder)
