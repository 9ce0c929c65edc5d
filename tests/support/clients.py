"""Users who ask a model all the time, and notice when they get no answer."""

import json
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException


def wait_until(true: Callable[[], bool]) -> None:
    """Wait up to twenty seconds."""
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


class Clients:
    """Threads that ask all the time: `fresh` on a connection for each request, `keeping` on one that they keep."""

    def __init__(self, port: int, *, fresh: int = 4, keeping: int = 0) -> None:
        self.port = port
        self.answers: list[str] = []
        self.lost: list[str] = []
        self._stop = threading.Event()
        headers = [{"connection": "close"}] * fresh + [{}] * keeping
        self._threads = [threading.Thread(target=self._ask, args=(each,)) for each in headers]

    def _ask(self, headers: dict[str, str]) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        while not self._stop.is_set():
            try:
                connection.request("GET", "/version", headers=headers)
                self.answers.append(json.loads(connection.getresponse().read())["version"])
                if headers:
                    connection.close()
            except (OSError, HTTPException) as error:
                self.lost.append(repr(error))
                connection.close()
        connection.close()

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
