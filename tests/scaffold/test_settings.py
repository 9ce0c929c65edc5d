"""The [ci] table: unsafe settings are refused, and what is written is read back."""

from dataclasses import replace
from typing import Any

import pytest

from mltool import config
from mltool.config import Ci
from mltool.errors import UserError
from mltool.scaffold import answers, settings


@pytest.mark.parametrize(
    "ci",
    [
        Ci(),
        Ci(tests='python -m pytest -k "a and b"', python="3.10", secrets=("A", "B"), cache=False, timeout_minutes=5),
        Ci(setup="make a\nmake b\n", runner="größe-ä", oidc_role="arn:aws:iam::1:role/x", remote="s3"),
    ],
)
def test_a_written_table_is_read_back_as_it_was(ci: Ci) -> None:
    text = f"[ci]\n{settings.ci_table(ci)}\n"
    assert config.load({config.FILE: text.encode()}).ci == ci


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tests": "echo ${{ github.head_ref }}"}, "`ci.tests` contains"),
        ({"default_branch": "main\nx"}, "`ci.default_branch` has a control character"),
        ({"secrets": ("A-B",)}, "'A-B'"),
        ({"secrets": ("GITHUB_TOKEN",)}, "'GITHUB_TOKEN'"),
        ({"timeout_minutes": 0}, "`ci.timeout_minutes` is 0"),
        ({"oidc_role": "x", "remote": "ssh"}, "`ci.oidc_role` is set"),
        ({"oidc_role": "x", "remote": "azure"}, "the tenant id"),
        ({"runner": "self-hosted"}, "pull requests from forks"),
    ],
)
def test_a_setting_that_no_safe_workflow_can_be_made_of_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        answers.check(replace(Ci(), **change))


def test_usual_settings_are_fine() -> None:
    answers.check(Ci())
    answers.check(Ci(runner="self-hosted", forks="off", secrets=("AWS_KEY",), tests="a\nb"))
