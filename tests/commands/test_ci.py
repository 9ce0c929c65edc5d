"""`mltool ci`: workflows are written, watched and never overwritten in silence; the pipeline is reproduced."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mltool import disk, git, shell
from mltool.commands import ci, reproduce
from mltool.config import Ci
from mltool.errors import Exit, OutsideError, UserError
from mltool.scaffold.remotes import Remote
from mltool.snapshot.model import Dependency, Output, Snapshot, Stage

MAIN = ".github/workflows/mltool.yml"
POST = ".github/workflows/mltool-post.yml"


def desk(root: Path, said: list[str] | None = None) -> ci.Desk:
    return ci.Desk(root=root, templates=disk.templates(), say=(said if said is not None else []).append)


def test_workflows_are_written_once_and_are_then_current(tmp_path: Path) -> None:
    said: list[str] = []
    assert ci.check(desk(tmp_path)) is Exit.FAILED
    assert ci.generate(desk(tmp_path, said)) is Exit.GOOD
    assert said == [f"wrote {MAIN}", f"wrote {POST}"]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.yml")}
    assert ci.generate(desk(tmp_path, said)) is Exit.GOOD
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.yml")} == before
    assert ci.check(desk(tmp_path)) is Exit.GOOD


def test_a_changed_setting_makes_the_files_stale_and_generating_mends_it(tmp_path: Path) -> None:
    ci.generate(desk(tmp_path))
    (tmp_path / "mltool.toml").write_text('[ci]\npython = "3.13"\n')
    said: list[str] = []
    assert ci.check(desk(tmp_path, said)) is Exit.FAILED
    assert '-          python-version: "3.12"\n+          python-version: "3.13"' in said[0]
    assert said[-1] == "Run `mltool ci generate` and commit the result."
    ci.generate(desk(tmp_path))
    assert ci.check(desk(tmp_path)) is Exit.GOOD


def test_an_edit_by_hand_is_refused_with_the_diff_and_nothing_at_all_is_written(tmp_path: Path) -> None:
    ci.generate(desk(tmp_path))
    edited = (tmp_path / MAIN).read_text().replace("timeout-minutes: 60", "timeout-minutes: 7")
    (tmp_path / MAIN).write_text(edited)
    (tmp_path / POST).unlink()
    said: list[str] = []
    with pytest.raises(UserError, match=r"mltool\.yml \(edited by hand\)"):
        ci.generate(desk(tmp_path, said))
    assert "-    timeout-minutes: 7" in said[0]
    assert (tmp_path / MAIN).read_text() == edited
    assert not (tmp_path / POST).exists()
    assert ci.generate(desk(tmp_path), force=True) is Exit.GOOD
    assert "timeout-minutes: 60" in (tmp_path / MAIN).read_text()


def test_a_file_of_the_same_name_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    disk.write(tmp_path / MAIN, "name: mine\n")
    with pytest.raises(UserError, match="not written by mltool"):
        ci.generate(desk(tmp_path))
    assert (tmp_path / MAIN).read_text() == "name: mine\n"


def test_a_pin_that_a_bot_moved_on_passes_the_check_and_survives_generating(tmp_path: Path) -> None:
    ci.generate(desk(tmp_path))
    text = (tmp_path / MAIN).read_text()
    pin = next(line for line in text.splitlines() if "actions/checkout@" in line).split("uses: ")[1]
    moved = f"actions/checkout@{'b' * 40} # v99.0.0"
    (tmp_path / MAIN).write_text(text.replace(pin, moved))
    assert ci.check(desk(tmp_path)) is Exit.GOOD
    (tmp_path / "mltool.toml").write_text("[ci]\ntimeout_minutes = 5\n")
    assert ci.generate(desk(tmp_path)) is Exit.GOOD
    assert moved in (tmp_path / MAIN).read_text()
    assert "timeout-minutes: 5\n" in (tmp_path / MAIN).read_text()


def test_a_workflow_that_the_settings_no_longer_want_is_deleted(tmp_path: Path) -> None:
    ci.generate(desk(tmp_path))
    (tmp_path / "mltool.toml").write_text('[ci]\nforks = "off"\n')
    assert ci.check(desk(tmp_path)) is Exit.FAILED
    ci.generate(desk(tmp_path))
    assert not (tmp_path / POST).exists()
    assert ci.check(desk(tmp_path)) is Exit.GOOD


def test_an_unknown_ci_system_names_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "mltool.toml").write_text('[ci]\nprovider = "jenkins"\n')
    with pytest.raises(UserError, match=r"'jenkins'.*github-actions"):
        ci.generate(desk(tmp_path))


def test_one_more_ci_system_is_one_more_folder(tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(disk.templates(), templates)
    disk.write(
        templates / "buildbox" / "template.toml",
        'name = "Build box"\nkind = "ci"\ncomment = "//"\npin = "{name}:{version}@sha256:{commit}"\n'
        '[[files]]\nsource = "box.j2"\ndestination = "Boxfile"\n',
    )
    disk.write(templates / "buildbox" / "pins.toml", f'[python]\nversion = "3.12"\ncommit = "{"a" * 64}"\n')
    disk.write(templates / "buildbox" / "box.j2", 'image [[ pin("python") ]]\nrun mltool ci run\n')
    root = tmp_path / "project"
    disk.write(root / "mltool.toml", '[ci]\nprovider = "buildbox"\n')
    at = ci.Desk(root=root, templates=templates, say=[].append)
    assert ci.generate(at) is Exit.GOOD
    text = (root / "Boxfile").read_text()
    assert text.startswith("// Written by `mltool ci generate`")
    assert f"image python:3.12@sha256:{'a' * 64}\n" in text
    assert ci.check(at) is Exit.GOOD


def test_broken_settings_stop_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "mltool.toml").write_text("[ci\n")
    with pytest.raises(UserError, match=r"mltool\.toml is not valid TOML.*line 1"):
        ci.generate(desk(tmp_path))
    assert not (tmp_path / ".github").exists()


def test_our_own_workflows_are_what_our_templates_make() -> None:
    said: list[str] = []
    assert ci.check(desk(Path(__file__).parents[2], said)) is Exit.GOOD, "\n".join(said)


# --- mltool ci run

S3 = Remote(name="store", url="s3://bucket", kind="s3")
FLAT = Snapshot(
    stages=(
        Stage(file="dvc.yaml", name="a", cmd="a", outs=(Output(path="out"),)),
        Stage(file="dvc.yaml", name="b", cmd="b", deps=(Dependency(path="out"),)),
    )
)


def inside(path: str, **known: Output) -> Snapshot:
    stages = (Stage(file="dvc.yaml", name="b", cmd="b", deps=(Dependency(path=path),)),)
    return Snapshot(stages=stages, data=tuple(known.values()))


@pytest.mark.parametrize(
    ("settings", "snapshot", "remote", "words"),
    [
        (Ci(), FLAT, None, ("repro",)),
        (Ci(), FLAT, S3, ("repro", "--pull", "--allow-missing")),
        (Ci(tests="pytest"), FLAT, S3, ("repro", "--pull")),
        (Ci(tests="pytest", pull="needed"), FLAT, S3, ("repro", "--pull", "--allow-missing")),
        (Ci(pull="all"), FLAT, S3, ("repro", "--pull")),
        (Ci(), inside("raw/a.csv", raw=Output(path="raw")), S3, ("repro", "--pull")),
        (Ci(), inside("raw", raw=Output(path="raw")), S3, ("repro", "--pull", "--allow-missing")),
        (Ci(), inside("rawer/a.csv", raw=Output(path="raw")), S3, ("repro", "--pull", "--allow-missing")),
    ],
)
def test_only_what_is_needed_is_pulled_where_dvc_can_be_trusted_with_that(
    settings: Ci, snapshot: Snapshot, remote: Remote | None, words: tuple[str, ...]
) -> None:
    assert reproduce.arguments(ci=settings, snapshot=snapshot, remote=remote)[0] == words


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (
            "boom\nERROR: failed to reproduce 'train': failed to run: python t.py; x, exited with 3\n",
            UserError,
            "Stage `train` failed: its command ended with exit code 3.",
        ),
        ("ERROR: failed to reproduce 'x': missing data 'source': in.txt\n", UserError, "in.txt is not in the remote"),
        ("WARNING: Missing cache files:\nERROR: Checkout failed for following targets:\n", UserError, "dvc push"),
        (
            'ERROR: unexpected error - Could not connect to the endpoint URL: "http://h/b"\n',
            OutsideError,
            "The remote store (s3://bucket) failed: Could not connect",
        ),
        ("ERROR: unexpected error - Unable to locate credentials\n", OutsideError, "Unable to locate credentials"),
        (
            "ERROR: unexpected error - gs is supported, but requires 'dvc-gs' to be installed: No module\n",
            UserError,
            "dvc-gs is not installed",
        ),
        ("'./dvc.yaml' is invalid.\n", UserError, "./dvc.yaml' is invalid"),
        ("", UserError, "could not reproduce"),
    ],
)  # fmt: skip
def test_dvcs_words_say_whose_turn_it_is(text: str, kind: type, says: str) -> None:
    error = reproduce.failure(text, remote=S3)
    assert type(error) is kind
    assert says in str(error)


def test_a_stage_that_prints_network_errors_is_still_a_failed_stage() -> None:
    text = "ERROR: connection timeout in my script\nERROR: failed to reproduce 'a': failed to run: x, exited with 1\n"
    assert isinstance(reproduce.failure(text, remote=S3), UserError)


@pytest.fixture
def pushed(tmp_path: Path) -> Path:
    """Return a clean clone of a project whose data is in a remote."""
    there = tmp_path / "there"
    there.mkdir()
    for command in (
        "git init -q -b main",
        "dvc init -q",
        f"dvc remote add -q -d store {tmp_path / 'store'}",
        "git config user.email a@b.c",
        "git config user.name A",
    ):
        subprocess.run(command.split(), cwd=there, check=True)
    (there / "in.txt").write_text("hello\n")
    (there / "params.yaml").write_text("p: 1\n")
    (there / "dvc.yaml").write_text(
        "stages:\n  a:\n    cmd: cat in.txt > a.txt\n    deps: [in.txt]\n    outs: [a.txt]\n"
        "  b:\n    cmd: cat a.txt params.yaml > b.txt\n    deps: [a.txt]\n    params: [p]\n    outs: [b.txt]\n"
    )
    for command in ("dvc add -q in.txt", "dvc repro -q", "dvc push -q", "git add .", "git commit -q -m x"):
        subprocess.run(command.split(), cwd=there, check=True)
    here = tmp_path / "here"
    subprocess.run(["git", "clone", "-q", there, here], check=True)
    return here


def reproduced(root: Path, said: list[str], *, on_github: bool = False) -> Exit:
    edges = reproduce.Edges(tee=lambda words, cwd: shell.tee(words, cwd=cwd), say=said.append, on_github=on_github)
    return ci.run(git.find(root), edges)


@pytest.mark.slow
def test_a_clean_clone_is_reproduced_with_what_its_stages_need_and_no_more(pushed: Path) -> None:
    (pushed / "params.yaml").write_text("p: 2\n")
    said: list[str] = []
    assert reproduced(pushed, said, on_github=True) is Exit.GOOD
    assert (pushed / "b.txt").read_text() == "hello\np: 2\n"
    assert not (pushed / "in.txt").exists()
    assert said[1:] == ["::group::Reproduce the pipeline", "\n::endgroup::"]


@pytest.mark.slow
def test_a_failing_stage_and_missing_data_and_a_missing_remote_are_told_apart(pushed: Path, tmp_path: Path) -> None:
    pipeline = (pushed / "dvc.yaml").read_text()
    (pushed / "dvc.yaml").write_text(pipeline.replace("cat a.txt params.yaml", "false a.txt"))
    with pytest.raises(UserError, match="Stage `b` failed: its command ended with exit code 1"):
        reproduced(pushed, [])
    (pushed / "dvc.yaml").write_text(pipeline)
    (pushed / "params.yaml").write_text("p: 3\n")
    shutil.rmtree(pushed / ".dvc" / "cache")
    (pushed / "a.txt").unlink(missing_ok=True)
    shutil.rmtree(tmp_path / "store" / "files")
    with pytest.raises(UserError, match="not in the remote store"):
        reproduced(pushed, [])
    shutil.rmtree(tmp_path / "store")
    said: list[str] = []
    with pytest.raises(UserError, match="no remote is configured"):
        reproduced(pushed, said)
    assert "not on this machine" in said[0]
