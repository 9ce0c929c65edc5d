"""A version is registered on a judgement with the predictions, and nothing goes on without one about its own commit."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pandas as pd
import pytest

from mltool import disk, git
from mltool.commands import blessings, ci_release, ledger, release_asked, release_manifest
from mltool.commands.model_tests import FILE
from mltool.errors import Exit, RefusedError
from mltool.gates.model_tests import ModelTest, ModelTests
from mltool.gates.verdict import Outcome
from mltool.registry.model import NewEvent
from mltool.release import blessing as texts
from mltool.release.json import digest, digest_of
from support import predicted, released
from support.repos import Repo, md5, run
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


def test_a_limit_that_is_broken_cannot_be_accepted_so_nobody_is_told_to(project: Repo) -> None:
    rules = (project.folder / "mltool.toml").read_text().replace("tolerance = 0.02", "tolerance = 0.02\nfloor = 0.85")
    push(project, {**model(others=0.08), "mltool.toml": rules})
    said = mltool(project.folder, "register", "delay", "1.1.0")
    assert said.code == 1
    assert "below the floor of 0.85. accuracy fell to" in said.err
    assert "mltool accept" not in said.err


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


def edited(repo: Repo, version: str, change: Callable[[dict], None]) -> None:
    """Register what `mltool register` would, with a judgement that somebody else wrote."""
    here = git.find(repo.folder)
    commit = push(repo, model(others=0.002, seed=2))
    asked = release_asked.ask(here, "delay", version=version)
    looked = release_asked.look(asked)
    written = json.loads(texts.dumps(release_manifest.bless(asked, looked)))
    change(written)
    event = NewEvent(
        kind="register", model="delay", commit=commit, version=version, blessing=json.dumps(written),
        manifest=digest(release_manifest.describe(asked, looked)),
    )  # fmt: skip
    ledger.append(here, (event,), remote="origin")


def without_base(written: dict) -> None:
    del written["base"], written["bound"]["base"]


def with_another_base(written: dict) -> None:
    written["base"] = "0.9.0"


def of_another_model(written: dict) -> None:
    written["bound"]["models"] = {"late": "md5:1"}


def better_than_its_gates(written: dict) -> None:
    written["gates"][0]["outcome"] = "fail"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_base, "about something else than its commit (base none and "),
        (with_another_base, "compares with 0.9.0, and 1.0.0 was live before it."),
        (of_another_model, "is about another model than delay."),
        (better_than_its_gates, "it ends with pass, and its gate `accuracy` with fail."),
    ],
)
def test_a_judgement_that_somebody_wrote_goes_nowhere(
    project: Repo, change: Callable[[dict], None], words: str
) -> None:
    edited(project, "1.1.0", change)
    plan = mltool(project.folder, "release", "plan", "delay", "1.1.0")
    assert (plan.code, "❌ delay v1.1.0 cannot be relied on" in plan.out) == (1, True)
    assert "No gate stands in its way" not in plan.out
    said = mltool(project.folder, "promote", "delay", "1.1.0", "prod", "--reason", "x")
    assert (said.code, words in said.err, "mltool approve" in said.err) == (1, True, False)
    published = mltool(project.folder, "release", "publish", "delay", "1.1.0")
    assert (published.code, words in published.err) == (1, True)
    assert mltool(project.folder, "registry", "verify").code == 1
    with pytest.raises(RefusedError, match=re.escape(words)):
        job(project, "delay@v1.1.0")


def test_what_a_judgement_says_cannot_write_over_a_line(project: Repo) -> None:
    def hostile(written: dict) -> None:
        written["gates"][0]["sentence"] = "\x1b[2J\r::error::gone\u202e##[set]"

    edited(project, "1.1.0", hostile)
    for verb in (
        ("release", "plan", "delay", "1.1.0"),
        ("log", "delay"),
        ("release", "plan", "delay", "1.1.0", "--full"),
    ):
        assert not re.search("[\x1b\r\u202e]", mltool(project.folder, *verb).out)
    assert not re.search("[\x1b\r\u202e]|##\\[", "\n".join(job(project, "delay@v1.1.0")[1]))


def test_what_the_configuration_says_besides_and_in_which_order_is_no_other_rule(project: Repo) -> None:
    def rules() -> str:
        return mltool(project.folder, "gate", "delay@v1.0.0", "HEAD", "--json").json["bound"]["gates"]

    text = (project.folder / "mltool.toml").read_text()
    before, own = rules(), text.index("[gates.hits]")
    turned = text[own:].replace("tolerance = 0.02", "tolerance   =   0.020   # two points")
    push(project, {"mltool.toml": f"# Our rules\n{turned}\n{text[:own]}"})
    assert rules() == before
    push(project, {"mltool.toml": text.replace("tolerance = 0.02", "tolerance = 0.03")})
    assert rules() != before


def test_predictions_that_cannot_be_had_let_no_version_in_and_leave_nothing_behind(project: Repo) -> None:
    lost = predicted.parquet(predicted.predictions(seed=5, others=0.001))
    project.git("rm", "--quiet", "--cached", predicted.PATH)
    (project.folder / predicted.PATH).unlink()
    pointer = f"outs:\n- md5: {md5(lost)}\n  size: {len(lost)}\n  hash: md5\n  path: predictions.parquet\n"
    push(project, {f"{predicted.PATH}.dvc": pointer, "eval/.gitignore": "/predictions.parquet\n"})
    before = project.git("for-each-ref"), project.git("ls-remote", "origin")
    said = mltool(project.folder, "register", "delay", "1.1.0")
    assert (said.code, "hits undecided" in said.err) == (1, True)
    assert "is neither in DVC's cache nor in a remote" in said.err
    push(project, {f"{predicted.PATH}.dvc": None, "eval/.gitignore": ""})
    said = mltool(project.folder, "register", "delay", "1.1.0")
    assert (said.code, f"this change has no {predicted.PATH}" in said.err) == (1, True)
    after = project.git("for-each-ref", "refs/tags"), project.git("ls-remote", "--tags", "origin")
    assert "1.1.0" not in "".join((*before, *after))


def test_of_two_that_register_at_once_one_gets_the_version(project: Repo) -> None:
    push(project, model(others=0.002, seed=2))
    other = project.clone(project.folder.parent / "other")
    other.git("remote", "set-url", "origin", str(project.folder.parent / "origin.git"))
    words = ("register", "delay", "--bump", "minor", "--reason")
    with ThreadPoolExecutor() as pool:  # a reason each: in the same second they would else write the same tag
        both = list(pool.map(lambda at: mltool(at.folder, *words, at.folder.name), (project, other)))
    assert sorted(said.code for said in both) == [0, 2]
    assert "is delay 1.1.0 already" in "".join(said.err for said in both)
    assert len(re.findall(r"refs/tags/delay@v1\.1\.0$", project.git("ls-remote", "origin"), re.MULTILINE)) == 1


def test_a_shallow_clone_gives_the_same_judgement(project: Repo) -> None:
    push(project, model(others=0.002, seed=2))
    here = mltool(project.folder, "register", "delay", "1.1.0", "--dry-run", "--json").json
    clone = project.folder.parent / "shallow"
    run(
        "git", "clone", "--quiet", "--depth", "1", f"file://{project.folder.parent}/origin.git", clone, cwd=clone.parent
    )
    there = mltool(clone, "register", "delay", "1.1.0", "--dry-run", "--json")
    assert there.code == 0, there.err
    assert there.json["events"][0]["blessing"] == here["events"][0]["blessing"]


@pytest.mark.slow
def test_an_acceptance_goes_from_the_command_to_the_notes_and_slice_by_slice(project: Repo) -> None:
    config = (project.folder / "mltool.toml").read_text()
    sliced = config.replace("tolerance = 0.02", 'tolerance = 0.02\nslices = ["group"]')
    push(project, {**model(others=0.08), "mltool.toml": sliced})
    refused = mltool(project.folder, "register", "delay", "1.1.0")
    assert "(hits fail; hits where group=north fail; hits where group=south fail)" in refused.err
    accept = ("accept", "hits", "--base", "delay@v1.0.0", "--reason", "see #41")
    first = mltool(project.folder, *accept)
    assert "Still failing: hits --slice group=north, hits --slice group=south." in first.out
    for where in ("north", "south"):
        assert mltool(project.folder, *accept, "--slice", f"group={where}").code == 0
    push(project, {})
    assert mltool(project.folder, "register", "delay", "1.1.0").code == 0
    assert mltool(project.folder, "release", "package", "delay", "1.1.0", "--no-replay").code == 0
    published = mltool(project.folder, "release", "publish", "delay", "1.1.0")
    assert published.code == 0, published.err
    (notes,) = (project.folder / "dist").rglob("NOTES.md")
    told = notes.read_text()
    assert "The gates pass. **3 regressions accepted for a time.**" in told
    assert "- accepted: accuracy where group = north fell to " in told
    assert "`scores.json:accuracy`" in told


def test_a_slice_that_the_head_has_lost_is_no_pass(project: Repo) -> None:
    config = (project.folder / "mltool.toml").read_text()
    table = predicted.predictions(others=0.002, seed=2)
    table["group"] = "south"
    files = {predicted.PATH: predicted.parquet(table), "scores.json": predicted.measured(table)}
    sliced = config.replace("tolerance = 0.02", 'tolerance = 0.02\nslices = ["group"]')
    push(project, {**files, "mltool.toml": sliced})
    said = mltool(project.folder, "register", "delay", "1.1.0")
    assert (said.code, "(hits where group=north undecided)" in said.err) == (1, True)
    assert "the base has 500 rows of it, and this change has none of them" in said.err


def test_an_acceptance_that_runs_out_later_takes_nothing_back(project: Repo) -> None:
    """What was registered on one day is promoted on any other: the judgement was made, and is bound to its commit."""
    worse = model(others=0.08)
    value = worse["scores.json"]["accuracy"]  # type: ignore[index]
    today = datetime.now(tz=UTC).date()
    accepted = f'\n[[accepted]]\nmetric = "scores.json:accuracy"\nvalue = {value!r}\nreason = "x"\nuntil = {today}\n'
    push(project, {**worse, "mltool.toml": (project.folder / "mltool.toml").read_text() + accepted})
    assert mltool(project.folder, "register", "delay", "1.1.0").code == 0
    here = git.find(project.folder)
    state = ledger.read(here).models["delay"]
    (_, event) = state.versions
    found = blessings.of(here, state, event)
    assert (found.objection, found.blessing and found.blessing.outcome) == ("", Outcome.PASS)


def test_model_tests_that_failed_on_the_commit_let_no_version_in(project: Repo) -> None:
    commit = push(project, model(others=0.002, seed=2))
    bad = ModelTest(name="tests/test_model.py::test_age", result="failed")
    record = ModelTests(commit=commit, states=("",), finished=True, passed=3, failed=1, tests=(bad,))
    disk.write(git.private(git.find(project.folder), FILE), msgspec.json.encode(record))
    gate = mltool(project.folder, "gate", "delay@v1.0.0", "HEAD")
    assert (gate.code, "1 of 4 tests fails" in gate.out) == (1, True)
    said = mltool(project.folder, "register", "delay", "1.1.0")
    assert (said.code, "(tests fail)" in said.err) == (1, True)
    push(project, {"notes.txt": "Another commit, of which nothing is known."})
    assert mltool(project.folder, "register", "delay", "1.1.0").code == 0


def test_versions_that_were_registered_before_go_on_as_they_did(tmp_path: Path) -> None:
    repo = released.create(tmp_path / "project")
    here = git.find(repo.folder)
    for version, strength in (("1.0.0", 1.0), ("1.1.0", 2.0)):
        if strength > 1:
            released.train_again(repo, strength=strength)
        made = release_manifest.manifest(here, "delay", version)
        event = NewEvent(
            kind="register", model="delay", commit=git.head(here) or "", version=version, manifest=digest(made)
        )
        ledger.append(here, (event,), remote=None)
        said = mltool(repo.folder, "promote", "delay", version, "prod", "--reason", "as ever", "--no-push")
        assert said.code == 0, said.err
    plan = mltool(repo.folder, "release", "plan", "delay", "1.0.0")
    assert (plan.code, "No gate stands in its way." in plan.out) == (0, True)
    assert mltool(repo.folder, "registry", "verify").code == 0
    released.train_again(repo, strength=0.5)
    assert mltool(repo.folder, "register", "delay", "--bump", "minor", "--no-push").code == 0
    assert mltool(repo.folder, "registry", "verify").code == 0
    back = mltool(repo.folder, "promote", "delay", "1.1.0", "prod", "--reason", "back", "--no-push")
    assert back.code == 0, back.err
