"""One mapping for each place, and nothing that becomes something else's name."""

import pytest

from mltool.errors import UserError
from mltool.release import names


@pytest.mark.parametrize(
    ("name", "escaped", "label", "repository"),
    [
        ("delay", "delay", "delay", "delay"),
        ("team/flight_delay", "team%2Fflight_delay", "team-flight-delay", "team/flight-delay"),
        ("dir=Name.V2", "dir%3DName.V2", "dir-name-v2", "dir-name-v2"),
        ("..", "%2E%2E", None, None),
        ("$(reboot)`x`", "%24%28reboot%29%60x%60", "reboot-x", "reboot-x"),
    ],
)
def test_a_name_in_each_place(name: str, escaped: str, label: str | None, repository: str | None) -> None:
    assert names.escaped(name) == escaped
    if label is None:
        with pytest.raises(UserError, match="cannot be a DNS label"):
            names.label(name)
    else:
        assert names.label(name) == label
        assert names.oci_repository(name) == repository


def test_a_long_name_is_cut_and_stays_itself() -> None:
    one, other = (names.label("a" * 80 + end) for end in ("x", "y"))

    assert len(one) == len(other) == 63
    assert one != other


def test_two_names_that_become_one_are_refused() -> None:
    assert names.labels(["a/b", "c"]) == {"a/b": "a-b", "c": "c"}
    with pytest.raises(UserError, match="`a/b` and `a_b` are both called `a-b`"):
        names.labels(["a/b", "a_b"])


@pytest.mark.parametrize(
    ("version", "tag", "python"),
    [
        ("1.2.3", "1.2.3", "1.2.3"),
        ("1.2.3+gpu.1", "1.2.3_gpu.1", "1.2.3+gpu.1"),
        ("1.2.3-rc.1", "1.2.3-rc.1", "1.2.3rc1"),
        ("1.2.3-alpha", "1.2.3-alpha", "1.2.3a0"),
    ],
)
def test_a_version_in_each_place(version: str, tag: str, python: str) -> None:
    assert names.oci_tag(version) == names.kubernetes_version(version) == tag
    assert names.pep440(version) == python


@pytest.mark.parametrize("version", ["1.2.3-nightly", "1.2", "1.2.3;reboot"])
def test_a_version_that_python_has_no_word_for_is_a_sentence(version: str) -> None:
    with pytest.raises(UserError):
        names.pep440(version)


def test_a_version_that_is_too_long_for_a_label_is_a_sentence() -> None:
    with pytest.raises(UserError, match="cannot be the value of a Kubernetes label"):
        names.kubernetes_version(f"1.2.3-{'a' * 70}")
