"""The ledger that is measured is one that mltool itself would write."""

from pathlib import Path

import pytest

from benchmarks import ledger
from benchmarks.clock import Took
from mltool import git
from mltool.commands import registry_verify
from mltool.commands.ledger import read


def test_the_measured_repository_is_whole(tmp_path: Path) -> None:
    made = git.repository(ledger.make(tmp_path / "r", 200))
    found = registry_verify.check(made)
    assert (found.events, found.models, found.findings) == (200, ledger.MODELS, ())
    assert {name: stage.version for name, stage in read(made).models["model-7"].stages.items()} == {
        "dev": "1.3.0", "prod": "1.2.0", "staging": "1.4.0"
    }  # fmt: skip


def test_the_figures_survive_their_file(tmp_path: Path) -> None:
    found = ledger.load()
    ledger.write(found, tmp_path / "ledger.json")
    assert ledger.load(tmp_path / "ledger.json") == found
    assert found.tags == 5000
    assert "/" not in ledger.FILE.read_text()


def test_the_ratio_is_the_time_of_gto_over_ours() -> None:
    commands = {name: Took(wall=wall, cpu=wall, memory=9) for name, wall in (("mltool status", 0.25), ("gto show", 10))}
    found = ledger.Figures(tags=5000, models=20, gto="1", rounds=1, gto_rounds=1, same=60, start=commands["gto show"],
                           floor=commands["gto show"], commands=commands)  # fmt: skip
    assert ledger.table(found).splitlines()[2:] == [
        "| `mltool status` | 0.25 s | 0.25 s | 9 MiB | 40× |",
        "| `gto show` | 10.00 s | 10.00 s | 9 MiB | 1× |",
    ]


def test_tools_that_disagree_stop_the_benchmark(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    other = tmp_path / "gto"
    other.write_text("""#!/bin/sh\necho '{"m": {"version": "v1.0.0", "stage": {"prod": "v1.0.0"}}}'\n""")
    other.chmod(0o755)
    agreeing = b'{"models": [{"name": "m", "stages": [{"name": "prod", "version": "1.0.0"}]}]}'
    assert ledger.agreement(agreeing, other, tmp_path) == 1
    with pytest.raises(RuntimeError, match="mltool and GTO differ"):
        ledger.agreement(agreeing.replace(b"1.0.0", b"2.0.0"), other, tmp_path)
