"""A small file may stand for more values than there is memory, or for itself."""

import pytest

from mltool.snapshot import values
from mltool.snapshot.values import Unreadable

LEVELS = range(1, 12)
LISTS = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in LEVELS)
TABLES = "a0: &a0 {}\n" + "".join(
    f"a{i}: &a{i} {{{', '.join(f'k{j}: *a{i - 1}' for j in range(10))}}}\n" for i in LEVELS
)


@pytest.mark.parametrize("text", [LISTS, TABLES], ids=["lists", "empty tables"])
def test_aliases_that_stand_for_billions_of_values_are_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="holds more than 2,000,000 values"):
        values.parse("params.yaml", text.encode())


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: [{c: *a}]}\n"])
def test_an_alias_to_what_it_stands_in_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="an alias to a part that it stands in itself"):
        values.parse("params.yaml", text.encode())


def test_aliases_and_merges_are_read() -> None:
    text = "base: &base {lr: 1, layers: [1, 2]}\na: *base\nb:\n  <<: *base\n  lr: 2\n"
    found = values.param_leaves(values.parse("params.yaml", text.encode()))
    assert found == {
        "base.lr": 1, "base.layers": (1, 2), "a.lr": 1, "a.layers": (1, 2), "b.lr": 2, "b.layers": (1, 2)
    }  # fmt: skip
