"""Start: load the model, replay its golden predictions, and answer."""

import asyncio
import gc
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from . import desk
from .app import App, Limits
from .journal import Journal
from .model import Model, NotReadyError, load, replay, trusted
from .say import say
from .server import Server

BACKLOG: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to serve. `gate` is the supervisor's socket: it hears `ready`, and says when to accept connections."""

    folder: Path
    listener: socket.socket
    gate: socket.socket | None = None
    log: Path | None = None
    log_bytes: int = 100 * 2**20
    log_files: int = 5
    connections: int = 1000
    limits: Limits = field(default_factory=Limits)


def replayed(folder: Path) -> int:
    """Replay the golden predictions and print each difference as a JSON line; return the exit code."""
    try:
        model = load(folder)
        wrong = replay(model)
    except NotReadyError as error:
        sys.stdout.write(f"{msgspec.json.encode({'error': str(error)}).decode()}\n")
        return 1
    for each in wrong:
        sys.stdout.write(f"{msgspec.json.encode(each).decode()}\n")
    return 1 if wrong else 0


def serve(options: Options) -> int:
    """Serve until told to stop; return the exit code."""
    return asyncio.run(_serve(options))


async def _serve(options: Options) -> int:
    app = App(options.limits, journal=_journal(options))
    if options.gate is not None:
        try:
            _get_ready(app, trusted(options.folder))
        except NotReadyError as error:
            say(str(error))
            return 1
        if not _let_through(options.gate):
            return 0
    else:
        _load_beside(app, options)
    options.listener.listen(BACKLOG)
    _say_where(options.listener)
    await Server(app, connections=options.connections).serve(sockets=[options.listener])
    return 0


def _journal(options: Options) -> Callable[[Mapping[str, str]], Journal] | None:
    path = options.log
    if path is None:
        return None
    return lambda about: Journal(path, about, most_bytes=options.log_bytes, most_files=options.log_files)


def _load_beside(app: App, options: Options) -> None:
    """Load the model in a thread: `/livez` and the reason on `/readyz` can be asked for meanwhile."""
    loop = asyncio.get_running_loop()

    def work() -> None:
        try:
            model = trusted(options.folder)
        except NotReadyError as error:
            say(f"Not ready: {error}")
            loop.call_soon_threadsafe(app.stay_unready, str(error))
        else:
            loop.call_soon_threadsafe(_get_ready, app, model)

    threading.Thread(target=work, name="load", daemon=True).start()


def _get_ready(app: App, model: Model) -> None:
    examples = [model.schema.cells(each.row) for each in model.golden]
    quick = desk.quick_rows(model.predict, examples)
    app.become_ready(model, desk.AtOnce(model.predict, quick) if quick else desk.Together(model.predict))
    # What is loaded stays: the collector need not look through it again while requests wait.
    gc.collect()
    gc.freeze()
    about = model.about
    say(f"{about['model']} {about['version']} is ready ({model.schema.backend}).")


def _let_through(gate: socket.socket) -> bool:
    with gate:
        gate.sendall(b"ready\n")
        return gate.recv(64).startswith(b"go")


def _say_where(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    say(f"Serving on http://{f'[{host}]' if ':' in host else host}:{port}")
