"""Where predictions are made: at once where that takes no time, else in a thread that takes all that waits together."""

import asyncio
import queue
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from .schema import Predict, Prediction, Row

AT_ONCE: Final = 0.001
"""Seconds that the event loop may be held by one prediction: a thread costs two switches, which take less."""
SIZES: Final = (1, 4, 16, 64, 256)
TRIES: Final = 15
TOGETHER: Final = 1024
MOST_WAITING: Final = 20_000


class FullError(Exception):
    """More rows wait than should."""


class Desk(Protocol):
    """Takes rows and gives their predictions. Raises what the model raises, and FullError."""

    async def ask(self, rows: Sequence[Row]) -> list[Prediction]: ...


def quick_rows(predict: Predict, examples: Sequence[Row]) -> int:
    """Return for how many rows at a time the model takes less than `AT_ONCE`; 0: not even for one.

    The time that passes is what counts, since a model may wait or use threads of its own, and of several tries the one
    in the middle, since a busy machine makes some of them slow.
    """
    quick = 0
    for size in SIZES:
        rows = [examples[place % len(examples)] for place in range(size)]
        if statistics.median(_seconds(predict, rows) for _ in range(TRIES)) > AT_ONCE:
            return quick
        quick = size
    return quick


def _seconds(predict: Predict, rows: Sequence[Row]) -> float:
    start = time.perf_counter()
    predict(rows)
    return time.perf_counter() - start


@dataclass(frozen=True)
class _Asked:
    rows: Sequence[Row]
    answer: asyncio.Future[list[Prediction]]


class Together:
    """One thread. While it predicts, requests wait; then it takes them all as one batch: no timer, no delay.

    scikit-learn takes nearly the same time for one row and for a hundred.
    """

    def __init__(self, predict: Predict) -> None:
        self._predict = predict
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
        self._rows_waiting = 0
        threading.Thread(target=self._run, name="predict", daemon=True).start()

    async def ask(self, rows: Sequence[Row]) -> list[Prediction]:
        """Return the predictions. Raises what the model raises, and FullError."""
        if self._rows_waiting and self._rows_waiting + len(rows) > MOST_WAITING:
            raise FullError
        answer: asyncio.Future[list[Prediction]] = self._loop.create_future()
        self._rows_waiting += len(rows)
        self._queue.put(_Asked(rows, answer))
        try:
            return await answer
        finally:
            self._rows_waiting -= len(rows)

    def _run(self) -> None:
        while True:
            answers = self._answered(self._waiting())
            self._loop.call_soon_threadsafe(_hand_out, answers)

    def _waiting(self) -> list[_Asked]:
        asked = [self._queue.get()]
        rows = len(asked[0].rows)
        while rows < TOGETHER:
            try:
                asked.append(self._queue.get_nowait())
            except queue.Empty:
                break
            rows += len(asked[-1].rows)
        return asked

    def _answered(self, asked: Sequence[_Asked]) -> list[tuple[_Asked, Any]]:
        try:
            found = self._predict([row for each in asked for row in each.rows])
        except Exception as error:  # noqa: BLE001 - it goes to who asked
            if len(asked) == 1:
                return [(asked[0], error)]
            # One bad request must not be the others' failure.
            return [answer for each in asked for answer in self._answered([each])]
        start, answers = 0, []
        for each in asked:
            answers.append((each, found[start : start + len(each.rows)]))
            start += len(each.rows)
        return answers


def _hand_out(answers: Sequence[tuple[_Asked, Any]]) -> None:
    for asked, answer in answers:
        if asked.answer.done():
            continue  # who asked went away
        if isinstance(answer, Exception):
            asked.answer.set_exception(answer)
        else:
            asked.answer.set_result(answer)


class AtOnce:
    """Predicts up to `most` rows where the request is handled, more of them in the thread."""

    def __init__(self, predict: Predict, most: int) -> None:
        self.predict = predict
        self.most = most
        self._together = Together(predict)

    async def ask(self, rows: Sequence[Row]) -> list[Prediction]:
        """Return the predictions. Raises what the model raises, and FullError."""
        if len(rows) <= self.most:
            return self.predict(rows)
        return await self._together.ask(rows)
