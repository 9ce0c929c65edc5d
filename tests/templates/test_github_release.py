"""The release workflow: who may do what, what is asked of whom, and what a hostile tag can reach."""

import json
import re
import subprocess
from typing import Any

import pytest

from mltool.config import Ci, Release
from support.workflows import STORES, WORKFLOWS, draw, parsed, releases, settings

NAME = "mltool-release.yml"
GITHUB, S3, DIRECTORY = STORES
ALLOWED = {
    "check": {"contents": "read"},
    "package": {"contents": "read"},
    "rehearse": {"contents": "write"},
    "release": {"actions": "read", "contents": "write", "pull-requests": "read"},
    "attest": {"attestations": "write", "id-token": "write"},
}


def workflow(release: Release = GITHUB, **ci: Any) -> Any:
    return parsed(Ci(**ci), NAME, release)


def steps(job: Any) -> dict[str, Any]:
    return {step["name"]: step for step in job["steps"]}


def test_it_is_there_for_a_project_that_releases_a_model_and_for_no_other() -> None:
    assert f"{WORKFLOWS}/{NAME}" in draw(Ci())
    assert f"{WORKFLOWS}/{NAME}" not in draw(Ci(), models=())


def test_tags_of_the_ledger_start_it_and_records_of_it_do_not() -> None:
    # https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
    wanted = workflow()["on"]["push"]["tags"]
    assert wanted == ["**@v*", "**#*"]
    assert set(workflow()["on"]) == {"push", "workflow_dispatch"}


def test_each_job_has_the_permissions_it_needs_and_a_login_only_with_a_role() -> None:
    for ci, release in releases():
        for name, job in parsed(ci, NAME, release)["jobs"].items():
            login = {"id-token": "write"} if ci.oidc_role and name in ("package", "release") else {}
            assert job["permissions"] == ALLOWED[name] | login
            assert any(step.startswith("Log in") for step in steps(job)) is bool(login)


def test_the_job_that_runs_the_repositorys_code_may_write_nothing_and_no_other_installs_it() -> None:
    installs = ("Install the project", "Set up Python", "Set up uv and Python", "Set up the conda environment")
    for ci in settings():
        for name, job in parsed(ci, NAME)["jobs"].items():
            if name == "package":
                assert "write" not in {level for scope, level in job["permissions"].items() if scope != "id-token"}
                continue
            assert not set(installs) & set(steps(job))
            # mltool comes from `[ci] install`, before there is a checkout that could have a say in it.
            order = list(steps(job))
            assert "Check out" not in order or order.index("Install mltool") < order.index("Check out")


def test_nothing_of_a_tag_stands_in_a_command_and_nothing_but_checked_outputs_reaches_one() -> None:
    for ci, release in releases():
        for job in parsed(ci, NAME, release)["jobs"].values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", "")
                assert "github.ref" not in json.dumps(step)
                assert "inputs." not in json.dumps(step)


def test_secrets_and_the_token_are_in_the_steps_that_need_them_and_deploy_secrets_behind_the_review() -> None:
    for ci, release in releases():
        jobs = parsed(ci, NAME, release)["jobs"]
        for name, job in jobs.items():
            assert not re.search(r"secrets\.|github\.token", json.dumps(job.get("env", {})))
            holders = {step["name"] for step in job["steps"] if "secrets." in json.dumps(step)}
            allowed = {"package": {"Package and replay"} if ci.secrets else set()}
            if name == "release" and ci.release_secrets:
                rehearsal = set() if release.store == "github" else {"Rehearse"}
                allowed["release"] = {"Publish", "Deploy, replay and record"} | rehearsal
            assert holders == allowed.get(name, set())
            assert "github.token" not in json.dumps(steps(jobs["package"]))
        assert jobs["release"]["environment"] == "${{ needs.check.outputs.environment }}"


def test_who_was_asked_is_asked_for_nothing_that_did_not_pass_before() -> None:
    first = workflow()["jobs"]
    assert list(first) == ["check", "package", "rehearse", "release"]
    assert "needs.rehearse.result == 'success'" in first["release"]["if"]
    # A bucket's keys are there only behind the review, so that its rehearsal is, too.
    for release in (S3, DIRECTORY):
        jobs = workflow(release)["jobs"]
        assert list(jobs) == ["check", "package", "release"]
        assert list(steps(jobs["release"]))[-3:] == ["Rehearse", "Publish", "Deploy, replay and record"]


def test_one_place_has_one_run_at_a_time_and_none_is_cancelled_while_it_acts() -> None:
    job = workflow()["jobs"]["release"]["concurrency"]
    assert job == {
        "group": "mltool-${{ needs.check.outputs.environment }}-${{ needs.check.outputs.model }}",
        "cancel-in-progress": False,
    }
    assert workflow()["concurrency"]["cancel-in-progress"] is False


def test_the_ledger_is_looked_at_again_once_the_approval_is_there() -> None:
    release = steps(workflow()["jobs"]["release"])
    order = list(release)
    assert order.index("Look again, as an approval may have taken days") < order.index("Publish")
    assert all("needs." not in json.dumps(release[name]) for name in ("Publish", "Deploy, replay and record"))


@pytest.mark.parametrize("attest", [True, False])
def test_what_was_published_is_attested_where_that_is_asked_for(attest: bool) -> None:  # noqa: FBT001
    jobs = workflow(attest=attest)["jobs"]
    assert ("attest" in jobs) is attest
    if attest:
        assert jobs["attest"]["if"] == "${{ !cancelled() && needs.release.outputs.published == 'success' }}"


def test_every_script_is_valid_shell() -> None:
    every = [parsed(ci, NAME) for ci in settings()] + [parsed(ci, NAME, release) for ci, release in releases()]
    scripts = {step["run"] for made in every for job in made["jobs"].values() for step in job["steps"] if "run" in step}
    assert len(scripts) > 8
    for script in scripts:
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, (script, done.stderr)
