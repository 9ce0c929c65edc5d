"""From a commit to its manifest: the same everywhere, and every doubt is an error with a name."""

import hashlib
import json as plain_json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mltool import git
from mltool.commands import ledger, release_manifest, release_plan
from mltool.errors import MltoolError, OutsideError, RefusedError, UserError
from mltool.gates.verdict import Outcome
from mltool.registry.model import Event, EventKind, NewEvent
from mltool.release import json
from mltool.release.model import Manifest
from support import released
from support.repos import Repo, md5, run
from support.said import mltool


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return released.create(tmp_path_factory.mktemp("released") / "project")


@pytest.fixture
def repo(original: Repo, tmp_path: Path) -> Repo:
    """Return a copy of the project with its remote, to be changed."""
    shutil.copytree(original.folder.parent, tmp_path / "copy")
    return Repo(tmp_path / "copy" / "project")


def planned(repo: Repo, version: str = "", model: str = "delay", **more: Any) -> Manifest:
    return release_manifest.manifest(git.find(repo.folder), model, version, **more)


def write(repo: Repo, kind: EventKind, version: str, *, commit: str = "HEAD", reason: str = "") -> Event:
    """Write an event into the ledger of this clone."""
    event = NewEvent(
        kind=kind,
        model="delay",
        version=version,
        commit=repo.git("rev-parse", f"{commit}^{{commit}}"),
        stage="prod" if kind in ("promote", "demote", "rollback") else "",
        reason=reason,
    )
    return ledger.append(git.find(repo.folder), (event,), remote=None)[0]


def edit(repo: Repo, path: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a JSON file and commit it."""
    document = plain_json.loads((repo.folder / path).read_text())
    change(document)
    repo.commit({path: document})


def test_the_manifest_names_what_the_model_is_and_was_made_from(original: Repo) -> None:
    found = planned(original)
    model = (original.folder / released.MODEL_FILE).read_bytes()
    files = {file.path: file for file in found.files}
    assert (files["model/model.skops"].md5, files["model/model.skops"].size) == (md5(model), len(model))
    assert {file.role for file in found.files} == {"model", "schema", "golden", "requirements", "server"}
    assert [item.path for item in found.data] == ["data.csv"]
    assert [item.path for item in found.code] == ["steps.py"]
    assert [item.path for item in found.params] == ["params.yaml"]
    assert found.environment["scikit-learn"]
    assert found.tree == original.git("rev-parse", "HEAD^{tree}")
    assert {verdict.gate: verdict.outcome for verdict in found.verdicts} == dict.fromkeys(
        ("accuracy", "dvc.lock", "card"), Outcome.PASS
    )
    assert (found.outcome, found.base, found.version) == (Outcome.PASS, "", "0.1.0")


def test_every_file_that_git_holds_has_the_digest_of_its_content(original: Repo) -> None:
    for file in planned(original).files:
        if file.role in ("schema", "golden", "requirements"):
            content = (original.folder / file.source).read_bytes()
            assert (file.sha256, file.size, file.md5) == (hashlib.sha256(content).hexdigest(), len(content), "")


def test_two_clones_in_other_places_zones_and_tongues_make_the_same_bytes(repo: Repo, tmp_path: Path) -> None:
    write(repo, "register", "1.0.0")
    write(repo, "promote", "1.0.0")
    released.train_again(repo, strength=0.5)
    first = mltool(repo.folder, "release", "plan", "delay", "--json", TZ="Pacific/Kiritimati", LANG="C", LC_ALL="C")
    assert first.code == 0, first.err
    clone = repo.clone(tmp_path / "elsewhere" / "a b c")
    mask = os.umask(0o077)
    try:
        # What is on disk does not count, nor what is in the index.
        clone.write({"mltool.toml": "broken [", "dvc.lock": "nonsense", "metrics.json": "{}", "params.yaml": ": :"})
        clone.git("add", "dvc.lock")
        second = mltool(
            clone.folder, "release", "plan", "delay", "--json", TZ="America/St_Johns", LANG="de_DE.UTF-8",
            LC_ALL="de_DE.UTF-8", PYTHONHASHSEED="7", COLUMNS="40",
        )  # fmt: skip
    finally:
        os.umask(mask)
    assert second.code == 0, second.err
    assert first.out == second.out
    assert plain_json.loads(first.out)["base"] == "1.0.0"


def test_a_squashed_merge_with_the_same_content_is_the_same_release(repo: Repo) -> None:
    repo.git("switch", "--quiet", "-c", "better")
    released.train_again(repo, strength=0.5)
    repo.commit({"notes.txt": "one"})
    on_branch = planned(repo)
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--squash", "--quiet", "better")
    repo.commit(message="Squashed")
    assert json.dumps(planned(repo)) == json.dumps(on_branch)


def test_what_a_version_is_compared_with_does_not_move_after_it_was_registered(repo: Repo) -> None:
    write(repo, "register", "1.0.0")
    write(repo, "promote", "1.0.0")
    released.train_again(repo, strength=0.5)
    before = planned(repo, "1.1.0")
    write(repo, "register", "1.1.0")
    write(repo, "promote", "1.1.0")
    assert (before.base, before.destinations[0].replaces) == ("1.0.0", "1.0.0")
    assert json.dumps(planned(repo, "1.1.0")) == json.dumps(before)
    assert planned(repo, "1.2.0").base == "1.1.0"


def test_metrics_stand_beside_those_of_the_live_version(repo: Repo) -> None:
    write(repo, "register", "1.0.0")
    write(repo, "promote", "1.0.0")
    edit(repo, "metrics.json", lambda found: found.update(accuracy=0.7))
    found = planned(repo)
    assert {item.key: (item.base, item.value) for item in found.metrics}["accuracy"] == (0.84, 0.7)
    assert found.outcome is Outcome.FAIL
    assert "0.14 worse" in next(item.sentence for item in found.verdicts if item.gate == "accuracy")


def test_after_the_model_was_taken_out_there_is_no_base(repo: Repo) -> None:
    for kind in ("register", "promote", "demote"):
        write(repo, kind, "1.0.0")  # type: ignore[arg-type]
    repo.commit({"notes.txt": "more"})
    assert (planned(repo).base, planned(repo).destinations[0].replaces) == ("", "")


def test_a_registered_version_is_planned_at_its_own_commit(repo: Repo) -> None:
    write(repo, "register", "1.0.0")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    repo.commit({"notes.txt": "more"})
    assert planned(repo, "1.0.0").tree == tree
    with pytest.raises(UserError, match=r"delay v1\.0\.0 is another commit"):
        planned(repo, "1.0.0", revision="HEAD")


def test_a_shallow_clone_brings_the_ledger_and_the_live_version(repo: Repo, tmp_path: Path) -> None:
    write(repo, "register", "1.0.0")
    write(repo, "promote", "1.0.0")
    repo.commit({"notes.txt": "one"})
    released.train_again(repo, strength=0.5)
    clone = repo.clone(tmp_path / "shallow", "--depth=1", "--no-tags")
    assert json.dumps(planned(clone)) == json.dumps(planned(repo))


def test_a_shallow_clone_that_cannot_ask_says_so_instead_of_planning_a_first_version(
    repo: Repo, tmp_path: Path
) -> None:
    write(repo, "register", "1.0.0")
    clone = repo.clone(tmp_path / "shallow", "--depth=1", "--no-tags")
    clone.git("remote", "set-url", "origin", "file:///nowhere")
    with pytest.raises(OutsideError, match="origin"):
        planned(clone)


def test_a_project_below_the_top_of_the_repository_is_planned_from_its_own_folder(
    original: Repo, tmp_path: Path
) -> None:
    mono = Repo.create(tmp_path / "mono", dvc=False)
    place = mono.folder / "models" / "delay"
    shutil.copytree(original.folder, place, ignore=shutil.ignore_patterns(".git"))
    mono.commit({"README.md": "other things"})
    found = planned(Repo(place))
    assert found.tree == mono.git("rev-parse", "HEAD:models/delay")
    alone = planned(original)
    assert (found.files, found.data, found.code, found.verdicts) == (
        alone.files, alone.data, alone.code, alone.verdicts,
    )  # fmt: skip


SECOND = """
[models.other]
path = "models/other.skops"
export = "release/delay"
requirements = "release/delay/requirements.txt"

[gates.other]
metric = "other.json:accuracy"
direction = "higher"
floor = 0.9
"""


def two_models(repo: Repo) -> None:
    """Add a second model with a stage, a metric that fails, and code of its own, which changed since it ran."""
    pipeline = (repo.folder / "dvc.yaml").read_text()
    stage = (
        "  other:\n    cmd: python other.py\n    deps: [other.py, data.csv]\n    outs: [models/other.skops]\n"
        "    metrics: [{other.json: {cache: false}}]\nartifacts:"
    )
    config = (repo.folder / "mltool.toml").read_text()
    repo.commit({
        "dvc.yaml": pipeline.replace("artifacts:", stage),
        "other.py": "print()\n",
        "other.json": {"accuracy": 0.1},
        "mltool.toml": config + SECOND,
    })  # fmt: skip


def test_a_model_is_judged_by_its_own_metrics_and_stages(repo: Repo) -> None:
    two_models(repo)
    found = planned(repo)
    assert found.outcome is Outcome.PASS
    assert [item.path for item in found.code] == ["steps.py"]
    assert {item.path for item in found.metrics} == {"metrics.json"}
    assert {item.gate for item in found.verdicts} == {"accuracy", "dvc.lock", "card"}


def test_a_model_that_was_never_made_is_no_release(repo: Repo) -> None:
    two_models(repo)
    with pytest.raises(UserError, match=r"export\.json has no digest of models/other\.skops|never made"):
        planned(repo, model="other")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"release/delay/schema.json": None}, r"schema\.json is not in Git.*measure export"),
        ({"release/delay/requirements.txt": None}, r"requirements\.txt is not in Git.*mltool release lock delay"),
        ({"release/delay/export.json": "{"}, r"export\.json cannot be read.*dvc repro"),
        ({"release/delay/export.json": "{}"}, r"export\.json is no export.*schema"),
        ({"release/delay/schema.json": "{}"}, r"names no backend"),
        ({"release/delay/golden.jsonl": "version https://git-lfs.github.com/spec/v1\n"}, "Git LFS"),
        ({"release/delay/requirements.txt": "numpy>=2\n"}, r"is not locked.*pin.*mltool release lock"),
        ({"release/delay/requirements.txt": "numpy==2.4.6\n"}, r"is not locked.*--hash"),
    ],
)
def test_what_is_missing_or_broken_is_named_with_what_to_do(repo: Repo, change: dict[str, Any], said: str) -> None:
    for path, content in change.items():
        (repo.folder / path).unlink()
        repo.write({path: content} if content is not None else {})
    repo.commit()
    with pytest.raises(UserError, match=said):
        planned(repo)


def test_other_versions_than_the_model_was_made_with_are_refused_with_both(repo: Repo) -> None:
    edit(repo, "release/delay/export.json", lambda found: found["libraries"].update({"scikit-learn": "1.7.2"}))
    with pytest.raises(UserError, match=r"installs scikit-learn .*exported with scikit-learn 1\.7\.2.*release lock"):
        planned(repo)


def test_requirements_that_cannot_serve_the_model_are_refused(repo: Repo) -> None:
    hashed = f"numpy==2.4.6 --hash=sha256:{'0' * 64}\n"
    repo.commit({"release/delay/requirements.txt": hashed})
    with pytest.raises(UserError, match=r"does not install scikit-learn.*backend sklearn"):
        planned(repo)


def test_an_export_of_another_model_than_the_lock_has_is_refused(repo: Repo) -> None:
    def forge(found: dict[str, Any]) -> None:
        found["files"]["models/model.skops"]["md5"] = "0" * 32

    edit(repo, "release/delay/export.json", forge)
    with pytest.raises(
        UserError, match=r"made of another models/model\.skops than dvc\.lock has \(00000000….*dvc repro"
    ):
        planned(repo)


def test_types_that_the_repository_does_not_trust_are_refused_though_the_export_names_them(repo: Repo) -> None:
    edit(repo, "release/delay/export.json", lambda found: found.update(types=["evil.module.Type"]))
    with pytest.raises(UserError, match=r"nobody said to trust: evil\.module\.Type"):
        planned(repo)


def test_a_pickle_needs_to_be_allowed(repo: Repo) -> None:
    config = (repo.folder / "mltool.toml").read_text().replace("model.skops", "model.joblib")
    repo.commit({"mltool.toml": config})
    with pytest.raises(UserError, match=r"models/model\.joblib is a pickle.*pickle = true"):
        planned(repo)


def test_a_card_with_gaps_fails_the_plan_and_is_an_exit_code(repo: Repo) -> None:
    config = (repo.folder / "mltool.toml").read_text()
    repo.commit({"mltool.toml": config.replace('limits = "', 'limits = "" # "')})
    said = mltool(repo.folder, "release", "plan", "delay")
    assert said.code == 1
    assert said.out.startswith("❌ delay v0.1.0 fails its gates\nThe card lacks its limits: fill in limits in")


def test_a_stale_lock_fails_the_plan(repo: Repo) -> None:
    repo.commit({"steps.py": (repo.folder / "steps.py").read_text() + "\n# other code\n"})
    assert planned(repo).outcome is Outcome.FAIL


def test_a_model_that_git_holds_itself_is_released_from_there(repo: Repo) -> None:
    repo.write({".gitignore": "/data.csv\n"})
    repo.git("rm", "--quiet", "--cached", "-r", "--ignore-unmatch", "models")
    repo.git("add", "--force", "models/model.skops")
    repo.commit()
    model = next(file for file in planned(repo).files if file.role == "model")
    assert model.md5 == ""
    assert model.size == (repo.folder / "models/model.skops").stat().st_size


def test_a_model_of_several_files_is_released_whole(repo: Repo) -> None:
    parts = {"weights.bin": b"weights", "sub/words.txt": b"words"}
    entries = [{"md5": md5(content), "relpath": name} for name, content in sorted(parts.items())]
    listing = plain_json.dumps(entries).encode()
    digest = f"{md5(listing)}.dir"
    place = repo.folder / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(listing)
    config = (repo.folder / "mltool.toml").read_text().replace("models/model.skops", "net")
    repo.write({
        "net.dvc": {"outs": [{"path": "net", "hash": "md5", "md5": digest, "nfiles": 2, "size": 12}]},
        "mltool.toml": config,
    })  # fmt: skip

    def describe(found: dict[str, Any]) -> None:
        found["files"] = {
            f"net/{name}": {"sha256": "0" * 64, "md5": md5(content), "size": len(content)}
            for name, content in parts.items()
        }

    edit(repo, "release/delay/export.json", describe)
    files = [file for file in planned(repo).files if file.role == "model"]
    assert [(file.path, file.source) for file in files] == [
        ("model/sub/words.txt", "net/sub/words.txt"),
        ("model/weights.bin", "net/weights.bin"),
    ]
    place.unlink()
    with pytest.raises(OutsideError, match="Which files net holds"):
        planned(repo)


def test_a_value_that_decides_and_cannot_be_fetched_is_no_plan(repo: Repo) -> None:
    pipeline = (repo.folder / "dvc.yaml").read_text().replace("[{metrics.json: {cache: false}}]", "[metrics.json]")
    repo.git("rm", "--quiet", "--cached", "metrics.json")
    repo.commit({"dvc.yaml": pipeline, ".gitignore": "/data.csv\n/models\n/metrics.json\n"})
    with pytest.raises(OutsideError, match=r"metrics\.json"):
        planned(repo)


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        ({"model": "dely"}, UserError, "no model `dely`.*delay"),
        ({"model": "delay; rm -rf /"}, UserError, "no model"),
        ({"version": "latest"}, UserError, "is no version"),
        ({"bump": "huge"}, UserError, "no part of a version"),
        ({"revision": "nowhere"}, UserError, "no revision `nowhere`"),
    ],
)
def test_a_question_without_an_answer_is_refused(
    original: Repo, words: dict[str, str], error: type[MltoolError], said: str
) -> None:
    with pytest.raises(error, match=said):
        planned(original, **words)


def test_before_the_first_commit_there_is_nothing_to_plan(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Nothing is committed yet"):
        planned(Repo.create(tmp_path / "new"))


def test_a_version_on_hold_is_not_planned_and_the_hold_is_named(repo: Repo) -> None:
    write(repo, "register", "1.0.0")
    write(repo, "hold", "1.0.0", reason="wrong labels")
    with pytest.raises(RefusedError, match="wrong labels"):
        release_plan.plan(git.find(repo.folder), "delay", "1.0.0")


def test_a_version_that_goes_back_is_not_planned(repo: Repo) -> None:
    write(repo, "register", "1.3.0")
    repo.commit({"notes.txt": "more"})
    with pytest.raises(UserError, match="goes back"):
        release_plan.plan(git.find(repo.folder), "delay", "1.2.0")
    assert release_plan.plan(git.find(repo.folder), "delay", bump="minor").manifest.version == "1.4.0"


def test_the_plan_says_what_it_replaces_and_who_has_to_agree(repo: Repo) -> None:
    config = (repo.folder / "mltool.toml").read_text()
    asks = "[environments.prod.approvals]\ncount = 2\nwho = ['grace@example.org', 'linus@example.org']\n"
    repo.commit({"mltool.toml": config + asks})
    write(repo, "register", "1.3.0")
    write(repo, "promote", "1.3.0")
    released.train_again(repo, strength=0.5)
    said = mltool(repo.folder, "release", "plan", "delay", "--bump", "minor")
    assert said.code == 0, said.err
    assert said.out.splitlines()[0] == "✅ delay v1.4.0 would replace v1.3.0 in prod"
    assert "prod needs 2 approvals by grace@example.org or linus@example.org" in said.out
    assert "Put it into prod (local) instead of v1.3.0." in said.out


def test_the_file_that_is_written_is_what_is_printed(repo: Repo, tmp_path: Path) -> None:
    said = mltool(repo.folder, "release", "plan", "delay", "--json", "--output", tmp_path / "a" / "release.json")
    content = (tmp_path / "a" / "release.json").read_bytes()
    assert content.decode() == said.out
    assert json.loads(content) == planned(repo)


def test_the_report_says_what_merging_would_release(repo: Repo) -> None:
    write(repo, "register", "1.3.0")
    write(repo, "promote", "1.3.0")
    repo.git("switch", "--quiet", "-c", "better")
    released.train_again(repo, strength=0.5)
    words = " ".join(mltool(repo.folder, "report").out.split())
    assert "If merged and tagged, this would become delay v1.3.1 and replace v1.3.0 in prod." in words
    repo.write({"steps.py": "# half-written"})
    words = " ".join(mltool(repo.folder, "report").out.split())
    assert "in prod. Changes that are not committed do not count." in words


def test_a_release_that_cannot_be_planned_never_breaks_the_report(repo: Repo) -> None:
    (repo.folder / "release/delay/golden.jsonl").unlink()
    repo.commit()
    said = mltool(repo.folder, "report", "--format", "json")
    assert said.json["releases"][0]["problem"] == "release/delay/golden.jsonl is not in Git at this commit."


def test_a_repository_without_models_does_not_wait_for_what_plans_releases() -> None:
    words = "import sys, mltool.cli.report, mltool.commands.report, mltool.commands.render; print(*sys.modules)"
    loaded = run(sys.executable, "-c", words, cwd=Path()).split()
    assert "mltool.report.releases" in loaded
    assert not [name for name in loaded if name.startswith(("mltool.release", "mltool.bundle", "mltool.http"))]


def test_a_repository_without_models_has_no_releases_in_its_report(repo: Repo) -> None:
    repo.commit({"mltool.toml": '[ci]\nlock = "warn"\n'})
    assert mltool(repo.folder, "report", "--format", "json").json["releases"] == []
