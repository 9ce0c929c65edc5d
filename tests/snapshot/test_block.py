import random
from io import StringIO
from typing import Any

import pytest
from ruamel.yaml import YAML

from mltool.snapshot import block

TRAPS = (
    f"0b{'10' * 15}",
    *("yes", "No", "on", "null", "~", "true", "False", "1", "-1", "01", "0o7", "0x1f", "1_000", "1e3", "1e-5", "1."),
    *(".5", "-.5", ".inf", "-.INF", ".nan", "12:30", "2026-01-02", "a: b", "a:", ": a", "a #b", "#a", "- a", "-", "?"),
    *("a'b", "'a'", '"a"', "{a}", "[a]", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "a,b", "a  b", " a", "a ", ""),
    *("s3://b/k", "./x", "../x", ".x", "..", ".", "/abs", "é", "a\tb", "a\nb", "=", "a=b", "1" * 32, "0" * 31 + "e"),
    *("1" * 15 + "e" + "2" * 16, "abc1" * 8, "d41d8cd98f00b204e9800998ecf8427e.dir", "0.1", "0.10", "1" * 21, "<<"),
    *("a" * 70 + " b" * 20, "python x.py --lr 0.1 && echo 'a' > b | c; d [e] {f}", "a\\b", "a?", "a!b", "-- a", "a#b"),
)


def _read(text: str) -> Any:
    return YAML(typ="safe").load(text)


def _document(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.random()
    if depth > 3 or kind < 0.4:
        return chance.choice((*TRAPS, 0, -3, 10**20, 0.25, 1e-7, 1e30, True, False, None, "python train.py --lr 0.1"))
    if kind < 0.7:
        keys = chance.sample(("cmd", "deps", "train.lr", "yes", "1", "a b", "x/y.json", "md5", "é", "a:b", "<<"), 3)
        return {key: _document(chance, depth + 1) for key in keys}
    return [_document(chance, depth + 1) for _ in range(chance.randrange(4))]


def test_what_it_reads_is_what_yaml_means() -> None:
    read = 0
    for seed in range(1500):
        stream = StringIO()
        YAML().dump({"schema": _document(random.Random(seed))}, stream)
        try:
            found = block.load(stream.getvalue())
        except block.Unsure:
            continue
        read += 1
        assert repr(found) == repr(_read(stream.getvalue())), stream.getvalue()
    assert read > 100


@pytest.mark.parametrize("trap", TRAPS)
def test_no_text_is_read_other_than_yaml_reads_it(trap: str) -> None:
    for text in (f"a: {trap}\n", f"a:\n- {trap}\n", f"a:\n  - {trap}\n", f"{trap}: 1\n", f"a:\n  {trap}\n  b\n"):
        try:
            found = block.load(text)
        except block.Unsure:
            continue
        assert repr(found) == repr(_read(text)), text


@pytest.mark.parametrize(
    "text",
    ["", "a", "- a\n", "a: 1\na: 2\n", "a: 1\n b: 2\n", "a:\n- b\n c\n", "a: b\n  c\n", "---\na: 1\n", "a: |\n  b\n",
     "a: 'it''s'\n", "a: >\n  b\n", "a: [1]\n", "a: 1 # no\n", " a: 1\n", "a: {b: 1}\n", "a:\n\tb: 1\n",
     "a: 1\r\n", "a:\n  b: 1\n c: 2\n", "a: b\n  c\n\n  d\n", "a: b\n  # c\n  d\n", "a: b \n  c\n", "a: 1\n  2\n",
     "a: b\n  - c\n", "a: b\n  c:\n  d\n", "a: yes\n  no\n", "a: b\n  #c\n", "a: b\n  c #d\n",
     "a: b\n    c\n  d\n", "<<<<<<< HEAD\na: 1\n"],
)  # fmt: skip
def test_anything_else_is_left_to_the_real_parser(text: str) -> None:
    try:
        found = block.load(text)
    except block.Unsure:
        return
    assert repr(found) == repr(_read(text))


def test_a_lock_as_dvc_writes_it_is_read() -> None:
    text = """\
schema: '2.0'
stages:
  train@a:
    cmd: python train.py --lr 0.1 && echo done
    deps:
    - path: data/raw
      hash: md5
      md5: d41d8cd98f00b204e9800998ecf8427e.dir
      size: 12
      nfiles: 2
    params:
      params.yaml:
        train.lr: 0.1
        train.on: true
"""
    assert block.load(text) == _read(text)


def test_a_command_that_dvc_folded_is_read() -> None:
    stream = StringIO()
    YAML().dump({"stages": {"a": {"cmd": "python train.py " + "--some-flag value " * 20 + "end", "deps": []}}}, stream)
    text = stream.getvalue().replace("    deps: []\n", "")
    assert text.count("\n") > 4
    assert block.load(text) == _read(text)


def test_a_hash_is_read_quickly_unless_yaml_takes_it_for_a_number() -> None:
    assert block.HASH.fullmatch("0b" + "f" * 30)
    assert block.HASH.fullmatch("1" * 32 + ".dir")
    for number in ("0b" + "01" * 15, "1" * 32, "1" * 15 + "e" + "1" * 16):
        assert not block.HASH.fullmatch(number)
