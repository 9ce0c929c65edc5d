"""Base and head, row by row: what both predicted, and what could not be paired."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mltool.errors import UserError
from mltool.paired import ids
from mltool.paired.arrays import column, numbers
from mltool.paired.ids import Keys
from mltool.paired.sides import Floats, Side

Codes = NDArray[np.intp]
T = TypeVar("T")
RISING = "rising "
"""Before the name of what an order is kept under."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """n rows that both models predicted.

    Of a classification, `truth`, `base` and `head` have shape (n,) and hold positions in `classes`; of a regression
    `classes` is empty and they hold amounts. `written` are the classes as the file has them: numbers, truths or text.
    `base_scores` and `head_scores` map a class to shape (n,), the empty name
    to the score of the positive class, which is the second of two. `extra` has the other columns of the head.
    `keys` are hashes of the row ids, by which a half of the rows can be taken again (empty: not known).
    `known` has what was computed once, of these rows and sides and no others.
    `only_base` and `only_head` count rows without a partner, `moved` rows whose truth differs: none of those is here.
    """

    classes: tuple[str, ...]
    truth: NDArray[Any]
    base: NDArray[Any]
    head: NDArray[Any]
    base_scores: Mapping[str, Floats] = field(default_factory=dict)
    head_scores: Mapping[str, Floats] = field(default_factory=dict)
    extra: Mapping[str, pa.Array] = field(default_factory=dict)
    keys: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))
    only_base: int = 0
    only_head: int = 0
    moved: int = 0
    known: dict[str, Any] = field(default_factory=dict, repr=False)
    written: NDArray[Any] = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def lost(self) -> float:
        """Return the share of the base's rows that the head has not, or with another truth."""
        gone = self.only_base + self.moved
        return gone / (len(self) + gone) if gone else 0.0

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` does, which is asked once a name."""
        if name not in self.known:
            self.known[name] = make()
        return self.known[name]  # type: ignore[no-any-return] # what a name stands for has one type

    def at(self, rows: NDArray[np.intp]) -> "Pairs":
        """Return the rows at these positions, with all the classes of the whole."""
        places = column(rows)
        return self._picked(rows, {name: values.take(places) for name, values in self.extra.items()})

    def _picked(
        self, rows: Codes | slice, extra: Mapping[str, pa.Array], known: dict[str, Any] | None = None
    ) -> "Pairs":
        return Pairs(
            classes=self.classes,
            truth=self.truth[rows],
            base=self.base[rows],
            head=self.head[rows],
            base_scores={name: values[rows] for name, values in self.base_scores.items()},
            head_scores={name: values[rows] for name, values in self.head_scores.items()},
            extra=extra,
            keys=self.keys[rows] if len(self.keys) else self.keys,
            known=known or {},
            written=self.written,
        )

    def rising(self, scores: Floats, name: str) -> Codes:
        """Return the order of these rows by `scores`, which `name` names: sorted once, and cut by `split`."""
        return self.once(RISING + name, lambda: np.argsort(scores))

    def split(self, codes: Codes, count: int) -> "list[Pairs]":
        """Return the rows of each code, from 0 to `count`, as `at` does, but in one pass, with every order known here.

        The rows that one code has in an order of all rows are in order: dealing them out, which costs a tenth of
        sorting, is all that is to be done.
        """
        small = codes.astype(np.min_scalar_type(count))  # of such numbers the stable sort is by their digits
        order = np.argsort(small, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=count)).tolist()
        spans = [slice(*span) for span in pairwise([0, *ends])]
        orders = {name: found for name, found in self.known.items() if name.startswith(RISING)}
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        dealt = {name: place[rising[np.argsort(small[rising], kind="stable")]] for name, rising in orders.items()}
        whole = self.at(order)
        return [
            whole._picked(
                span,
                {name: values[span] for name, values in whole.extra.items()},
                {name: each[span] - span.start for name, each in dealt.items()},
            )
            for span in spans
        ]

    def swapped(self, rows: NDArray[np.bool_]) -> "Pairs":
        """Return the same rows, of which those flagged have changed their sides."""
        names = tuple(name for name in self.base_scores if name in self.head_scores)
        forth = {name: np.where(rows, self.head_scores[name], self.base_scores[name]) for name in names}
        back = {name: np.where(rows, self.base_scores[name], self.head_scores[name]) for name in names}
        return replace(
            self,
            base=np.where(rows, self.head, self.base),
            head=np.where(rows, self.base, self.head),
            base_scores=forth,
            head_scores=back,
            known={},
        )


def join(base: Side, head: Side, *, regression: bool) -> Pairs:
    """Return the rows of both sides by id, in the order of the head.

    Raises UserError where an id occurs twice in a file, where ids are of different kinds, and where no row is shared.
    """
    keys = _unique(head)
    at_base, at_head = _partners(base, head)
    if at_head is not None and not len(at_head):
        raise UserError(
            f"{head.source} shares no row id with the base's predictions.",
            "Row ids must name the same row in both; [predictions] id names their column.",
        )
    truth, before = _take(head.truth, at_head), _take(base.truth, at_base)
    same = pc.equal(truth, _like(before, truth, head.source))
    moved = len(truth) - int(pc.sum(same).as_py() or 0)
    if moved:
        kept = pc.indices_nonzero(same)
        at_base, at_head, truth = _take(at_base, kept), _take(at_head, kept), truth.take(kept)
    labels = [_take(base.label, at_base), _take(head.label, at_head)]
    classes, written, coded = _coded(truth, *labels, regression=regression, source=head.source)
    rows_base, rows_head = _places(at_base), _places(at_head)
    return Pairs(
        classes=classes,
        truth=coded[0],
        base=coded[1],
        head=coded[2],
        base_scores={name: values[rows_base] for name, values in base.scores.items()},
        head_scores={name: values[rows_head] for name, values in head.scores.items()},
        extra={name: _take(values, at_head) for name, values in head.extra.items()},
        keys=keys[rows_head],
        only_base=len(base) - len(truth) - moved,
        only_head=len(head) - len(truth) - moved,
        moved=moved,
        written=written,
    )


def _unique(side: Side) -> Keys:
    keys = ids.keys(side.ids)
    if twice := ids.twice(side.ids, keys):
        raise UserError(
            f"{side.source}: {twice:,} rows have an id that another row has too.",
            "Every row needs an id of its own, so that two models can be compared row by row.",
        )
    return keys


def _partners(base: Side, head: Side) -> tuple[pa.Array | None, pa.Array | None]:
    """Return positions in base and in head of the rows that both have; None is every row, where both files have the
    same ids in the same order.
    """
    if base.ids.equals(head.ids) and len(head):
        return None, None
    _unique(base)
    found = pc.index_in(head.ids, value_set=_like(base.ids, head.ids, head.source))
    here = pc.indices_nonzero(pc.is_valid(found))
    return found.take(here).cast(pa.int64()), here.cast(pa.int64())


def _take(values: pa.Array | None, places: pa.Array | None) -> pa.Array:
    if values is None or places is None:
        return places if values is None else values
    return values.take(places)


def _places(places: pa.Array | None) -> NDArray[np.intp] | slice:
    return slice(None) if places is None else numbers(places)


def _like(values: pa.Array, other: pa.Array, source: str) -> pa.Array:
    if values.type == other.type:
        return values
    try:
        return values.cast(other.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(
            f"{source}: a column holds {other.type} here and {values.type} at the base.",
            "Write ids and labels the same way in both.",
        ) from error


def _coded(
    truth: pa.Array, base: pa.Array, head: pa.Array, *, regression: bool, source: str
) -> tuple[tuple[str, ...], NDArray[Any], list[NDArray[Any]]]:
    columns = [truth, _like(base, truth, source), _like(head, truth, source)]
    if regression:
        return (), np.zeros(0), [numbers(part.cast(pa.float64())) for part in columns]
    names = pc.unique(pa.concat_arrays([pc.unique(part) for part in columns]))
    names = names.take(pc.sort_indices(names))
    codes = [numbers(pc.index_in(part, value_set=names)).astype(np.intp) for part in columns]
    words = tuple(str(name) for name in names.to_pylist())
    simple = pa.types.is_integer(names.type) or pa.types.is_floating(names.type) or pa.types.is_boolean(names.type)
    return words, np.array(names.to_pylist() if simple else words), codes
