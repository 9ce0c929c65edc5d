"""One path's hash, out of the lines that DVC writes."""

import pytest

from mltool.snapshot import locked
from mltool.snapshot.model import Output

A, B = "a" * 32, "b" * 31 + "1"
LOCK = f"""schema: '2.0'
stages:
  split:
    cmd: python split.py
    deps:
    - path: raw/test.csv
      hash: md5
      md5: {B}
      size: 3
    outs:
    - path: data/split
      hash: md5
      md5: {B}.dir
      size: 10
      nfiles: 2
  predict:
    cmd: python predict.py
    deps:
    - path: data/split/test.csv
      hash: md5
      md5: {A}
      size: 5
    outs:
    - path: eval/predictions.csv
      md5: {B}
      size: 9
"""


def found(path: str, text: str = LOCK, file: str = "dvc.lock") -> tuple[str, str] | None:
    output = locked.find(file, text.encode(), path)
    return None if output is None else (output.path, output.hash)


@pytest.mark.parametrize("style", [LOCK, LOCK.replace(f"md5: {A}", f"md5: '{A}'")])
def test_what_a_stage_reads_says_more_than_the_folder_that_holds_it(style: str) -> None:
    assert found("data/split/test.csv", style) == ("data/split/test.csv", f"md5:{A}")
    assert found("data/split/train.csv", style) == ("data/split", f"md5:{B}.dir")
    assert found("eval/predictions.csv", style) == ("eval/predictions.csv", f"md5-dos2unix:{B}")


def test_a_path_that_is_not_there_has_none() -> None:
    assert found("data/other/test.csv") is None
    assert found("split/test.csv") is None


def test_what_was_made_counts_where_it_was_read_with_another_hash() -> None:
    stale = LOCK.replace(f"- path: raw/test.csv\n      hash: md5\n      md5: {B}",
                         f"- path: eval/predictions.csv\n      hash: md5\n      md5: {A}")  # fmt: skip
    assert found("eval/predictions.csv", stale) == ("eval/predictions.csv", f"md5-dos2unix:{B}")


def test_where_two_stages_read_two_versions_neither_counts_and_the_folder_does() -> None:
    cost = f"  cost:\n    cmd: cost\n    deps:\n    - path: data/split/test.csv\n      hash: md5\n      md5: {B}\n"
    assert found("data/split/test.csv", LOCK + cost) == ("data/split", f"md5:{B}.dir")
    assert found("data/split/test.csv", LOCK.replace("data/split\n", "other\n") + cost) is None


def test_a_lock_in_a_folder_and_a_stage_with_a_folder_of_its_own() -> None:
    assert found("sub/data/split/test.csv", file="sub/dvc.lock") == ("sub/data/split/test.csv", f"md5:{A}")
    moved = LOCK.replace("data/split/test.csv", "../data/split/test.csv")
    assert found("data/split/test.csv", moved) == ("data/split/test.csv", f"md5:{A}")
    assert found("deep/data/split/test.csv") == ("deep/data/split/test.csv", f"md5:{A}")


def test_any_yaml_says_the_same() -> None:
    flow = f'{{"stages": {{"predict": {{"cmd": "x", "outs": [{{"path": "t.csv", "hash": "md5", "md5": "{A}"}}]}}}}}}'
    assert found("t.csv", flow) == ("t.csv", f"md5:{A}")
    assert found("t.csv", "stages: [") is None
    assert found("t.csv", "- t.csv") is None


def test_a_dvc_file_says_it_of_its_own_folder() -> None:
    text = f"outs:\n- md5: {A}\n  size: 4\n  hash: md5\n  path: test.csv\n"
    assert found("data/test.csv", text, "data/test.csv.dvc") == ("data/test.csv", f"md5:{A}")
    assert locked.pointers("data/split/test.csv") == ("data/split/test.csv.dvc", "data/split.dvc", "data.dvc")
    assert isinstance(locked.find("data/test.csv.dvc", text.encode(), "data/test.csv"), Output)
