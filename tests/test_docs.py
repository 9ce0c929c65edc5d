"""What the pages name is there: where links lead, and the commands and flags."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from mltool.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
COMMANDS = typer.main.get_group(app)


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def quoted(text: str) -> Iterator[str]:
    """Yield the command lines of mltool in code spans and code blocks."""
    fences = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in (*spans, *(line for fence in fences for line in fence.splitlines())):
        if found := re.match(r"(?:\$ |\s*cmd: |)mltool ((?!toml|import)[a-z-].*)", line):
            yield found[1].partition(" #")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_flag_on_a_page_exists(page: Path) -> None:
    for line in quoted(page.read_text()):
        verb, *words = line.split(" -- ")[0].split()
        if verb in ("verdict", "post"):  # names of a job and of a workflow
            continue
        command = COMMANDS if verb.startswith("-") else COMMANDS.commands[verb]
        if isinstance(command, TyperGroup) and words and words[0] in command.commands:
            command = command.commands[words[0]]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        flags = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", line))
        assert flags <= known, line


def every_command(group: TyperGroup, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, TyperGroup):
            yield from every_command(command, *before, name)


@pytest.mark.parametrize("words", [*every_command(COMMANDS)], ids=" ".join)
def test_help_loses_no_word_to_markup(words: tuple[str, ...]) -> None:
    command: Any = COMMANDS
    for word in words:
        command = command.commands[word]
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80", "TERM": "dumb"}).output.split()
    assert {word for word in command.help.split() if word != "\b"} <= set(shown)


def test_the_commands_are_really_looked_for() -> None:
    found = [line for page in PAGES for line in quoted(page.read_text())]
    assert len(found) > 40
    assert any(line.startswith("measure evaluate") for line in found)
