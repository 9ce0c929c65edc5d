"""Load on a server: one request again and again over open connections, and what that costs the server's processes.

The server's CPU time and memory come from `/proc`, for the process and all below it: the client's own cost is not in
them, however slow a client in Python is. Rates and latencies do depend on it.
"""

import re
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from os import sysconf
from pathlib import Path
from typing import Final

from mltool.errors import OutsideError

LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
SECONDS_WITHOUT_ANSWER: Final = 60.0
POLL: Final = 0.02


@dataclass(frozen=True, kw_only=True)
class Took:
    """One run: what came back, in which wall and CPU seconds (of the server), and each answer's seconds in order."""

    connections: int
    seconds: float
    cpu_seconds: float
    errors: int
    latencies: tuple[float, ...] = field(repr=False)

    @property
    def rate(self) -> float:
        """Return good answers per second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Return the server's CPU milliseconds for one request, refused ones included."""
        return 1000 * self.cpu_seconds / max(len(self.latencies) + self.errors, 1)

    def quantile(self, share: float) -> float:
        """Return the milliseconds that this share of the answers took at most."""
        if not self.latencies:
            return float("nan")
        return 1000 * self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


def post(path: str, body: bytes, *, host: str = "127.0.0.1", kind: str = "application/json") -> bytes:
    """Return a request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def wait(address: tuple[str, int], path: str, *, alive: Callable[[], bool], patience: float) -> None:
    """Return once `path` answers 200. Raises OutsideError where the server ends before, or `patience` (s) does."""
    end, said = time.monotonic() + patience, "nothing answered"
    while time.monotonic() < end:
        if not alive():
            raise OutsideError("The server ended before it was ready.", "Its output says why.")
        connection = HTTPConnection(*address, timeout=patience)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status == 200:
                return
            said = answer.read(500).decode(errors="replace")
        except (OSError, HTTPException) as error:
            said = str(error)
        finally:
            connection.close()
        time.sleep(POLL)
    raise OutsideError(f"The server was not ready after {patience:.0f} s: {said}.", "Its output may say why.")


def drive(address: tuple[str, int], request: bytes, *, pid: int, connections: int, seconds: float) -> Took:
    """Send `request` over every connection, again once it is answered, for `seconds`.

    `pid` is the server's process. Raises OutsideError where it hangs up, or answers nothing for a minute.
    """
    try:
        with ExitStack() as stack:
            selector = stack.enter_context(selectors.DefaultSelector())
            clients = [_Client(stack.enter_context(socket.create_connection(address))) for _ in range(connections)]
            for client in clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
            return _run(selector, clients, request, pid=pid, seconds=seconds)
    except OSError as error:
        raise OutsideError(f"{address[0]}:{address[1]} hung up: {error}.", "Its output may say why.") from error


def _run(
    selector: selectors.BaseSelector, clients: Sequence["_Client"], request: bytes, *, pid: int, seconds: float
) -> Took:
    latencies: list[float] = []
    errors = 0
    cpu, start = cpu_seconds(pid), time.perf_counter()
    end = start + seconds
    for client in clients:
        client.ask(request)
    open_requests = len(clients)
    while open_requests:
        ready = selector.select(SECONDS_WITHOUT_ANSWER)
        if not ready:
            raise TimeoutError(f"no answer for {SECONDS_WITHOUT_ANSWER:.0f} s")
        for key, _ in ready:
            client = key.data
            if not client.answered():
                continue
            now = time.perf_counter()
            if client.good:
                latencies.append(now - client.asked)
            else:
                errors += 1
            if now < end:
                client.ask(request)
            else:
                open_requests -= 1
    took = time.perf_counter() - start
    spent = cpu_seconds(pid) - cpu
    return Took(
        connections=len(clients),
        seconds=took,
        cpu_seconds=spent,
        errors=errors,
        latencies=tuple(sorted(latencies)),
    )


class _Client:
    """One connection with at most one request on it."""

    def __init__(self, opened: socket.socket) -> None:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = opened
        self.asked = 0.0
        self.good = False
        self._got = b""

    def ask(self, request: bytes) -> None:
        """Send the request."""
        self._got = b""
        self.asked = time.perf_counter()
        self.socket.sendall(request)

    def answered(self) -> bool:
        """Read what is there, and return whether the answer is whole. Raises OSError where the server hung up."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionResetError("the connection was closed before an answer")
        self._got += part
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end:
            return False
        self.good = head[9:12] == b"200"
        length = LENGTH.search(head)
        if length is not None:
            return len(body) >= int(length[1])
        return CHUNKED.search(head) is not None and body.endswith(b"0\r\n\r\n")


def family(pid: int) -> tuple[int, ...]:
    """Return the process and all processes below it, as they are now."""
    parents = dict(_parents())
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return tuple(found)


def _parents() -> Iterator[tuple[int, int]]:
    for home in Path("/proc").iterdir():
        if home.name.isdecimal() and (fields := _stat(int(home.name))):
            yield int(home.name), int(fields[1])


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the process and all below it have used, with that of their children that ended."""
    ticks = sum(int(word) for each in family(pid) for word in _stat(each)[11:15])
    return ticks / sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Return the memory of the process and all below it in MB (10⁶ bytes): pages that several share count once."""
    return sum(_proportional(each) for each in family(pid)) * 1024 / 1e6


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may hold anything; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
