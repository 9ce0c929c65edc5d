"""Stale stages are those that `dvc status` would name, and what follows them, without any of the data."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mltool import git
from mltool.commands.compare import compare
from mltool.snapshot import stages
from mltool.snapshot.memo import Memo
from mltool.snapshot.read import read
from mltool.snapshot.stale import stale
from mltool.snapshot.tree import DictTree
from support.repos import Repo, entry, lock, md5
from support.scenarios import real_run

DIGEST = "a" * 32


def reasons(files: Mapping[str, str | bytes]) -> dict[str, str]:
    tree = DictTree(
        {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}
    )

    def nothing(*_: Any, **__: Any) -> dict[str, Any]:
        return {}

    return {item.stage: item.reason for item in stale(read(tree, resolve=nothing, objects=nothing, memo=Memo()), tree)}


def pipeline(**entries: Any) -> str:
    return json.dumps({"stages": entries})


def recorded(path: str, digest: str = DIGEST) -> dict[str, Any]:
    return {"path": path, "hash": "md5", "md5": digest}


UP_TO_DATE = {
    "dvc.yaml": pipeline(a={"cmd": "x", "deps": ["in.py", "data.csv"], "params": ["lr"], "outs": ["out"]},
                         b={"cmd": "y", "deps": ["out/part"], "outs": ["end"]}),
    "dvc.lock": lock(
        a={"cmd": "x", "deps": [entry("in.py", "1"), recorded("data.csv")], "params": {"params.yaml": {"lr": 0.1}},
           "outs": [recorded("out", f"{DIGEST}.dir")]},
        b={"cmd": "y", "deps": [recorded("out/part")], "outs": [recorded("end")]},
    ),
    "in.py": "1", "params.yaml": "lr: 0.1\n",
    "data.csv.dvc": f"outs:\n- {{md5: {DIGEST}, hash: md5, path: data.csv}}\n",
}  # fmt: skip


def test_a_lock_that_matches_is_up_to_date() -> None:
    assert reasons(UP_TO_DATE) == {}


@pytest.mark.parametrize(
    ("path", "old", "new", "reason"),
    [
        ("in.py", "1", "2", "dependency in.py changed"),
        ("dvc.yaml", '"x"', '"z"', "command changed"),
        ("params.yaml", "0.1", "0.2", "param lr changed"),
        ("params.yaml", "lr", "rate", "param lr is gone"),
        ("dvc.yaml", '["lr"]', '["lr", "seed"]', "param seed is gone"),
        ("dvc.yaml", '"in.py",', '"in.py", "more.py",', "dependency more.py is new"),
        ("data.csv.dvc", "aaa", "bbb", "dependency data.csv changed"),
        ("dvc.yaml", '["out"]', '["out", "new.bin"]', "output new.bin was never made"),
    ],
)
def test_what_differs_makes_a_stage_stale_and_those_below(path: str, old: str, new: str, reason: str) -> None:
    assert old in str(UP_TO_DATE[path])
    found = reasons({**UP_TO_DATE, path: str(UP_TO_DATE[path]).replace(old, new)})
    assert found == {"a": reason, "b": "downstream of a"}


def test_a_stage_without_an_entry_never_ran() -> None:
    assert reasons({**UP_TO_DATE, "dvc.lock": ""}) == {"a": "never ran", "b": "never ran"}


def test_a_frozen_stage_is_never_stale_and_stops_what_is_above() -> None:
    frozen = UP_TO_DATE["dvc.yaml"].replace('{"cmd": "x"', '{"frozen": true, "cmd": "x"')
    assert reasons({**UP_TO_DATE, "dvc.yaml": frozen, "in.py": "2"}) == {}


def test_text_that_dvc_2_hashed_with_unix_line_ends_is_up_to_date() -> None:
    old = lock(
        a={"cmd": "x", "deps": [{"path": "in.py", "md5": md5("1\n2\n")}, {"path": "b.bin", "md5": md5(b"\0\r\n")}]}
    )
    files = {"dvc.yaml": pipeline(a={"cmd": "x", "deps": ["in.py", "b.bin"]}), "dvc.lock": old}
    assert reasons({**files, "in.py": "1\r\n2\r\n", "b.bin": b"\0\r\n"}) == {}
    assert reasons({**files, "in.py": "1\r\n2\r\n", "b.bin": b"\0\n"}) == {"a": "dependency b.bin changed"}


def test_a_lock_of_dvc_1_has_its_stages_at_the_top() -> None:
    files = {"dvc.yaml": pipeline(a={"cmd": "x", "deps": ["in.py"]}), "in.py": "1"}
    old = json.dumps({"a": {"cmd": "x", "deps": [{"path": "in.py", "md5": md5("1")}]}})
    assert reasons({**files, "dvc.lock": old}) == {}
    assert reasons({**files, "dvc.lock": old, "in.py": "2"}) == {"a": "dependency in.py changed"}


def test_a_pointer_of_git_lfs_says_nothing_about_the_content() -> None:
    assert reasons({**UP_TO_DATE, "in.py": "version https://git-lfs.github.com/spec/v1\noid sha256:1\n"}) == {}


def folder_of(files: Mapping[str, str | bytes], **more: Any) -> dict[str, Any]:
    listing = [{"md5": md5(content), "relpath": name} for name, content in sorted(files.items())]
    return recorded("src", f"{md5(json.dumps(listing, sort_keys=True))}.dir") | more


READS_SRC = {"dvc.yaml": pipeline(a={"cmd": "x", "deps": ["src"]}), "src/a.py": "1\n", "src/b.py": "2\n"}


def reads_src(files: Mapping[str, str | bytes], **more: Any) -> str:
    return lock(a={"cmd": "x", "deps": [folder_of(files, **more)]})


def test_a_folder_that_held_files_that_git_ignores_cannot_be_compared() -> None:
    held = reads_src({"a.py": "1\n", "b.py": "2\n", "__pycache__/a.pyc": "x"}, nfiles=3)
    assert reasons({**READS_SRC, "dvc.lock": held}) == {}
    same_number = reads_src({"a.py": "1\n", "b.py": "3\n"}, nfiles=2)
    assert reasons({**READS_SRC, "dvc.lock": same_number}) == {"a": "dependency src changed"}
    fewer = reads_src({"a.py": "1\n"}, nfiles=1)
    assert reasons({**READS_SRC, "dvc.lock": fewer}) == {"a": "dependency src changed"}


def test_a_folder_that_holds_an_output_cannot_be_compared_with_what_git_has_of_it() -> None:
    files = {**READS_SRC, "dvc.lock": reads_src({"a.py": "1\n", "b.py": "2\n", "big": "x", ".gitignore": "/big"})}
    data = {"src/big.dvc": f"outs:\n- {{md5: {DIGEST}, hash: md5, path: big}}\n"}
    assert reasons(files | data) == {}
    assert reasons(files) == {"a": "dependency src changed"}


def test_line_ends_that_a_checkout_may_give_are_no_change() -> None:
    windows = reads_src({"a.py": "1\r\n", "b.py": "2\r\n"})
    assert reasons({**READS_SRC, "dvc.lock": windows}) == {}
    unix = reads_src({"a.py": "1\n", "b.py": "2\n"})
    assert reasons({**READS_SRC, "dvc.lock": unix, "src/a.py": "1\r\n", "src/b.py": "2\r\n"}) == {}
    binary = reads_src({"a.py": "1\n", "b.py": b"\0\n"})
    assert reasons({**READS_SRC, "dvc.lock": binary, "src/b.py": b"\0\r\n"}) == {"a": "dependency src changed"}


@pytest.mark.parametrize(
    ("attributes", "known"),
    [
        ("*.ipynb filter=nbstripout\n", False),
        ("*.ipynb working-tree-encoding=UTF-16\n", False),
        ("*.ipynb filter=lfs diff=lfs merge=lfs -text\n", True),
        ("*.ipynb diff=jupyternotebook\n", True),
        ("*.ipynb filter=nbstripout\nnb/* !filter\n", True),
        ("# a comment\n\n[attr]x filter=a\n", True),
    ],
)
def test_a_file_that_git_converts_cannot_be_compared(attributes: str, known: bool) -> None:  # noqa: FBT001
    files = {
        "dvc.yaml": pipeline(a={"cmd": "x", "deps": ["nb/a.ipynb"]}),
        "dvc.lock": lock(a={"cmd": "x", "deps": [entry("nb/a.ipynb", "with outputs")]}),
        "nb/a.ipynb": "stripped", ".gitattributes": attributes,
    }  # fmt: skip
    assert bool(reasons(files)) is known
    assert bool(reasons({**files, "nb/.gitattributes": "*.ipynb filter=x\n"})) is False
    assert bool(reasons({**files, "../.gitattributes": "*.ipynb filter=x\n"})) is False


@pytest.mark.parametrize(
    "info",
    [
        {"hash": "md5", "checksum": '"abc"', "size": 2},
        {"hash": "md5", "etag": "abc"},
        {"dataset": {"url": "s3://b/k", "type": "url", "meta": {"version_id": "1"}}},
        {"hash": "md5", "cloud": {"s3": {"etag": "a", "version_id": "b"}}},
        {"hash": "md5", "files": [{"relpath": "x", "cloud": {"s3": {"version_id": "b"}}}]},
    ],
)
def test_what_dvc_records_without_an_md5_is_no_new_dependency(info: dict[str, Any]) -> None:
    files = {"dvc.yaml": pipeline(a={"cmd": "x", "deps": ["https://example.org/x"]})}
    assert (
        reasons({**files, "dvc.lock": lock(a={"cmd": "x", "deps": [{"path": "https://example.org/x"} | info]})}) == {}
    )
    assert reasons({**files, "dvc.lock": lock(a={"cmd": "x", "deps": []})}) != {}


def test_a_folder_kept_by_versions_is_hashed_from_its_files() -> None:
    inner = [{"relpath": "b", "md5": md5("2"), "size": 1}, {"relpath": "a", "md5": md5("1"), "size": 1}]
    kept = {"path": "src", "hash": "md5", "files": inner}
    files = {"dvc.yaml": pipeline(w={"cmd": "w", "outs": ["src"]}, a={"cmd": "x", "deps": ["src"]})}
    read_ = {"cmd": "x", "deps": [folder_of({"a": "1", "b": "2"})]}
    assert reasons({**files, "dvc.lock": lock(w={"cmd": "w", "outs": [kept]}, a=read_)}) == {}
    out = stages.build("dvc.yaml", json.loads(files["dvc.yaml"]), {"stages": {"w": {"cmd": "w", "outs": [kept]}}})[
        0
    ].outs
    assert (out[0].size, out[0].files) == (2, 2)


PARAMS = "layers: [{units: 3}, {units: 4}]\n1: {2: x}\nmixed: [{a: 1, b: 2.0}]\nempty: {}\nseed:\n"


@pytest.mark.parametrize(
    ("keys", "ran", "reason"),
    [
        (["layers.0.units"], {"layers.0.units": 3}, ""),
        (["layers.1.units"], {"layers.1.units": 3}, "param layers.1.units changed"),
        (["layers.2.units"], {"layers.2.units": 3}, "param layers.2.units is gone"),
        (["1.2"], {"1.2": "x"}, ""),
        (["mixed"], {"mixed": [{"b": 2, "a": 1}]}, ""),
        (["mixed"], {"mixed": [{"b": 2, "a": 3}]}, "param mixed changed"),
        (["lay*"], {"lay*": [1]}, ""),
        (["empty", "seed"], {"empty": {}, "seed": None}, ""),
        (["layers"], {"layers": [{"units": 3}, {"units": 4}]}, ""),
    ],
)
def test_params_are_compared_key_by_key_as_dvc_picks_them(keys: list[str], ran: Any, reason: str) -> None:
    files = {"dvc.yaml": pipeline(a={"cmd": "x", "params": keys}), "params.yaml": PARAMS}
    found = reasons({**files, "dvc.lock": lock(a={"cmd": "x", "params": {"params.yaml": ran}})})
    assert found == ({"a": reason} if reason else {})


def test_dvc_writes_the_place_of_a_params_file_in_short() -> None:
    files = {"dvc.yaml": pipeline(a={"cmd": "x", "params": [{"./c.yaml": ["lr"]}]}), "c.yaml": "lr: 1\n"}
    assert reasons({**files, "dvc.lock": lock(a={"cmd": "x", "params": {"c.yaml": {"lr": 1}}})}) == {}


Change = Callable[[Repo], Any]

CHANGES: dict[str, Change] = {
    "nothing": lambda repo: None,
    "a script": lambda repo: repo.write({"train.py": (repo.folder / "train.py").read_text() + "\n"}),
    "a param": lambda repo: repo.write({"params.yaml": "prepare: {rows: 4}\ntrain: {lr: 0.01, depth: 2}\n"}),
    "a new param": lambda repo: repo.write({"params.yaml": "prepare: {rows: 4}\ntrain: {lr: 0.05, depth: 2, x: 1}\n"}),
    "a param nobody reads": lambda repo: repo.write(
        {"params.yaml": "prepare: {rows: 4, x: 1}\ntrain: {lr: 0.05, depth: 2}\n"}
    ),
    "a command": lambda repo: repo.write(
        {"dvc.yaml": (repo.folder / "dvc.yaml").read_text().replace("python evaluate.py", "python  evaluate.py")}
    ),
    "an output": lambda repo: repo.write({"eval/metrics.json": {"n": 1}}),
    "raw data": lambda repo: repo.write({"raw.txt": "z y x w v"}),
    "a new dependency": lambda repo: repo.write(
        {"dvc.yaml": (repo.folder / "dvc.yaml").read_text().replace("[train.py,", "[train.py, raw.txt,")}
    ),
}


@pytest.mark.slow
def test_dvc_status_names_the_same_stages(repo: Repo) -> None:
    _, head = real_run(repo)
    for what, change in CHANGES.items():
        repo.git("checkout", "-q", "-f", head)
        change(repo)
        compared = compare(repo.folder, "HEAD")
        found = {item.stage for item in stale(compared.head, compared.head_tree) if "downstream" not in item.reason}
        assert found == set(json.loads(repo.dvc("status", "--json"))), what


@pytest.mark.slow
def test_a_directory_in_git_is_hashed_as_dvc_does(repo: Repo) -> None:
    repo.write({
        "dvc.yaml": pipeline(a={"cmd": "true", "deps": ["src", "one.txt"]}),
        "src/a.py": "1", "src/é/b.py": "2", "src/z.py": "3\r\n", "src/skip.tmp": "x", ".dvcignore": "*.tmp\n",
        "one.txt": "",
    })  # fmt: skip
    repo.dvc("repro", "-q")
    head = repo.commit()
    compared = compare(repo.folder, head, head)
    assert stale(compared.head, compared.head_tree) == ()
    repo.commit({"src/é/b.py": "3"})
    tree = git.GitTree(compared.project, "HEAD")
    assert [item.reason for item in stale(compared.read(tree), tree)] == ["dependency src changed"]


def test_paths_of_a_stage_are_relative_to_the_project() -> None:
    declared = {"cmd": "x", "wdir": "../work", "deps": ["in", "../up", "s3://b/k"], "outs": [{"out": {"cache": False}}]}
    built = stages.build("sub/dvc.yaml", {"stages": {"a": declared | {"params": ["lr"]}}}, {})
    assert [dep.path for dep in built[0].deps] == ["work/in", "up", "s3://b/k"]
    assert [(out.path, out.cached) for out in built[0].outs] == [("work/out", False)]
    assert dict(built[0].tracked) == {"work/params.yaml": ("lr",)}
    assert built[0].address == "sub/dvc.yaml:a"
