"""A place on this machine for each test, with nothing left running behind it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mltool.targets import Place, local
from support import small_server

MakePlace = Callable[..., Place[local.Settings]]


@pytest.fixture
def local_place(tmp_path: Path) -> Iterator[MakePlace]:
    """Return a function that gives a place of the target `local`; what runs there ends with the test."""
    made: list[Place[local.Settings]] = []

    def make(model: str = "delay", **settings: object) -> Place[local.Settings]:
        chosen = {"home": str(tmp_path / "home"), "port": small_server.free_port(), "start_seconds": 10.0, **settings}
        place = Place(
            environment="prod",
            model=model,
            settings=local.Settings(**chosen),
            project=tmp_path,
            environ=dict(os.environ),
        )
        made.append(place)
        return place

    yield make
    for place in made:
        local.undo(place, None)
