"""A folder of templates, read and rendered."""

import jinja2
import pytest

from mltool.errors import UserError
from mltool.scaffold import template
from mltool.scaffold.header import split
from mltool.scaffold.model import File

MANIFEST = b"""
name = "X"
kind = "ci"
pin = "{name}@{commit} # v{version}"
[[files]]
source = "a.j2"
destination = "a.yml"
[[files]]
source = "b.j2"
destination = "b.yml"
when = "ci.on"
[[files]]
source = "c.txt"
destination = "c.txt"
once = true
unless = ["c.json"]
"""
PINS = b'["o/r"]\nversion = "1.2"\ncommit = "' + b"a" * 40 + b'"\n'
FILES = {"template.toml": MANIFEST, "pins.toml": PINS, "a.j2": b"a\n", "b.j2": b"b\n", "c.txt": b"[[ as it is ]]\n"}


def render(a: bytes = b"a\n", context: object = None, present: tuple[str, ...] = ()) -> dict[str, File]:
    found = template.parse("x", {**FILES, "a.j2": a})
    files = template.render(found, {"ci": context or {"on": True}}, version="9", present=present)
    return {file.path: file for file in files}


def test_the_delimiters_leave_expressions_of_the_ci_system_and_of_the_shell_alone() -> None:
    body = b"run: ${{ github.ref }} {% raw %} {# x #} ${name} [[ ci.on ]]\n"
    assert split(render(body)["a.yml"].content)[1] == "run: ${{ github.ref }} {% raw %} {# x #} ${name} True\n"


def test_values_are_quoted_so_that_yaml_reads_them_back() -> None:
    context = {"on": True, "python": "3.10", "name": 'it\'s "x": #1'}
    body = split(render(b"p: [[ ci.python | yaml ]]\nn: [[ ci.name | yaml ]]\n", context)["a.yml"].content)[1]
    assert body == 'p: "3.10"\nn: "it\'s \\"x\\": #1"\n'


@pytest.mark.parametrize(
    ("requirement", "more"),
    [
        ("mltool-ci", "mltool-ci[judge]"),
        ("mltool-ci[s3, sign] >=1,<2", "mltool-ci[s3,sign,judge] >=1,<2"),
        ("mltool-ci[judge]==1.2.*", "mltool-ci[judge]==1.2.*"),
        ("mltool-ci @ git+https://example.org/a/b@main", "mltool-ci[judge] @ git+https://example.org/a/b@main"),
        ("git+https://example.org/a/b@main", "git+https://example.org/a/b@main"),
        ("./dist/mltool_ci-0.1.0-py3-none-any.whl", "./dist/mltool_ci-0.1.0-py3-none-any.whl"),
        ("mltool_ci-0.1.0-py3-none-any.whl", "mltool_ci-0.1.0-py3-none-any.whl"),
    ],
)
def test_a_requirement_gets_one_more_extra_where_it_has_a_name(requirement: str, more: str) -> None:
    body = split(render(b'[[ ci.install | extra("judge") ]]\n', {"on": True, "install": requirement})["a.yml"].content)
    assert body[1] == f"{more}\n"


def test_a_pin_is_written_with_its_version_as_a_comment() -> None:
    assert split(render(b'u: [[ pin("o/r") ]]\n')["a.yml"].content)[1] == f"u: o/r@{'a' * 40} # v1.2\n"


def test_a_name_that_is_not_there_stops_the_rendering() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render(b"[[ ci.typo ]]\n")
    with pytest.raises(KeyError):
        render(b'[[ pin("no/such") ]]\n')


def test_a_file_is_left_out_where_its_condition_fails_and_is_then_unwanted() -> None:
    assert set(render(context={"on": False})) == {"a.yml", "c.txt"}
    assert template.unwanted(template.parse("x", FILES), {"ci": {"on": False}}) == ("b.yml",)


def test_a_file_is_left_out_where_another_does_its_job() -> None:
    assert set(render(present=("c.json",))) == {"a.yml", "b.yml"}


def test_a_file_that_is_no_template_is_copied_without_a_header() -> None:
    assert render()["c.txt"].content == "[[ as it is ]]\n"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "The template x has no template.toml."),
        ({"template.toml": b"name = 1"}, "The template x: "),
        ({"template.toml": b"name ="}, "x/template.toml is not valid TOML"),
        ({**FILES, "pins.toml": b'[x]\nversion = "1"\n'}, "missing required field `commit`"),
    ],
)
def test_a_broken_folder_is_named(files: dict[str, bytes], says: str) -> None:
    with pytest.raises(UserError, match=says.replace(".", r"\.")):
        template.parse("x", files)
