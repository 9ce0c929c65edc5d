"""`mltool serve`: a real bundle, checked, served and measured."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from mltool import git
from mltool.commands import serve
from mltool.commands.package import package
from mltool.errors import RefusedError
from support import released

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("served")
    project = git.find(released.create(home / "project").folder)
    return package(
        project, "delay", "1.0.0", out=home, revision="HEAD", sign="off", replay=False, say=lambda _: None
    ).tar  # fmt: skip


def here(requirements: Path, python: str) -> Path:
    """Stand in for a clean environment: what runs the tests has all that the bundle names."""
    assert "scikit-learn==" in requirements.read_text()
    return Path(sys.executable)


def test_a_bench_says_what_a_request_costs_and_as_json_the_same(bundle: Path, tmp_path: Path) -> None:
    found = serve.bench(bundle, project=tmp_path, seconds=0.3, environment=here)

    document = json.loads(serve.document(found))
    assert (document["model"], document["version"], document["backend"]) == ("delay", "1.0.0", "sklearn")
    assert [run["connections"] for run in document["runs"]] == [1, 32]
    assert all(run["requests"] > 10 and run["errors"] == 0 for run in document["runs"])
    assert all(0 < run["cpu_ms_per_request"] < 1000 and run["p50_ms"] <= run["p99_ms"] for run in document["runs"])
    assert document["start_seconds"] > 0
    assert document["memory_mb"] > 20
    assert serve.table(found).startswith("delay 1.0.0 (sklearn): ready after ")


def test_a_bundle_that_was_changed_is_not_served(bundle: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(bundle, tmp_path, filter="data")
    (tmp_path / "delay-1.0.0/model/model.skops").write_bytes(b"PK\x03\x04 another model")

    with pytest.raises(RefusedError, match="was changed"):
        serve.serve(tmp_path / "delay-1.0.0", (), project=tmp_path, environment=here)
