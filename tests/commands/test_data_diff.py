"""`mltool data diff` on real repositories: tables by their hash, from DVC's cache, alone or in folders."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from mltool.cli.app import app
from mltool.errors import UserError
from support.repos import Repo, md5


def mltool(repo: Repo, *words: str) -> Result:
    return CliRunner().invoke(app, ["data", "diff", "-C", str(repo.folder), *words], env={"COLUMNS": "140"})


def tables(repo: Repo, *words: str) -> dict[str, Any]:
    found = mltool(repo, *words, "--json")
    return {table["path"]: table for table in json.loads(found.output)["tables"]}


def stored(repo: Repo, content: bytes, suffix: str = "") -> str:
    """Put an object where DVC has it, and return its hash."""
    digest = md5(content)
    repo.write({f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}{suffix}": content})
    return digest + suffix


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def tracked(repo: Repo, path: str, content: bytes) -> dict[str, str]:
    name = path.rpartition("/")[2]
    out = f"outs:\n- md5: {stored(repo, content)}\n  size: {len(content)}\n  hash: md5\n  path: {name}\n"
    return {f"{path}.dvc": out}


def folder(repo: Repo, path: str, files: dict[str, bytes]) -> dict[str, str]:
    listing = [{"md5": stored(repo, content), "relpath": name} for name, content in sorted(files.items())]
    digest = stored(repo, json.dumps(listing).encode(), ".dir")
    return {f"{path}.dvc": f"outs:\n- md5: {digest}\n  nfiles: {len(files)}\n  hash: md5\n  path: {path}\n"}


OLD = pd.DataFrame({"id": [1, 2, 3, 4], "town": ["a", "a", "b", "b"], "price": [1.0, 2.0, 3.0, 4.0]})
NEW = pd.DataFrame({"id": [2, 3, 4, 5, 6], "town": ["a", "b", "z", "z", "a"], "price": [2.0, 3.5, None, 5.0, 6.0]})


@pytest.fixture
def changed(repo: Repo) -> Repo:
    repo.commit(tracked(repo, "train.parquet", parquet(OLD)), "one")
    repo.commit(tracked(repo, "train.parquet", parquet(NEW)), "two")
    return repo


def test_rows_columns_and_categories_are_said(changed: Repo) -> None:
    found = mltool(changed, "HEAD~1", "HEAD", "--key", "id")
    assert found.exit_code == 0
    for words in (
        "train.parquet",
        "4 → 5 rows: 2 added, 1 removed, 2 changed (by id).",
        "double, 1 to 4",
        "double, 2 to 6, 1 null",
        "+z",
    ):
        assert words in found.output


def test_json_has_all_of_it(changed: Repo) -> None:
    found = tables(changed, "HEAD~1", "HEAD", "--key", "id")["train.parquet"]
    assert found["rows"] == {
        "old": 4, "new": 5, "added": 2, "removed": 1, "changed": 2, "columns": ["id", "town", "price"],
    }  # fmt: skip
    assert {item["name"]: item["cells"] for item in found["columns"]} == {"id": None, "town": 1, "price": 2}
    assert found["drift"]["state"] in ("drifted", "undecided")


def test_tables_in_folders_are_compared_one_by_one(repo: Repo) -> None:
    one, two = b"a\n1\n2\n", b"a\n1\n3\n"
    repo.commit(folder(repo, "days", {"mon.csv": one, "tue.csv": one, "gone.csv": one, "readme.txt": b"x"}))
    repo.commit(folder(repo, "days", {"mon.csv": two, "tue.csv": one, "new.csv": two, "readme.txt": b"y"}))
    found = tables(repo, "HEAD~1", "HEAD")
    assert sorted(found) == ["days/gone.csv", "days/mon.csv", "days/new.csv"]
    assert (found["days/gone.csv"]["removed"], found["days/new.csv"]["added"]) == (2, 2)
    assert (found["days/mon.csv"]["rows"]["added"], found["days/mon.csv"]["rows"]["removed"]) == (1, 1)


def test_a_table_that_cannot_be_had_leaves_the_others(changed: Repo) -> None:
    changed.commit(tracked(changed, "train.parquet", parquet(OLD)) | tracked(changed, "more.csv", b"a\n1\n"))
    changed.commit(tracked(changed, "train.parquet", parquet(NEW)) | tracked(changed, "more.csv", b"a\n2\n"))
    digest = md5(b"a\n1\n")
    (changed.folder / f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}").unlink()
    found = mltool(changed, "HEAD~1", "HEAD")
    assert found.exit_code == 2
    assert "more.csv is neither in DVC's cache nor in a remote" in " ".join(found.output.split())
    assert "4 → 5 rows: 4 added, 3 removed." in found.output


def test_a_key_that_is_no_column_is_said_of_the_table(changed: Repo) -> None:
    found = mltool(changed, "HEAD~1", "HEAD", "--key", "order")
    assert found.exit_code == 2
    assert "train.parquet of the base has no column order" in found.output


def test_only_the_tables_asked_for_are_compared(changed: Repo) -> None:
    assert list(tables(changed, "HEAD~1", "HEAD", "--path", "train.parquet")) == ["train.parquet"]
    error = mltool(changed, "HEAD~1", "HEAD", "--path", "test.parquet").exception
    assert isinstance(error, UserError)
    assert "test.parquet is no table in DVC that changed" in str(error)


def test_no_changed_table_is_said(changed: Repo) -> None:
    assert "No table in DVC changed." in mltool(changed, "HEAD", "HEAD").output


def test_an_output_that_git_has_is_read_from_git(repo: Repo) -> None:
    def with_output(content: str) -> dict[str, str]:
        lock = {"schema": "2.0", "stages": {"make": {"cmd": "make", "outs": [
            {"path": "out.csv", "hash": "md5", "md5": md5(content), "size": len(content)}]}}}  # fmt: skip
        stage = "stages:\n  make:\n    cmd: make\n    outs:\n    - out.csv:\n        cache: false\n"
        return {"dvc.yaml": stage, "dvc.lock": json.dumps(lock), "out.csv": content}

    repo.commit(with_output("a\n1\n"))
    repo.commit(with_output("a\n1\n2\n"))
    assert tables(repo, "HEAD~1", "HEAD")["out.csv"]["rows"]["added"] == 1


def test_nothing_is_left_behind(changed: Repo) -> None:
    before = sorted(Path(changed.folder).rglob("*"))
    mltool(changed, "HEAD~1", "HEAD")
    assert sorted(Path(changed.folder).rglob("*")) == before
