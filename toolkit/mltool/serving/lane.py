"""A shorter way through Uvicorn for what nearly all requests are: one whole, plain `POST /predict`, answered at once.

What a head must look like is written down narrowly; whatever is not exactly that goes Uvicorn's way, byte for byte. For
a small model this halves what a request costs.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from uvicorn.protocols.http.auto import AutoHTTPProtocol

START: Final = b"POST /predict HTTP/1.1\r\n"
FIELD: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[!-~]?[ -~]*\r\n"
HEAD: Final = re.compile(rb"POST /predict HTTP/1\.1\r\n(?:" + FIELD + rb")+\r\n")
LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
KIND: Final = re.compile(rb"\r\ncontent-type:[ \t]*application/json(?:;[^\r]*)?[ \t]*\r\n", re.IGNORECASE)
REQUEST: Final = re.compile(rb"\r\nx-request-id:[ \t]*([!-~]{1,128})[ \t]*\r\n", re.IGNORECASE)
HOST: Final = b"\r\nhost:"
# Each of these changes how a request is read, or how its connection goes on.
OTHER: Final = (
    b"\r\ntransfer-encoding:",
    b"\r\nexpect:",
    b"\r\nconnection:",
    b"\r\nupgrade:",
    b"\r\ncontent-encoding:",
)
LONGEST_HEAD: Final = 8192
MOST_UNSENT: Final = 65536

AnswerAtOnce = Callable[[bytes, str], bytes | None]
"""From a body and a request's id (empty: none) to headers and body of the answer; None: not this way."""


@dataclass(frozen=True)
class Plain:
    """A head that can be taken: the length of the body, and the request's id if it has one."""

    length: int
    request: str


@lru_cache(maxsize=256)
def plain(head: bytes) -> Plain | None:
    """Return what matters of a head, None for one that has to go Uvicorn's way. Clients repeat their heads."""
    low = head.lower()
    once = all(low.count(name) == 1 for name in (HOST, b"\r\ncontent-length:", b"\r\ncontent-type:"))
    length = LENGTH.search(head)
    if not HEAD.fullmatch(head) or not once or length is None or not KIND.search(head) or any(o in low for o in OTHER):
        return None
    if low.count(b"\r\nx-request-id:") == 0:
        return Plain(int(length[1]), "")
    request = REQUEST.search(head)
    return None if request is None else Plain(int(length[1]), request[1].decode())


class Lane(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """Uvicorn's connection, with the short way before it. `served` counts what went that way."""

    def __init__(self, answer: AnswerAtOnce, *, longest: int, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self.served = 0
        self._answer = answer
        self._longest = longest
        self._part = b""
        self._astray = False

    @property
    def partial(self) -> bool:
        """Return whether the connection waits for the rest of a request."""
        return bool(self._part) or self.served == 0

    def data_received(self, data: bytes) -> None:
        """Answer a whole plain request; keep one that is not whole yet; hand over all else."""
        if self._part:
            data, self._part = self._part + data, b""
        if self._astray or self._busy() or not data.startswith(START):
            # Where Uvicorn's next request begins is no longer known here.
            self._astray = True
            super().data_received(data)
            return
        end = data.find(b"\r\n\r\n") + 4
        found = plain(data[:end]) if 4 <= end <= LONGEST_HEAD else None
        if found is None or found.length > self._longest or len(data) > end + found.length:
            self._astray = True
            super().data_received(data)
        elif len(data) < end + found.length:
            self._part = data
        else:
            self._take(data, data[end:], found.request)

    def _take(self, data: bytes, body: bytes, request: str) -> None:
        answer = self._answer(body, request)
        if answer is None:
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        self.served += 1
        self.server_state.total_requests += 1
        self.transport.write(b"HTTP/1.1 200 OK\r\n" + answer)

    def _busy(self) -> bool:
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            return True
        crowded = self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency
        return bool(crowded or self.transport.get_write_buffer_size() > MOST_UNSENT)


def lane(answer: AnswerAtOnce, *, longest: int) -> Callable[..., asyncio.Protocol]:
    """Return what Uvicorn makes its connections with."""

    def connection(**uvicorn: Any) -> Lane:
        return Lane(answer, longest=longest, **uvicorn)

    return connection
