"""Uvicorn with what it leaves to others: connections that never finish a request, and a stop that loses none."""

import asyncio
import socket
import time
from typing import Any, Final

import uvicorn

from .app import App
from .lane import Lane, lane

LINGER: Final = 2.0
"""Seconds for which connections without a request stay open after the server was told to stop."""
SETTLE: Final = 0.05
GRACE: Final = 60.0
IDLE: Final = 65
HEAD_SECONDS: Final = 20.0


class Server(uvicorn.Server):
    """Serves one App on sockets that are bound already."""

    def __init__(self, app: App, *, connections: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=lane(app.at_once, longest=app.limits.body_bytes),  # type: ignore[arg-type]
                lifespan="off",
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=connections,
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=int(GRACE),
            )
        )
        self._app = app
        self._waiting: dict[Lane, tuple[Any, float]] = {}

    async def on_tick(self, counter: int) -> bool:
        """Do what Uvicorn does ten times a second, and once a second look for connections that only hold a place."""
        if counter % 10 == 0:
            self._close_unfinished()
            self._app.tick()
        return await super().on_tick(counter)

    def _close_unfinished(self) -> None:
        """Cut off who sends a request drop by drop, or nothing at all. Uvicorn's own timers watch what it has begun."""
        now, before = time.monotonic(), self._waiting
        self._waiting = {}
        for connection in [each for each in self.server_state.connections if isinstance(each, Lane)]:
            cycle, timer = connection.cycle, connection.timeout_keep_alive_task
            if timer is not None or (cycle is not None and not cycle.response_complete):
                continue
            step, partial = (cycle, connection.served), connection.partial
            seen, since = before.get(connection, (step, now))
            if seen == step and now - since > (HEAD_SECONDS if partial else IDLE):
                connection.transport.abort()
            else:
                self._waiting[connection] = (step, since if seen == step else now)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, answer what was sent on those that are open, and stop.

        A client that keeps its connection may be sending at this moment: it is answered with `connection: close`
        instead of being cut off.
        """
        self._app.closing = True
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for listener in server.sockets:
                loop.remove_reader(listener.fileno())
        # What was accepted a moment ago becomes a connection some turns of the loop later, and asyncio drops it without
        # a word where its server was closed meanwhile.
        await asyncio.sleep(SETTLE)
        for server in self.servers:
            server.close()
        end = time.monotonic() + LINGER
        while time.monotonic() < end and self.server_state.connections and not self.force_exit:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)
        self._app.close()
