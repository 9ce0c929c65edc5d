"""`mltool diff` as people call it: what it prints, and what it says about input that is not as it should be."""

import os
from pathlib import Path
from typing import Any

import pytest

from support.repos import Repo, entry, lock
from support.said import Said, mltool

STAGE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params: [lr]
    outs: [model.bin]
    metrics: [{metrics.json: {cache: false}}]
"""


def diff(folder: Path, *words: str) -> Said:
    return mltool(folder, "diff", *words)


def ran(lr: float, metrics: str, model: str) -> dict[str, Any]:
    return {
        "cmd": "python train.py",
        "deps": [entry("train.py", "pass")],
        "params": {"params.yaml": {"lr": lr}},
        "outs": [entry("metrics.json", metrics), entry("model.bin", model)],
    }


def side(lr: float, accuracy: str, model: str) -> dict[str, Any]:
    metrics = f'{{"accuracy": {accuracy}}}'
    return {"dvc.yaml": STAGE, "train.py": "pass", "params.yaml": f"lr: {lr}\n", "metrics.json": metrics,
            "dvc.lock": lock(train=ran(lr, metrics, model)), ".gitignore": "/model.bin\n",
            "uv.lock": f'version = 1\n\n[[package]]\nname = "numpy"\nversion = "{model}"\n'}  # fmt: skip


@pytest.fixture
def project(repo: Repo) -> Repo:
    """A branch `topic` that changed a param, and its run."""
    repo.commit(side(0.1, "0.8", "1.0"))
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit(side(0.2, "0.9", "2.1"))
    return repo


def test_the_terminal_gets_aligned_tables(project: Repo) -> None:
    said = diff(project.folder)
    base = project.git("rev-parse", "--short=7", "main")
    assert (said.code, said.err) == (0, "")
    old, new = (entry("model.bin", text)["md5"][:7] for text in ("1.0", "2.1"))
    assert (
        said.out.replace("\u00a0", " ")
        == f"""\
the work tree compared with {base} (main).

Metrics
           Name        Base    Head              Change
  changed  accuracy  0.8000  0.9000  +10 points (+12 %)

Params
           Name    Base    Head         Change
  changed  lr    0.1000  0.2000  +0.1 (+100 %)

Stages
           Name   Why
  changed  train  param lr changed

Data
           Name               Base          Head  Files
  changed  model.bin  {old}, 3 B  {new}, 3 B

Packages
           Name   Base  Head
  changed  numpy  1.0   2.1
"""
    )


def test_json_says_the_same_to_programs(project: Repo) -> None:
    found = diff(project.folder, "--json").json
    assert found["schema"] == "mltool.diff/1"
    assert found["base"] == {"sha": project.git("rev-parse", "main"), "ref": "main", "note": ""}
    assert found["head"] == {"sha": project.git("rev-parse", "HEAD"), "work_tree": True}
    assert found["changes"]["metrics"] == [
        {"path": "metrics.json", "key": "accuracy", "kind": "changed", "old": 0.8, "new": 0.9}
    ]
    assert found["changes"]["stages"] == [
        {"stage": "train", "kind": "changed", "reasons": ["param lr changed"], "former": ""}
    ]
    assert found["problems"] == {"base": [], "head": []}


def test_markdown_is_tables_that_hold_no_markup_of_their_own(project: Repo) -> None:
    project.write({"params.yaml": "lr: 0.2\n'<b>@x|`y`': 1\n"})
    said = diff(project.folder, "--markdown")
    assert said.code == 0
    assert "#### Params" in said.out
    assert "<b>@x" not in said.out


def test_numbers_that_json_cannot_say_are_words(project: Repo) -> None:
    project.write({"metrics.json": '{"accuracy": NaN, "loss": -Infinity, "list": [Infinity]}'})
    found = {change["key"]: change["new"] for change in diff(project.folder, "--json").json["changes"]["metrics"]}
    assert found == {"accuracy": "NaN", "loss": "-Infinity"}


def test_any_two_revisions_and_another_folder_work(project: Repo, tmp_path: Path) -> None:
    said = diff(tmp_path, "topic", "main", "-C", str(project.folder), "--json")
    assert said.code == 0
    assert said.json["changes"]["metrics"][0]["new"] == 0.8
    assert said.json["head"]["work_tree"] is False


def test_nothing_in_the_checkout_changes(project: Repo) -> None:
    project.write({"new.txt": "x"})
    before = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")}
    diff(project.folder)
    assert {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")} == before


def test_a_detached_head_is_compared_like_a_branch(project: Repo) -> None:
    project.git("checkout", "-q", "--detach")
    said = diff(project.folder, "--json")
    assert said.json["base"]["sha"] == project.git("rev-parse", "main")


def test_on_the_default_branch_the_base_is_the_commit_before(project: Repo) -> None:
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    said = diff(project.folder, "--json")
    assert said.json["base"]["sha"] == project.git("rev-parse", "HEAD^1")
    assert said.json["base"]["note"] == "There is nothing beyond main, so the base is the commit before."
    project.write({"params.yaml": "lr: 5\n"})
    assert diff(project.folder, "--json").json["base"]["sha"] == project.git("rev-parse", "HEAD")


def test_commits_on_the_target_since_are_counted(project: Repo) -> None:
    project.git("checkout", "-q", "main")
    project.commit({"other": "1"})
    project.git("checkout", "-q", "topic")
    assert ", 1 commit behind main." in diff(project.folder).out


def test_a_shallow_clone_of_a_branch_finds_its_base(project: Repo, tmp_path: Path) -> None:
    clone = project.clone(tmp_path / "clone", "--depth=1", "--branch=topic", "--single-branch")
    project.git("checkout", "-q", "main")
    said = diff(clone.folder, "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json["base"]["sha"] == project.git("rev-parse", "main")
    assert said.json["changes"]["metrics"][0]["old"] == 0.8


def test_a_base_without_the_pipeline_is_a_note_and_not_an_error(repo: Repo) -> None:
    base = repo.commit({"README.md": "x"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit(side(0.1, "0.8", "1.0"))
    found = diff(repo.folder, "--json").json
    assert found["base"]["note"] == f"The base {base[:7]} has no pipeline yet, so all of it is new."
    assert found["changes"]["metrics"][0]["kind"] == "added"
    assert found["changes"]["stages"][0]["kind"] == "added"


def test_a_base_that_is_broken_does_not_stop_the_change_that_mends_it(repo: Repo) -> None:
    repo.commit({**side(0.1, "0.8", "1.0"), "dvc.yaml": "stages: [\n"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit(side(0.1, "0.8", "1.0"))
    said = diff(repo.folder, "--json")
    assert said.json["base"]["note"].startswith("The base cannot be compared with: dvc.yaml, line ")
    assert said.code == 2


def test_a_first_commit_has_no_base(repo: Repo) -> None:
    repo.commit(side(0.1, "0.8", "1.0"))
    found = diff(repo.folder, "--json").json
    assert found["base"] == {
        "sha": None,
        "ref": "",
        "note": "This is the first commit, so there is no base to compare with.",
    }


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"dvc.yaml": "stages:\n  train: [\n"}, "dvc.yaml, line 3, is not valid YAML: while parsing a flow node"),
        ({"dvc.yaml": "- a\n"}, "dvc.yaml is no mapping."),
        ({"dvc.yaml": "stages:\n  a: 1\n"}, "dvc.yaml declares stage `a`, which is no mapping."),
        ({"dvc.yaml": "stages:\n  a: {deps: [x]}\n"}, "dvc.yaml declares stage `a` without a `cmd`."),
        ({"dvc.yaml": "stages: 1\n"}, "dvc.yaml has `stages` that is no mapping."),
        ({"dvc.yaml": "stages:\n  a: {cmd: x, deps: 5}\n"}, "dvc.yaml declares stage `a` with `deps` that is no list."),
        ({"dvc.yaml": "metrics: {a: b}\n"}, "dvc.yaml has `metrics` that is no list."),
        ({"dvc.yaml": "artifacts: [x]\n"}, "dvc.yaml has `artifacts` that is no mapping."),
        ({"dvc.lock": "schema: '2.0'\n<<<<<<< HEAD\nstages: {}\n=======\nstages: {}\n>>>>>>> topic\n"},
         "dvc.lock, line 2, holds the markers of a merge conflict."),
        ({"dvc.lock": '{"stages": {"train": 1}}'}, "dvc.lock has an entry for stage `train` that is no mapping."),
        ({"data.dvc": "outs: [1]\n"}, "data.dvc has an entry in `outs` that is no mapping with a path."),
        ({"data.dvc": b"\xff\xfe"}, "data.dvc, line 1, is not UTF-8 text."),
        ({"dvc.yaml": "stages:\n  a:\n    cmd: echo ${nope}\n"}, "dvc.yaml cannot be resolved: "),
        ({"dvc.yaml": "stages:\n  a:\n    cmd: echo ${lr}\n", "params.yaml": "lr: 1\nx: [1\n"},
         "dvc.yaml takes values from a broken file: params.yaml, line 3, is not valid YAML: while"),
    ],
)  # fmt: skip
def test_a_broken_pipeline_file_is_one_sentence(project: Repo, files: dict[str, Any], sentence: str) -> None:
    project.write(files)
    said = diff(project.folder)
    assert said.err.startswith(f"mltool: {sentence}"), said.err
    assert said.err.endswith("\n  → Mend the file and try again.\n")
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("metrics.json", '{"a": 1,\n "b": }', "metrics.json, line 2, is not valid JSON: expecting value."),
        ("metrics.json", b"\x80\x00\x01", "metrics.json, line 1, is not UTF-8 text."),
        ("metrics.json", "", "metrics.json, line 1, is not valid JSON: expecting value."),
        ("metrics.json", "[" * 100_000, "metrics.json is nested too deeply."),
        ("metrics.json", f'{{"a": {"9" * 5000}}}', "metrics.json is not valid JSON: exceeds the limit"),
        ("params.yaml", "a: 1\nb: [1, 2\nc: 3\n", "params.yaml, line 3, is not valid YAML: "),
        ("params.yaml", "a: 1\na: 2\n", "params.yaml, line 2, is not valid YAML: "),
        ("params.yaml", "<<<<<<< HEAD\na: 1\n", "params.yaml, line 1, holds the markers of a merge conflict."),
        ("more.toml", "a = 1\nb = = 2\n", "more.toml, line 2, is not valid TOML: invalid value."),
        ("more.py", "a = 1\nb = (\n", "more.py, line 2, is not valid Python: '(' was never closed."),
        ("uv.lock", "<<<<<<< HEAD\n", "uv.lock, line 1, holds the markers of a merge conflict."),
    ],
)
def test_a_broken_file_is_named_and_never_a_removed_value(
    project: Repo, name: str, content: str | bytes, sentence: str
) -> None:
    project.write({"dvc.yaml": STAGE + "params: [more.toml, more.py]\n", "more.toml": "a = 1\n", "more.py": "a = 1\n"})
    project.write({name: content})
    said = diff(project.folder, "--json")
    assert f"mltool: {sentence}" in said.err
    assert said.code == 2
    changes = said.json["changes"]
    assert not [change for change in (*changes["metrics"], *changes["params"]) if change["path"] == name]
    assert said.json["problems"]["head"][0]["kind"] == "unreadable"


def test_metrics_of_fifty_megabytes_are_refused_at_once(project: Repo) -> None:
    project.write({"metrics.json": '{"a": "' + "x" * 50_000_000 + '"}'})
    said = diff(project.folder)
    assert said.err == "mltool: metrics.json is 50 MB; mltool reads at most 32 MiB of such a file.\n"
    assert said.code == 2


def test_a_few_lines_that_stand_for_billions_of_values_are_refused(project: Repo) -> None:
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{i}: &a{i} {{{', '.join(f'k{j}: *a{i - 1}' for j in range(9))}}}" for i in range(1, 12)]
    project.write({"params.yaml": "\n".join(lines)})
    said = diff(project.folder)
    assert said.err == "mltool: params.yaml holds more than 2,000,000 values.\n"


def test_a_cached_metric_that_cannot_be_reached_is_no_removed_metric(project: Repo) -> None:
    stage = STAGE.replace("{cache: false}", "{cache: true}")
    project.git("rm", "-q", "--cached", "metrics.json")
    (project.folder / "metrics.json").unlink()
    project.commit({"dvc.yaml": stage, ".gitignore": "/model.bin\n/metrics.json\n"})
    said = diff(project.folder, "--json")
    digest = entry("x", '{"accuracy": 0.9}')["md5"]
    assert said.err == (
        f"mltool: metrics.json (md5:{digest}) is neither in the DVC cache nor in a remote that can be reached: "
        "run `dvc push` where it was made, or `dvc pull` here.\n"
    )
    assert said.code == 4
    assert said.json["changes"]["metrics"] == []


def test_a_metric_that_git_should_have_is_not_looked_for_with_dvc(project: Repo) -> None:
    project.git("rm", "-q", "metrics.json")
    said = diff(project.folder, "HEAD")
    assert said.err == (
        "mltool: metrics.json is in dvc.lock but not in this revision, and DVC does not keep it (`cache: false`): "
        "run `dvc repro` and commit it.\n"
    )
    assert "Nothing changed in what could be read." in said.out


def test_markdown_says_what_could_not_be_read(project: Repo) -> None:
    project.write({"metrics.json": '{"a": 1,\n'})
    said = diff(project.folder, "--markdown")
    assert said.out.endswith(
        "\n\n#### Not read\n\n- metrics.json, line 2, is not valid JSON: expecting property name enclosed in double"
        " quotes.\n"
    )


def test_two_sides_without_a_pipeline_are_not_called_new(repo: Repo) -> None:
    repo.commit({"a.txt": "a"})
    repo.commit({"a.txt": "b"})
    said = diff(repo.folder, "HEAD~1", "HEAD")
    said_so = "Neither side has a pipeline: no dvc.yaml with stages and no file that ends in .dvc."
    assert f"\n{said_so}\n\nNothing changed.\n" in said.out
    assert (said.code, said.err) == (0, "")


def test_an_unknown_revision_is_one_sentence(project: Repo) -> None:
    said = diff(project.folder, "v9")
    assert said.err == (
        "mltool: There is no revision `v9` in this repository.\n"
        "  → Check the spelling, or run `git fetch origin v9`.\n"
    )  # fmt: skip
    assert said.code == 2


def test_a_repository_without_commits_is_one_sentence(repo: Repo) -> None:
    said = diff(repo.folder)
    assert said.err == f"mltool: Nothing is committed yet in {repo.folder}.\n  → Commit the project first.\n"
    assert said.code == 2


def test_a_metrics_file_that_links_out_of_the_repository_is_refused(project: Repo, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"accuracy": 1}')
    (project.folder / "metrics.json").unlink()
    (project.folder / "metrics.json").symlink_to(tmp_path / "secret.json")
    said = diff(project.folder)
    assert said.err.startswith("mltool: metrics.json is a symbolic link that leads out of the repository (to ")
    assert said.code == 2


def test_names_that_are_not_utf8_can_be_printed(project: Repo) -> None:
    project.write({"dvc.yaml": "metrics: [eval]\n"})
    (project.folder / "eval").mkdir()
    (project.folder / "eval" / os.fsdecode(b"caf\xe9.json")).write_text('{"a": 1}')
    for words in ((), ("--json",), ("--markdown",)):
        said = diff(project.folder, *words)
        assert said.code == 0, said.err
        assert "caf" in said.out


def test_two_formats_at_once_are_refused(project: Repo) -> None:
    said = diff(project.folder, "--json", "--markdown")
    assert (said.code, said.err) == (2, "mltool: --json and --markdown exclude each other.\n  → Choose one.\n")
