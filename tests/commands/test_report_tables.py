"""What the report says of tables that changed: which are read, which are not, and why."""

import io
import json
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from mltool.cli.app import app
from mltool.commands import data_tables
from mltool.commands.compare import compare
from mltool.config import Data
from support.repos import Repo, md5

OLD = pd.DataFrame({"id": range(2000), "town": ["a", "b"] * 1000, "price": [float(n % 50) for n in range(2000)]})
NEW = OLD.assign(id=OLD["id"] + 150, price=OLD["price"] * 2, town=["a", "<img src=x>@all"] * 1000).iloc[:1900]
CONFIG = '[data]\nkey = {"orders.parquet" = ["id"]}\n'


def stored(repo: Repo, content: bytes, suffix: str = "") -> str:
    digest = md5(content)
    repo.write({f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}{suffix}": content})
    return digest + suffix


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def tracked(path: str, digest: str, size: int) -> dict[str, str]:
    return {f"{path}.dvc": f"outs:\n- md5: {digest}\n  size: {size}\n  hash: md5\n  path: {path}\n"}


def made(path: str, digest: str, size: int) -> dict[str, str]:
    """Return a stage that makes a table."""
    out = f"    - path: {path}\n      hash: md5\n      md5: {digest}\n      size: {size}\n"
    return {
        "dvc.yaml": f"stages:\n  split:\n    cmd: python split.py\n    outs:\n    - {path}\n",
        "dvc.lock": f"schema: '2.0'\nstages:\n  split:\n    cmd: python split.py\n    outs:\n{out}",
    }


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a project with a source that changed, one that is too large, one that is lost, and a table of a stage."""
    for frame, size in ((OLD, 11), (NEW, 12)):
        content = parquet(frame)
        digest = stored(repo, content)
        repo.commit({
            "mltool.toml": CONFIG,
            **tracked("orders.parquet", digest, len(content)),
            **tracked("raw.parquet", md5(b"raw %d" % size), size * 10**9),
            **tracked("lost.csv", md5(b"lost %d" % size), 10),
            **made("train.parquet", digest, len(content)),
        }, str(size))  # fmt: skip
    return repo


def report(repo: Repo, form: str = "json") -> str:
    words = ["report", "HEAD~1", "HEAD", "-C", str(repo.folder), "--format", form]
    return CliRunner().invoke(app, words, env={"COLUMNS": "120"}).output


def tables(repo: Repo) -> dict[str, Any]:
    return {item["path"]: item for item in json.loads(report(repo))["tables"]}


def test_sources_are_compared_by_their_key_and_the_others_say_why_not(project: Repo) -> None:
    found = tables(project)
    assert sorted(found) == ["lost.csv", "orders.parquet", "raw.parquet"]
    assert found["raw.parquet"]["problem"] == (
        "raw.parquet (12 GB) is over 1 GB and was not compared: `mltool data diff --path raw.parquet` does it."
    )
    assert "lost.csv is neither in DVC's cache nor in a remote" in found["lost.csv"]["problem"]
    orders = found["orders.parquet"]
    assert [orders[name] for name in ("base_rows", "head_rows", "added", "removed", "changed", "key")] == [
        2000, 1900, 50, 150, 1813, ["id"],
    ]  # fmt: skip
    assert orders["drift"]["state"] == "drifted"
    price = next(column for column in orders["columns"] if column["name"] == "price")
    assert (price["base"]["high"], price["head"]["high"]) == (49.0, 98.0)
    assert len(price["bars"]["edges"]) == len(price["bars"]["base"]) + 1 == 25
    assert sum(price["bars"]["base"]) == pytest.approx(1, abs=1e-3)
    town = next(column for column in orders["columns"] if column["name"] == "town")
    assert (town["came"], town["went"]) == (["<img src=x>@all"], ["b"])
    assert dict(zip(town["bars"]["labels"], town["bars"]["head"], strict=True)) == {
        "a": 0.5, "b": 0.0, "<img src=x>@all": 0.5,
    }  # fmt: skip
    key = next(column for column in orders["columns"] if column["name"] == "id")
    assert key["bars"] is None


def test_the_words_name_what_drifted_and_markdown_stays_inert(project: Repo) -> None:
    text = report(project, "markdown")
    assert "<b>Data</b>: orders.parquet: 2,000 → 1,900 rows, drift in 2 columns; 2 more tables" in text
    assert "2,000 → 1,900 rows: 50 added, 150 removed, 1,813 changed (by `id`)." in text
    assert "+`<img src=x>@all`" in text
    assert "❌ distribution" in text
    assert '<svg class="histogram"' in report(project, "html")


@pytest.mark.parametrize(
    ("settings", "paths", "left"),
    [
        (Data(), ["lost.csv", "orders.parquet"], ["raw.parquet"]),
        (Data(diff="all"), ["lost.csv", "orders.parquet", "train.parquet"], ["raw.parquet"]),
        (Data(tables=("train.parquet",)), ["lost.csv", "orders.parquet", "train.parquet"], ["raw.parquet"]),
        (Data(most_mb=20_000), ["lost.csv", "orders.parquet", "raw.parquet"], []),
        (Data(most_mb=0.001), ["lost.csv"], ["orders.parquet", "raw.parquet"]),
        (Data(diff="off", tables=("train.parquet",)), [], []),
    ],
)
def test_the_repository_says_which_tables_are_read(
    project: Repo, settings: Data, paths: list[str], left: list[str]
) -> None:  # fmt: skip
    found, unread, note = data_tables.wanted(compare(project.folder, "HEAD~1", "HEAD"), settings)
    assert sorted(item.path for item in found) == paths
    assert sorted(item.path for item in unread) == left
    assert note == ""


def test_tables_that_are_too_large_together_are_not_all_read(repo: Repo) -> None:
    for rows in (OLD, NEW):
        files: dict[str, str] = {}
        for name in "abc":
            files |= tracked(f"{name}.parquet", stored(repo, parquet(rows)), 400_000_000)
        repo.commit(files)
    found, left, _ = data_tables.wanted(compare(repo.folder, "HEAD~1", "HEAD"), Data())
    assert [item.path for item in found] == ["a.parquet", "b.parquet"]
    assert [item.problem for item in left] == [
        "c.parquet (400 MB), with those before it, is over 1 GB and was not compared: "
        "`mltool data diff --path c.parquet` does it."
    ]


def test_more_tables_than_a_report_compares_are_counted(repo: Repo) -> None:
    for side in (b"1", b"2"):
        repo.commit(
            {name: text for n in range(11) for name, text in tracked(f"{n}.csv", md5(side * (n + 1)), 1).items()}
        )
    found, _, note = data_tables.wanted(compare(repo.folder, "HEAD~1", "HEAD"), Data())
    assert len(found) == data_tables.MOST == 8
    assert note == "3 more tables changed: `mltool data diff` compares them all."


def test_a_folder_whose_files_nobody_can_list_is_said(repo: Repo) -> None:
    for side in (b"1", b"2"):
        repo.commit(tracked("days", f"{md5(side)}.dir", 5))
    assert tables(repo)["days"]["problem"].startswith("The list of files in days is in no cache and no remote.")


def test_nothing_heavy_is_loaded_where_no_table_changed(project: Repo) -> None:
    project.commit({"README.md": "x"}, "words")
    code = (
        "import sys; from typer.testing import CliRunner; from mltool.cli.app import app;"
        f"out = CliRunner().invoke(app, ['report', 'HEAD~1', 'HEAD', '-C', {str(project.folder)!r}]).output;"
        "print('Metrics' in out, sorted({'numpy', 'pyarrow', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True []", done.stderr


def test_of_a_wide_table_what_drifted_is_never_among_what_is_left_out(repo: Repo) -> None:
    quiet = {f"quiet{n:03}": range(2000) for n in range(100)}
    loud = {f"loud{n}": range(2000) for n in range(3)}
    old = pd.DataFrame(quiet | loud)
    for frame in (old, old.iloc[:1999].assign(**dict.fromkeys(loud, 0))):
        content = parquet(frame)
        repo.commit(tracked("wide.parquet", stored(repo, content), len(content)))
    wide = tables(repo)["wide.parquet"]
    assert wide["drift"]["drifted"] >= 3
    assert [column["name"] for column in wide["columns"]][:3] == ["loud0", "loud1", "loud2"]
    assert (len(wide["columns"]), wide["more"], wide["same"]) == (60, 43, 0)
    assert {tuple(item["columns"]) for item in wide["drift"]["effects"]} >= {("loud0",), ("loud1",), ("loud2",)}
