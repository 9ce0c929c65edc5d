"""What every target promises, tested by one helper on each: there, there again, back, and away."""

import contextlib
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mltool import http
from mltool.config import Environment
from mltool.errors import OutsideError, UserError
from mltool.targets import NOTHING, TARGETS, Delivery, Place, Running, settings
from mltool.targets.replay import replay, running
from support import settings_page, small_server, tools
from support.amazon import amazon


@dataclass(frozen=True)
class Stage:
    """A place to test a target at, how to ask what runs there, and whether it applies what it writes."""

    place: Place[Any]
    runs: Callable[[], str]
    sends: http.Send | None = None
    breaks: Callable[[], None] | None = None


def place(
    kind: str, folder: Path, *, environ: dict[str, str] | None = None, url: str = "", **chosen: Any
) -> Place[Any]:
    """Return a place for a target with these settings."""
    read = settings(TARGETS[kind].Settings, "prod", chosen)
    return Place(
        environment="prod", model="delay", settings=read, project=folder, url=url, environ=environ or dict(os.environ)
    )


def asked(url: str) -> Callable[[], str]:
    """Return what asks the address which version it runs; empty where nothing answers."""

    def ask() -> str:
        try:
            return running(http.connect(url, patience=5), url).version
        except OutsideError:
            return ""

    return ask


@contextlib.contextmanager
def on_local(folder: Path) -> Iterator[Stage]:
    here = place("local", folder, home="home", port=small_server.free_port())
    url = TARGETS["local"].url(here)
    yield Stage(here, asked(url), http.connect(url))
    TARGETS["local"].undo(here, None)


@contextlib.contextmanager
def on_exec(folder: Path) -> Iterator[Stage]:
    (folder / "deploy.py").write_text(
        "import json, os, pathlib, sys\n"
        "kept, version = pathlib.Path('runs.json'), os.environ.get('MLTOOL_VERSION')\n"
        "if pathlib.Path('fail').exists(): sys.exit('it is down')\n"
        "if os.environ['MLTOOL_ACTION'] == 'state':\n"
        "    print(kept.read_text() if kept.exists() else '')\n"
        "elif version:\n"
        "    kept.write_text(json.dumps({'version': version, 'digest': os.environ['MLTOOL_DIGEST']}))\n"
        "else:\n"
        "    kept.unlink(missing_ok=True)\n"
    )
    command = [sys.executable, "deploy.py"]
    here = place("exec", folder, apply=command, undo=command, state=command, url="http://127.0.0.1:9")

    def runs() -> str:
        kept = folder / "runs.json"
        return str(json.loads(kept.read_text())["version"]) if kept.exists() else ""

    yield Stage(here, runs, breaks=(folder / "fail").touch)


@contextlib.contextmanager
def on_compose(folder: Path) -> Iterator[Stage]:
    environ = tools.install(folder / "bin")
    here = place("compose", folder, environ=environ, port=small_server.free_port())
    url = TARGETS["compose"].url(here)
    yield Stage(here, asked(url), http.connect(url), breaks=lambda: _fail(folder))
    for pid in (folder / "bin").glob("*.pid"):
        os.kill(int(pid.read_text()), signal.SIGKILL)


@contextlib.contextmanager
def on_kubernetes(folder: Path) -> Iterator[Stage]:
    environ = tools.install(folder / "bin")
    here = place("kubernetes", folder, environ=environ, image="r.example.org/delay:{version}", apply=True)

    def runs() -> str:
        kept = folder / "bin" / "cluster" / "Deployment-delay.json"
        return str(json.loads(kept.read_text())["metadata"]["annotations"]["mltool/version"]) if kept.exists() else ""

    yield Stage(here, runs, breaks=lambda: _fail(folder))


@contextlib.contextmanager
def on_sagemaker(folder: Path) -> Iterator[Stage]:
    with amazon() as cloud:
        here = cloud.place(folder)
        yield Stage(here, lambda: TARGETS["sagemaker"].state(here).version, cloud.send(here))  # type: ignore[union-attr]


def _fail(folder: Path) -> None:
    (folder / "bin" / "fail").write_text("it is down")


STAGES = {
    "local": on_local,
    "exec": on_exec,
    "compose": on_compose,
    "kubernetes": on_kubernetes,
    "sagemaker": on_sagemaker,
}


def there_and_back(kind: str, stage: Stage, old: Delivery, new: Delivery) -> None:
    """Go through what every target promises."""
    target = TARGETS[kind]
    assert target.state(stage.place) in (None, NOTHING)
    assert stage.runs() == ""
    for release in (old, old, new, new):
        assert target.apply(stage.place, release) is True
        assert stage.runs() == release.version
        assert target.state(stage.place) in (None, Running(version=release.version, digest=release.digest))
    if stage.sends:
        assert replay(stage.sends, target.url(stage.place), new).trouble == ""
    for _ in range(2):
        target.undo(stage.place, Running(version=old.version, digest=old.digest))
        assert stage.runs() == old.version
    for _ in range(2):
        target.undo(stage.place, None)
        assert stage.runs() == ""
    assert target.state(stage.place) in (None, NOTHING)


@pytest.mark.slow
@pytest.mark.parametrize("kind", STAGES)
def test_a_release_goes_there_and_back_and_away(kind: str, tmp_path: Path) -> None:
    with STAGES[kind](tmp_path) as stage:
        there_and_back(kind, stage, small_server.bundle(tmp_path, "1.0.0"), small_server.bundle(tmp_path, "1.1.0"))


@pytest.mark.parametrize("kind", ["exec", "compose", "kubernetes"])
def test_a_target_that_is_down_is_a_sentence(kind: str, tmp_path: Path) -> None:
    with STAGES[kind](tmp_path) as stage:
        assert stage.breaks
        stage.breaks()
        with pytest.raises(OutsideError, match="it is down"):
            TARGETS[kind].apply(stage.place, small_server.bundle(tmp_path, "1.0.0"))


def test_every_target_is_configured_tested_and_on_the_page() -> None:
    configured = Environment.__annotations__["target"].__args__
    page = settings_page.PAGE.read_text()

    assert TARGETS.keys() == STAGES.keys() == set(configured)
    assert settings_page.written(page) == page
    assert {found[1] for found in settings_page.BETWEEN.findall(page)} == TARGETS.keys()


@pytest.mark.parametrize("kind", TARGETS)
def test_an_unknown_setting_is_an_error_with_the_nearest_known_one(kind: str) -> None:
    known = dataclasses.fields(TARGETS[kind].Settings)[0].name
    with pytest.raises(UserError, match=rf"\[environments\.prod\.settings\]: unknown key `{known}x`") as caught:
        settings(TARGETS[kind].Settings, "prod", {f"{known}x": 1})
    assert caught.value.remedy == f"Did you mean `{known}`?"


def test_a_setting_of_the_wrong_type_or_one_that_lacks_is_a_sentence() -> None:
    with pytest.raises(UserError, match="`port`: expected `int`, got `str`"):
        settings(TARGETS["local"].Settings, "prod", {"port": "http"})
    with pytest.raises(UserError, match="missing required field `undo`"):
        settings(TARGETS["exec"].Settings, "prod", {"apply": ["true"]})
