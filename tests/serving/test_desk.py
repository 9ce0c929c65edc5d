"""Predictions in a thread: what waits is taken together, and nobody pays for another's mistake."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from mltool.serving import desk
from mltool.serving.desk import AtOnce, FullError, Together, quick_rows
from mltool.serving.schema import Prediction, Row


class Slow:
    """Predicts nothing before it is let, and remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, rows: Sequence[Row]) -> list[Prediction]:
        self.begun.set()
        self.go.wait(10)
        self.batches.append(len(rows))
        if ("bad",) in rows:
            raise ValueError("a bad row")
        return [{"value": row[0]} for row in rows]


async def _together(slow: Slow, *asked: Sequence[Row]) -> list[object]:
    made = Together(slow)
    first = asyncio.create_task(made.ask([(0,)]))
    await asyncio.to_thread(slow.begun.wait, 10)
    rest = [asyncio.create_task(made.ask(rows)) for rows in asked]
    await asyncio.sleep(0)
    slow.go.set()
    return list(await asyncio.gather(first, *rest, return_exceptions=True))


def test_what_arrives_during_a_prediction_is_one_batch_and_everyone_gets_their_own() -> None:
    slow = Slow()

    answers = asyncio.run(_together(slow, [(1,), (2,)], [(3,)], []))

    assert answers == [[{"value": 0}], [{"value": 1}, {"value": 2}], [{"value": 3}], []]
    assert slow.batches == [1, 3]


def test_a_bad_request_fails_alone() -> None:
    slow = Slow()

    answers = asyncio.run(_together(slow, [(1,)], [("bad",)], [(2,)]))

    assert answers[1] == [{"value": 1}]
    assert isinstance(answers[2], ValueError)
    assert answers[3] == [{"value": 2}]


def test_too_many_waiting_rows_are_refused_but_never_a_request_that_nobody_is_before() -> None:
    slow = Slow()

    answers = asyncio.run(_together(slow, [(1,)] * desk.MOST_WAITING))
    assert isinstance(answers[1], FullError)

    async def alone() -> int:
        return len(await Together(slow).ask([(1,)] * (desk.MOST_WAITING + 1)))

    assert asyncio.run(alone()) == desk.MOST_WAITING + 1


def test_who_went_away_does_not_stop_the_others() -> None:
    slow = Slow()

    async def leave() -> list[Prediction]:
        made = Together(slow)
        first = asyncio.create_task(made.ask([(0,)]))
        await asyncio.to_thread(slow.begun.wait, 10)
        first.cancel()
        slow.go.set()
        return await made.ask([(1,)])

    assert asyncio.run(leave()) == [{"value": 1}]


def test_few_rows_are_predicted_at_once_and_many_in_the_thread() -> None:
    threads: list[str] = []

    def predict(rows: Sequence[Row]) -> list[Prediction]:
        threads.append(threading.current_thread().name)
        return [{"value": 0}] * len(rows)

    async def ask() -> None:
        made = AtOnce(predict, 2)
        await made.ask([(1,)] * 2)
        await made.ask([(1,)] * 3)

    asyncio.run(ask())
    assert threads == ["MainThread", "predict"]


@pytest.mark.parametrize(("work", "most"), [(0, 256), (400_000, 0)])
def test_a_model_is_quick_by_its_own_time(work: int, most: int) -> None:
    def predict(rows: Sequence[Row]) -> list[Prediction]:
        sum(range(work))
        return [{"value": 0}] * len(rows)

    assert quick_rows(predict, [(1,)]) == most
