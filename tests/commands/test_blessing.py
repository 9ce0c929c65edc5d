"""A version is registered on a judgement with the predictions, and nothing goes on without one about its own commit."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from mltool import git
from mltool.commands import blessings, ci_release, ledger, release_asked, release_manifest
from mltool.errors import Exit, RefusedError
from mltool.gates.verdict import Outcome
from mltool.registry.model import NewEvent
from mltool.release import blessing as texts
from mltool.release.json import digest, digest_of
from support import predicted, released
from support.repos import Repo, run
from support.said import mltool

GATE = '\n[gates.hits]\nmetric = "scores.json:accuracy"\ntolerance = 0.02\n'
PIPELINE = f"{released.PIPELINE}metrics: [scores.json]\n"


def model(rows: int = 2_000, **more: float) -> dict[str, object]:
    """Return the files of a model with these predictions, and what they score."""
    table = predicted.predictions(rows, **more)  # type: ignore[arg-type] # numbers, and a seed that is one
    return {predicted.PATH: predicted.parquet(table), "scores.json": predicted.measured(table)}


def by_chance(repo: Repo) -> dict[str, object]:
    """Return a model that answers 100 rows better and 110 worse, and a rule that allows less than that."""
    table = predicted.predictions()
    right = table.y_true == table.y_pred
    turned = pd.concat([table[~right].head(100), table[right].head(110)]).index
    table.loc[turned, "y_pred"] = 1 - table.y_pred[turned]
    rules = (repo.folder / "mltool.toml").read_text().replace("tolerance = 0.02", "tolerance = 0.002")
    return {
        predicted.PATH: predicted.parquet(table), "scores.json": predicted.measured(table), "mltool.toml": rules,
    }  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project whose version 1.0.0 is in prod, and its remote."""
    home = tmp_path_factory.mktemp("blessing")
    repo = released.create(home / "project", config=GATE, onto={"dvc.yaml": PIPELINE, **model()})
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", home / "origin.git", cwd=home)
    repo.git("remote", "add", "origin", "../origin.git")
    repo.git("push", "--quiet", "--set-upstream", "origin", "main")
    assert mltool(repo.folder, "register", "delay", "1.0.0").code == 0
    assert mltool(repo.folder, "promote", "delay", "1.0.0", "prod", "--reason", "first").code == 0
    return home


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Repo]:
    shutil.copytree(made, tmp_path / "here", symlinks=True)
    return Repo(tmp_path / "here" / "project")


def push(repo: Repo, files: dict[str, object]) -> str:
    commit = repo.commit(files)
    repo.git("push", "--quiet", "origin", "main")
    return commit


def job(repo: Repo, tag: str) -> tuple[Exit, list[str]]:
    """Do what the first job of the release workflow does: in a fresh clone, which has no data."""
    clone = repo.folder.parent / "job"
    run("git", "clone", "--quiet", repo.folder.parent / "origin.git", clone, cwd=repo.folder)
    (repo.folder.parent / "event.json").write_text(json.dumps({"inputs": {"tag": tag}}))
    environ = {
        "GITHUB_EVENT_NAME": "workflow_dispatch",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_EVENT_PATH": str(repo.folder.parent / "event.json"),
    }
    said: list[str] = []
    return ci_release.run(git.find(clone), ci_release.Edges(environ=environ, say=said.append)), said


def blessing(repo: Repo) -> dict:
    return mltool(repo.folder, "log", "delay", "--json").json["events"][0]["blessing"]


def test_a_version_is_blessed_with_the_predictions_and_bound_to_what_was_judged(project: Repo) -> None:
    commit = push(project, model(others=0.002, seed=2))
    assert mltool(project.folder, "register", "delay", "1.1.0").code == 0
    found = blessing(project)
    assert (found["schema"], found["outcome"], found["base"]) == ("mltool.blessing/1", "pass", "1.0.0")
    hits = next(item for item in found["gates"] if item["gate"] == "hits")
    assert (hits["test"], hits["method"], hits["rows"]) == ("paired", "McNemar, mid-p", 2_000)
    assert -0.02 < hits["low"] < hits["high"] < 0.02
    about = found["bound"]
    assert about["code"] == project.git("rev-parse", f"{commit}^{{tree}}")
    assert about["base"] == project.git("rev-parse", "delay@v1.0.0^{tree}")
    assert about["predictions"] == f"git:{project.git('rev-parse', f'{commit}:{predicted.PATH}')}"
    assert about["models"]["delay"].startswith("md5:")
    message = project.git("for-each-ref", "--format=%(contents)", "refs/tags/delay@v1.1.0")
    assert re.search(r"^Mltool-Blessing: sha256:[0-9a-f]{64}$", message, re.MULTILINE)
    assert mltool(project.folder, "registry", "verify", "--remote", "origin").code == 0


def test_a_blessing_is_valid_by_the_published_schema(project: Repo) -> None:
    place = Path(__file__).parents[2] / "docs" / "schemas" / "blessing.schema.json"
    assert place.read_text() == json.dumps(texts.schema(), indent=2) + "\n"
    push(project, model(others=0.002, seed=2))
    dry = mltool(project.folder, "register", "delay", "1.1.0", "--dry-run", "--json").json
    jsonschema.validate(dry["events"][0]["blessing"], texts.schema())


def test_the_judgement_of_a_pull_request_and_of_its_release_are_about_the_same(project: Repo) -> None:
    push(project, model(others=0.002, seed=2))
    assert mltool(project.folder, "gate", "delay@v1.0.0", "HEAD", "--output", "gate.json").code == 0
    assert mltool(project.folder, "register", "delay", "1.1.0").code == 0
    gate = mltool(project.folder, "gate", "delay@v1.0.0", "HEAD", "--json").json
    assert gate["bound"] == blessing(project)["bound"]


def test_a_drop_that_the_rows_show_is_refused_with_the_interval(project: Repo) -> None:
    push(project, model(others=0.08))
    said = mltool(project.folder, "register", "delay", "1.1.0")
    assert said.code == 1
    assert "delay 1.1.0 does not pass its gates (hits fail)" in said.err
    assert "(90 % interval, 2,000 rows, McNemar, mid-p)" in said.err


def test_what_cannot_be_decided_is_no_pass_and_the_way_over_it_is_recorded(project: Repo) -> None:
    push(project, by_chance(project))
    said = mltool(project.folder, "register", "delay", "1.1.0")
    assert (said.code, "(hits undecided)" in said.err) == (1, True)
    plan = mltool(project.folder, "release", "plan", "delay", "--bump", "minor")
    assert "❓" in plan.out
    assert "The gates could not decide" in plan.out
    words = ("--allow-failing", "--reason", "few rows, see #7")
    assert mltool(project.folder, "register", "delay", "1.1.0", *words).code == 0
    assert blessing(project)["outcome"] == "undecided"
    assert mltool(project.folder, "log", "delay", "--json").json["events"][0]["despite"] == "hits undecided"
    code, lines = job(project, "delay@v1.1.0")
    assert code is Exit.GOOD
    assert "It was registered with the judgement: undecided." in lines
    promoted = mltool(project.folder, "promote", "delay", "1.1.0", "prod", "--reason", "all the same")
    assert promoted.code == 1
    assert "The gates could not decide" in promoted.err


def test_where_chance_explains_a_drop_beyond_the_tolerance_the_predictions_say_so(project: Repo) -> None:
    """The values alone, which the manifest judges by, would call it a regression."""
    push(project, by_chance(project))
    asked = release_asked.ask(git.find(project.folder), "delay", bump="minor")
    looked = release_asked.look(asked)
    by_values = {item.gate: item.outcome for item in release_manifest.describe(asked, looked).verdicts}
    judged = {item.gate: item.outcome for item in release_manifest.bless(asked, looked).gates}
    assert (by_values["hits"], judged["hits"]) == (Outcome.FAIL, Outcome.UNDECIDED)


def test_an_acceptance_counts_to_its_last_day_and_not_on_the_day_of_the_commit(project: Repo) -> None:
    config = (project.folder / "mltool.toml").read_text()
    worse = model(others=0.08)
    value = worse["scores.json"]["accuracy"]  # type: ignore[index]
    accepted = f'\n[[accepted]]\nmetric = "scores.json:accuracy"\nvalue = {value!r}\nreason = "see #41"\nuntil = '
    push(project, {**worse, "mltool.toml": f"{config}{accepted}2026-02-01\n"})
    assert mltool(project.folder, "gate", "delay@v1.0.0", "HEAD").code == 0  # made in January
    said = mltool(project.folder, "register", "delay", "1.1.0")
    assert (said.code, "That it was accepted held until 2026-02-01." in said.err) == (1, True)
    push(project, {"mltool.toml": f"{config}{accepted}2199-02-01\n"})
    assert mltool(project.folder, "register", "delay", "1.1.0").code == 0
    hits = next(item for item in blessing(project)["gates"] if item["gate"] == "hits")
    assert hits["accepted"] == "until 2199-02-01: see #41"
    assert any(line.startswith("accepted: hits (paired): ") for line in job(project, "delay@v1.1.0")[1])


def test_a_blessing_about_another_commit_stops_what_comes_after(project: Repo) -> None:
    here = git.find(project.folder)
    (first,) = ledger.read(here).models["delay"].versions
    commit = push(project, model(others=0.08))
    manifest = mltool(project.folder, "release", "plan", "delay", "1.1.0", "--output", "made.json")
    assert manifest.code == 1
    event = NewEvent(
        kind="register", model="delay", commit=commit, version="1.1.0", blessing=first.blessing,
        manifest=digest_of((project.folder / "made.json").read_bytes()),
    )  # fmt: skip
    ledger.append(here, (event,), remote="origin")
    with pytest.raises(RefusedError, match="about something else than its commit"):
        job(project, "delay@v1.1.0")
    said = mltool(project.folder, "promote", "delay", "1.1.0", "prod", "--reason", "now")
    assert (said.code, "predictions git:" in said.err) == (1, True)
    assert "about something else" in mltool(project.folder, "release", "plan", "delay", "1.1.0").out
    verified = mltool(project.folder, "registry", "verify", "--json")
    assert [item["tag"] for item in verified.json["findings"]] == ["delay@v1.1.0"]
    published = mltool(project.folder, "release", "publish", "delay", "1.1.0")
    assert (published.code, "about something else" in published.err) == (1, True)


def test_after_the_first_blessing_a_version_without_one_goes_nowhere(project: Repo) -> None:
    here = git.find(project.folder)
    commit = push(project, model(others=0.002, seed=2))
    made = release_manifest.manifest(here, "delay", "1.1.0")
    event = NewEvent(kind="register", model="delay", commit=commit, version="1.1.0", manifest=digest(made))
    ledger.append(here, (event,), remote="origin")
    with pytest.raises(RefusedError, match=r"delay@v1\.1\.0 has no blessing"):
        job(project, "delay@v1.1.0")
    assert "no blessing" in mltool(project.folder, "promote", "delay", "1.1.0", "prod", "--reason", "x").err
    verified = mltool(project.folder, "registry", "verify", "--json")
    assert (verified.code, [item["kind"] for item in verified.json["findings"]]) == (1, ["unblessed"])


def test_before_the_first_blessing_the_values_decide_and_the_job_says_so(tmp_path: Path) -> None:
    repo = released.create(tmp_path / "project")
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "origin.git", cwd=tmp_path)
    repo.git("remote", "add", "origin", "../origin.git")
    repo.git("push", "--quiet", "--set-upstream", "origin", "main")
    here = git.find(repo.folder)
    made = release_manifest.manifest(here, "delay", "1.0.0")
    event = NewEvent(
        kind="register", model="delay", commit=git.head(here) or "", version="1.0.0", manifest=digest(made)
    )
    ledger.append(here, (event,), remote="origin")
    code, lines = job(repo, "delay@v1.0.0")
    assert code is Exit.GOOD
    assert any("registered without a blessing" in line for line in lines)


def test_a_blessing_that_was_altered_counts_for_nothing(project: Repo) -> None:
    message = project.git("for-each-ref", "--format=%(contents)", "refs/tags/delay@v1.0.0")
    altered = message.replace('"outcome": "pass"', '"outcome": "skip"')
    assert altered != message
    project.git("tag", "--force", "--annotate", "--cleanup=verbatim", "--message", altered, "delay@v1.0.0")
    found = mltool(project.folder, "registry", "verify")
    assert found.code == 1
    assert "holds another blessing than its trailers name" in found.out


def test_a_blessing_is_checked_from_git_alone(project: Repo) -> None:
    push(project, model(others=0.002, seed=2))
    assert mltool(project.folder, "register", "delay", "1.1.0").code == 0
    shutil.rmtree(project.folder / ".dvc/cache")
    shutil.rmtree(project.folder.parent / "store", ignore_errors=True)
    here = git.find(project.folder)
    state = ledger.read(here).models["delay"]
    for event in state.versions:
        standing = blessings.of(here, state, event)
        assert (standing.objection, standing.blessing is not None) == ("", True)
