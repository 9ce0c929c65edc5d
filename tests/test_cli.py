"""The command line as a whole: start-up, exit codes, streams that go away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mltool.cli.app import PANELS
from support.repos import Repo

MLTOOL = (sys.executable, "-m", "mltool")
GATED = {
    "dvc.yaml": "metrics: [metrics.json]\n",
    "metrics.json": {"accuracy": 0.9},
    "mltool.toml": '[gates.accuracy]\nmetric = "metrics.json:accuracy"\nfloor = 0.85\n',
}
INTERRUPTED = """
import os, signal, sys
from importlib.abc import MetaPathFinder

class Finder(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
signal.signal(signal.SIGINT, signal.default_int_handler)
from mltool.cli import main
main()
"""


@pytest.fixture
def failing(repo: Repo) -> Path:
    """Return a project in which a gate fails."""
    repo.commit(GATED)
    repo.git("switch", "--quiet", "--create", "worse")
    repo.commit({"metrics.json": {"accuracy": 0.5}})
    return repo.folder


@pytest.mark.parametrize(
    "words", [("--version",), ("--help",), ("diff", "--help"), ("measure", "--help")], ids=" ".join
)
def test_the_command_line_starts_without_heavy_libraries(words: tuple[str, ...]) -> None:
    loaded = {module.partition(".")[0] for module in _loaded(*words)}
    assert not {"pandas", "numpy", "sklearn", "jinja2", "dvc", "urllib3", "ruamel"} & loaded


def test_a_verb_loads_no_flags_but_its_own() -> None:
    ours = {module for module in _loaded("release", "plan", "--help") if module.startswith("mltool.")}
    names = ("cli", "cli.app", "cli.lazy", "cli.options", "cli.output", "cli.release_plan", "errors")
    assert ours == {f"mltool.{name}" for name in names}


def test_a_mistyped_verb_is_answered_without_loading_any() -> None:
    done = subprocess.run([*MLTOOL, "rgister"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "No such command 'rgister'. Did you mean 'register'" in done.stderr
    assert "mltool.cli.register" not in _loaded("rgister")


def test_verbs_of_a_verb_are_suggested_too() -> None:
    done = subprocess.run([*MLTOOL, "ci", "chek"], capture_output=True, text=True, check=False)
    assert (done.returncode, "Did you mean 'check'?" in done.stderr) == (2, True)


@pytest.mark.parametrize("words", [("gate",), ("gate", "--json"), ("report",), ("report", "-f", "html")], ids=" ".join)
def test_a_failed_gate_stays_failed_when_nobody_reads_why(failing: Path, words: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*MLTOOL, *words], cwd=failing, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_missing_workflows_stay_missing_when_nobody_reads_which(failing: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*MLTOOL, "ci", "check"], cwd=failing, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_sentence(failing: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*MLTOOL, "gate"], cwd=failing, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        "mltool: Cannot write the output: No space left on device.\n  → Make room, or send it elsewhere.\n"
    )


def test_closed_streams_do_not_hide_the_verdict(failing: Path) -> None:
    closed = 'exec "$0" -m mltool gate >&- 2>&-'
    assert subprocess.run(["sh", "-c", closed, sys.executable], cwd=failing, check=False).returncode == 1


def test_ctrl_c_while_mltool_starts_is_one_sentence() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr.decode() == "mltool: interrupted; nothing is left half-written.\n"


def test_the_folder_that_is_no_repository_is_named_in_full(tmp_path: Path) -> None:
    done = subprocess.run([*MLTOOL, "gate"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"mltool: {tmp_path} is not in a Git repository.\n")


def test_what_an_error_quotes_moves_no_cursor(tmp_path: Path) -> None:
    done = subprocess.run([*MLTOOL, "gate", "a\rb\x1b[2Kc", "-C", str(tmp_path / "x\x1b[31m")], capture_output=True,
                          check=False)  # fmt: skip
    assert done.returncode == 2
    assert not {"\r", "\x1b"} & set(done.stderr.decode())


def test_a_folder_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    gone = 'mkdir gone && cd gone && rmdir "$PWD" && exec "$0" -m mltool diff'
    done = subprocess.run(["sh", "-c", gone, sys.executable], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().endswith("has been removed.\n  → Go to your project.\n")


@pytest.mark.parametrize("columns", [80, 120])
def test_the_help_groups_every_verb_under_what_it_is_for(columns: int) -> None:
    shown = _help(columns=columns)

    panels = [line.split("─ ")[1].split(" ─")[0] for line in shown.splitlines() if line.startswith("╭─ ")]
    assert panels == ["Options", *PANELS]
    listed = [line.split()[1] for line in shown.splitlines() if line.startswith("│ ") and line[2].isalpha()]
    assert listed == [name for verbs in PANELS.values() for name in verbs]


def test_the_help_of_a_verb_fills_the_terminal_and_keeps_examples_and_brackets() -> None:
    narrow = _help("deploy", columns=70)
    wide = _help("rollback", columns=200)

    assert "4. the target switches to it\n" in "\n".join(line.strip() for line in narrow.splitlines())
    ragged = [line for line in wide.splitlines() if line.startswith(" Exits") or line.endswith("somebody says")]
    assert ragged == []
    assert "`environment` of [release] in mltool.toml" in wide


def _loaded(*words: str) -> set[str]:
    code = "import sys, mltool.cli\ntry: mltool.cli.main()\nfinally: print('loaded:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    return set(done.stdout.rpartition("loaded:")[2].split())


def _help(*words: str, columns: int) -> str:
    environment = {**os.environ, "COLUMNS": str(columns)}
    done = subprocess.run([*MLTOOL, *words, "--help"], env=environment, check=True, capture_output=True, text=True)
    return done.stdout
