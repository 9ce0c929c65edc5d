"""The ASGI application: `/predict`, `/livez`, `/readyz`, `/version`, `/schema`, `/metrics`."""

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from .desk import AtOnce, Desk, FullError
from .journal import Entry, Journal
from .metrics import Metrics
from .model import Model
from .say import say
from .schema import Prediction, RowsError

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON: Final = b"application/json"
TEXT: Final = b"text/plain; version=0.0.4; charset=utf-8"
METHODS: Final = {
    "/predict": "POST",
    "/livez": "GET",
    "/readyz": "GET",
    "/version": "GET",
    "/schema": "GET",
    "/metrics": "GET",
}
# What Amazon SageMaker asks of a container.
SAGEMAKER: Final = {"/ping": "/readyz", "/invocations": "/predict"}
LONGEST_ID: Final = 128
PATIENCE: Final = 16
"""Times the allowed size that are read and dropped, so that who sent too much reads the refusal and no broken pipe."""
LATE: Final = -1.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may cost: bytes and rows of its body, seconds until its body is here."""

    body_bytes: int = 4 * 2**20
    rows: int = 10_000
    body_seconds: float = 20.0


@dataclass(frozen=True)
class Answer:
    """A response before it is sent."""

    code: int
    body: bytes
    kind: bytes = JSON
    headers: tuple[Header, ...] = ()


class RefusedError(Exception):
    """A request that gets no prediction."""

    def __init__(self, code: int, message: str, *, headers: tuple[Header, ...] = (), **more: Any) -> None:
        super().__init__(message)
        self.answer = Answer(code, msgspec.json.encode({"error": {"message": message, **more}}), headers=headers)


class App:
    """Answers requests. It is ready once it has a model; before, it says why it is not."""

    def __init__(self, limits: Limits, journal: Callable[[Mapping[str, str]], Journal] | None = None) -> None:
        self.limits = limits
        self.metrics = Metrics()
        self.reason = "The model is being loaded."
        self.closing = False
        self.model: Model | None = None
        self._desk: Desk | None = None
        self._journal: Journal | None = None
        self._open_journal = journal
        self._headers: tuple[Header, ...] = ()
        self._tail = b""
        self._prefix = os.urandom(6).hex()
        self._numbers = itertools.count(1)
        self._expected: dict[asyncio.Task[Any] | None, float] = {}
        self._head = self._dated = b""
        self._second = 0

    def become_ready(self, model: Model, desk: Desk) -> None:
        """Serve this model from now on."""
        about = model.about
        if self._open_journal is not None:
            self._journal = self._open_journal({name: about[name] for name in ("model", "version", "digest")})
        self._headers = (
            (b"model-version", about["version"].encode()),
            (b"model-digest", about["digest"].encode()),
        )
        self._head = b"".join(b"%s: %s\r\n" % header for header in ((b"content-type", JSON), *self._headers))
        named = msgspec.json.encode({"model": about["model"], "version": about["version"]})
        self._tail = b"," + named[1:]
        self.metrics.expect(_bounds(model))
        self._desk = desk
        self.model = model

    def stay_unready(self, reason: str) -> None:
        """Say from now on why nothing is served."""
        self.reason = reason

    def close(self) -> None:
        """Write what is still to be logged."""
        if self._journal is not None:
            self._journal.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing is raised for anything that a request holds."""
        if scope["type"] != "http":
            return
        start = time.perf_counter()
        path: str = scope["path"]
        path = SAGEMAKER.get(path, path)
        try:
            answer = await self._answered(path, scope, receive)
        except RefusedError as refused:
            answer = refused.answer
        endpoint = path if path in METHODS else "other"
        self.metrics.requests[endpoint, answer.code] += 1
        if path == "/predict":
            self.metrics.seconds.add(time.perf_counter() - start)
        await self._send(send, scope["method"], answer)

    async def _answered(self, path: str, scope: Scope, receive: Receive) -> Answer:
        method = METHODS.get(path)
        if method is None:
            raise RefusedError(404, f"there is no {path[:LONGEST_ID]}; there are {', '.join(METHODS)}")
        if scope["method"] != method and not (method == "GET" and scope["method"] == "HEAD"):
            raise RefusedError(405, f"{path} takes {method}", headers=((b"allow", method.encode()),))
        if path == "/predict":
            return await self._predict(scope, receive)
        return self._told(path)

    def _told(self, path: str) -> Answer:
        model = self.model
        if path == "/livez":
            return Answer(200, b'{"status":"alive"}')
        if path == "/metrics":
            about = {} if model is None else model.about
            log = {} if self._journal is None else self._journal.counts()
            return Answer(200, self.metrics.text(about, ready=model is not None, log=log).encode(), kind=TEXT)
        if model is None:
            raise RefusedError(503, self.reason)
        if path == "/readyz":
            return Answer(200, b'{"status":"ready"}')
        return Answer(200, msgspec.json.encode(self._version(model) if path == "/version" else model.schema))

    def _version(self, model: Model) -> dict[str, str]:
        started = datetime.fromtimestamp(self.metrics.started, UTC).isoformat(timespec="seconds")
        return {**model.about, "started": started.replace("+00:00", "Z")}

    async def _predict(self, scope: Scope, receive: Receive) -> Answer:
        model, desk = self.model, self._desk
        if model is None or desk is None:
            raise RefusedError(503, self.reason, headers=((b"retry-after", b"1"),))
        self.metrics.in_flight += 1
        try:
            request = self._looked_at(scope["headers"])
            body = await self._body(receive)
            rows = self._rows(model, body)
            predictions = await self._asked(desk, rows)
        finally:
            self.metrics.in_flight -= 1
        return Answer(200, self._noted(request, rows, predictions), headers=((b"x-request-id", request.encode()),))

    def at_once(self, body: bytes, request: str) -> bytes | None:
        """Return headers and body of the answer to a plain request of a few good rows that a quick model answers.

        None for all others: nothing is counted or logged then, and the request has to be asked again in full.
        """
        desk, model = self._desk, self.model
        if model is None or not isinstance(desk, AtOnce) or self.closing:
            return None
        start = time.perf_counter()
        try:
            rows = model.rows.read(body)
            predictions = (
                desk.predict([astuple(row) for row in rows]) if len(rows) <= min(desk.most, self.limits.rows) else None
            )
        except Exception:  # noqa: BLE001 - whatever it is, the long way comes upon it again and says so
            return None
        if predictions is None:
            return None
        request = request or self._named()
        body = self._noted(request, rows, predictions)
        self.metrics.requests["/predict", 200] += 1
        self.metrics.seconds.add(time.perf_counter() - start)
        return b"%s%sx-request-id: %s\r\ncontent-length: %d\r\n\r\n%s" % (
            self._date(), self._head, request.encode(), len(body), body,
        )  # fmt: skip

    def _noted(self, request: str, rows: list[Any], predictions: list[Prediction]) -> bytes:
        """Count and log predictions, and return the body that tells them."""
        self.metrics.predicted(predictions)
        if self._journal is not None:
            self._journal.add(Entry(time=time.time(), request=request, rows=rows, predictions=predictions))
        return b'{"predictions":' + msgspec.json.encode(predictions) + self._tail

    def _named(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"

    def _date(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._dated = b"date: %s\r\n" % formatdate(second, usegmt=True).encode()
        return self._dated

    def _looked_at(self, headers: list[Header]) -> str:
        """Refuse what is not JSON or too long by its own word, and return the request's id."""
        request = ""
        for name, value in headers:
            if name == b"content-type":
                kind = value.partition(b";")[0].strip().lower()
                if kind != JSON and not kind.endswith(b"+json"):
                    raise RefusedError(415, f"the body is {_shown(value)}; it has to be application/json")
            elif name == b"content-encoding" and value != b"identity":
                raise RefusedError(415, f"the body is encoded as {_shown(value)}; it has to be plain")
            elif name == b"x-request-id" and value.isascii() and len(value) <= LONGEST_ID:
                request = value.decode()
        return request or self._named()

    async def _body(self, receive: Receive) -> bytes:
        start = time.monotonic()
        message = await self._message(receive, start)
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(body) <= self.limits.body_bytes:
            return body
        parts, size = [body], len(body)
        while message.get("more_body", False) and size <= PATIENCE * self.limits.body_bytes:
            message = await self._message(receive, start)
            size += len(message.get("body", b""))
            if size <= self.limits.body_bytes:
                parts.append(message.get("body", b""))
        if size > self.limits.body_bytes:
            raise RefusedError(
                413, f"the body is longer than {self.limits.body_bytes} bytes; send fewer rows at a time"
            )
        return b"".join(parts)

    async def _message(self, receive: Receive, start: float) -> dict[str, Any]:
        """Return the next part of a body that is expected since `start`; see `tick` for who takes too long."""
        task = asyncio.current_task()
        self._expected[task] = start
        try:
            message = await receive()
        except asyncio.CancelledError:
            if self._expected[task] != LATE or task is None:
                raise
            task.uncancel()
            late = f"the body was not here after {self.limits.body_seconds:g} s"
            raise RefusedError(408, late, headers=((b"connection", b"close"),)) from None
        finally:
            del self._expected[task]
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "the body was not sent to its end")
        return message

    def tick(self) -> None:
        """Give up bodies that take too long; to be called about once a second: a timer for each request costs more."""
        oldest = time.monotonic() - self.limits.body_seconds
        for task, start in list(self._expected.items()):
            if task is not None and LATE < start < oldest:
                self._expected[task] = LATE
                task.cancel()

    def _rows(self, model: Model, body: bytes) -> list[Any]:
        try:
            rows = model.rows.read(body)
        except RowsError as error:
            first = {} if error.first is None else asdict(error.first)
            more = {name: value for name, value in first.items() if value is not msgspec.UNSET and name != "message"}
            raise RefusedError(422 if first else 400, str(error), **more, count=error.count) from error
        if len(rows) > self.limits.rows:
            raise RefusedError(413, f"{len(rows)} rows are more than {self.limits.rows}; send fewer at a time")
        return rows

    async def _asked(self, desk: Desk, rows: list[Any]) -> list[Prediction]:
        try:
            return await desk.ask([astuple(row) for row in rows])
        except FullError as error:
            raise RefusedError(503, "too many rows are waiting", headers=((b"retry-after", b"1"),)) from error
        except Exception as error:
            # The model is any code; what it raises cannot be listed, and is not the sender's business.
            say(f"The model failed: {type(error).__name__}: {error}")
            raise RefusedError(500, "the model failed on these rows; the server's output says why") from error

    async def _send(self, send: Send, method: str, answer: Answer) -> None:
        headers = [
            (b"content-type", answer.kind),
            (b"content-length", b"%d" % len(answer.body)),
            *self._headers,
            *answer.headers,
        ]
        if self.closing:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.code, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


def _shown(value: bytes) -> str:
    return ascii(value[:LONGEST_ID].decode("latin-1"))


def _bounds(model: Model) -> list[float]:
    """Return ten bounds for the histogram of predictions: of probabilities, or over the golden rows' values."""
    values = [each.expected["value"] for each in model.golden if "value" in each.expected]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    return [round(low + (high - low) * step / 10, 6) for step in range(1, 11)] if high > low else [low]
