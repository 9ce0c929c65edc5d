"""Verbs that are imported when they are asked for: else each would pay for the flags of all."""

from collections import UserDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import cleandoc
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

Command = Any
"""A command of Click, of which Typer carries a copy or not, by its version."""


class Passing(str):
    """The place of a verb that runs another program: what follows the first word that is no flag goes to that."""

    __slots__ = ()


class Forwarding(str):
    """The place of a verb that runs another program: flags that are not its own go to that, wherever they stand."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """Verbs of a verb: `mltool ci check`. Each stands at `module:function` in `mltool.cli`, or has verbs itself."""

    help: str
    verbs: "Mapping[str, str | Group]"


class Verbs(UserDict[str, Command]):
    """Verbs by name, in order; looking one up imports its module."""

    def __init__(self, panels: Mapping[str, Mapping[str, str | Group]]) -> None:
        super().__init__()
        self._places = {name: (place, panel) for panel, verbs in panels.items() for name, place in verbs.items()}
        self.data = dict.fromkeys(self._places)

    def __getitem__(self, name: str) -> Command:
        """Return the command; raises KeyError for a name that is no verb."""
        if self.data[name] is None:
            place, panel = self._places[name]
            self.data[name] = command = _group(name, place) if isinstance(place, Group) else _command(name, place)
            command.rich_help_panel = panel or None
        return self.data[name]


def group_class(panels: Mapping[str, Mapping[str, str | Group]]) -> type[TyperGroup]:
    """Return the class of a group that has these verbs, listed under the names of the panels."""

    class Lazy(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = Verbs(panels)

        def list_commands(self, *_: object, **__: object) -> list[str]:
            return list(self.commands)

    return Lazy


def flowing(text: str) -> str:
    """Return a docstring as help that fills the terminal: Typer keeps the lines of all paragraphs but the first.

    A paragraph that begins with a line of `\\b` alone keeps its lines, and a bracket is a bracket, not markup.
    """
    paragraphs = cleandoc(text).replace("[", r"\[").split("\n\n")
    return "\n\n".join(
        paragraph.removeprefix("\b\n") if paragraph.startswith("\b\n") else paragraph.replace("\n", " ")
        for paragraph in paragraphs
    )


def _group(name: str, group: Group) -> Command:
    return get_group(typer.Typer(name=name, help=group.help, cls=group_class({"": group.verbs}), no_args_is_help=True))


def _command(name: str, place: str) -> Command:
    module, _, attribute = place.partition(":")
    function: Callable[..., None] = getattr(import_module(f"mltool.cli.{module}"), attribute)
    alone = typer.Typer(add_completion=False)
    settings = {
        "allow_interspersed_args": not isinstance(place, Passing),
        "ignore_unknown_options": isinstance(place, Forwarding),
    }
    alone.command(name, help=flowing(function.__doc__ or ""), context_settings=settings)(function)
    return get_command(alone)
