"""The prediction log: one JSON line a row, written by a thread, so that no request waits for the disk."""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from .say import say
from .schema import Prediction

FORMAT: Final = "mltool.prediction/1"
TOGETHER: Final = 0.2
MOST_WAITING: Final = 100_000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What was asked in one request and answered; `time` in seconds since 1970."""

    time: float
    request: str
    rows: Sequence[Any]
    predictions: Sequence[Prediction]


class Journal:
    """Keeps entries until its thread has written them. What cannot be written is counted, and said once on stderr."""

    def __init__(self, path: Path, about: Mapping[str, str], *, most_bytes: int, most_files: int) -> None:
        self.path = path
        self.about = dict(about)
        self.most_bytes = most_bytes
        self.most_files = most_files
        self.written = self.dropped = self.failed = 0
        self._waiting: deque[Entry] = deque()
        self._rows_waiting = 0
        self._wake = threading.Event()
        self._stopping = False
        self._said = False
        self._file: IO[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def add(self, entry: Entry) -> None:
        """Take an entry, at once; where the disk is too slow for the traffic it is dropped and counted."""
        if self._rows_waiting > MOST_WAITING:
            self.dropped += len(entry.rows)
            return
        self._rows_waiting += len(entry.rows)
        self._waiting.append(entry)
        if not self._wake.is_set():
            self._wake.set()

    def counts(self) -> dict[str, int]:
        """Return how many lines were written, dropped because too many waited, and failed to be written."""
        return {"written": self.written, "dropped": self.dropped, "failed": self.failed}

    def close(self) -> None:
        """Write what waits, and stop."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=10)
        if self._file is not None and not self._thread.is_alive():
            self._file.close()

    def _run(self) -> None:
        pause = threading.Event()
        while not self._stopping:
            self._wake.wait()
            if not self._stopping:
                pause.wait(TOGETHER)
            self._wake.clear()
            self._write(self._taken())
        self._write(self._taken())

    def _taken(self) -> list[Entry]:
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        self._rows_waiting -= sum(len(entry.rows) for entry in taken)
        return taken

    def _write(self, entries: Sequence[Entry]) -> None:
        lines = [line for entry in entries for line in self._lines(entry)]
        if not lines:
            return
        try:
            self._append(b"".join(lines))
        except OSError as error:
            self.failed += len(lines)
            self._say(error)
        else:
            self.written += len(lines)
            self._said = False

    def _lines(self, entry: Entry) -> list[bytes]:
        moment = datetime.fromtimestamp(entry.time, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        head = {"schema": FORMAT, "ts": moment, "request": entry.request, **self.about}
        return [
            msgspec.json.encode(head | {"index": index, "row": row, "prediction": prediction}) + b"\n"
            for index, (row, prediction) in enumerate(zip(entry.rows, entry.predictions, strict=True))
        ]

    def _append(self, content: bytes) -> None:
        """Append all of it or nothing: of a line that a full disk cut off, nothing is left behind."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab", buffering=0)
        size = os.fstat(self._file.fileno()).st_size
        if size and size + len(content) > self.most_bytes:
            self._rotate()
            size = 0
        try:
            view = memoryview(content)
            while view:
                view = view[self._file.write(view) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), size)
            raise

    def _rotate(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        for number in range(self.most_files - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self.path.replace(self._numbered(1))
        self._numbered(self.most_files + 1).unlink(missing_ok=True)
        self._file = self.path.open("ab", buffering=0)

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _say(self, error: OSError) -> None:
        if not self._said:
            say(f"Cannot write the prediction log {self.path}: {error.strerror}. Serving goes on.")
        self._said = True
