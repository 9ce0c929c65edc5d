"""`mltool data infer`, `check` and `convert` as they are called: output, exit codes, the row count at a revision."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mltool.cli.app import app
from mltool.errors import UserError
from support.repos import Repo, run

RUN = CliRunner()
HEADER = "id,age,country\n"
ROWS = "".join(f"{n},{20 + n % 50},{'DE' if n % 3 else 'FR'}\n" for n in range(1000))


def mltool(*words: str, code: int = 0) -> str:
    done = RUN.invoke(app, ["data", *words], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def project(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a project whose table has a contract, and whose check is committed."""
    monkeypatch.chdir(repo.folder)
    repo.commit({"t.csv": HEADER + ROWS})
    mltool("infer", "t.csv", "--out", "contracts/t.yaml")
    mltool("check", "contracts/t.yaml", "t.csv", "--out", "eval/t.json")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--message", "contract")
    return repo


def test_a_table_that_keeps_its_contract_exits_0(project: Repo) -> None:
    assert mltool("check", "contracts/t.yaml", "t.csv") == "✅ 12 of 12 rules hold for 1,000 rows.\n"


def test_a_broken_rule_is_a_line_and_exits_1(project: Repo) -> None:
    Path("t.csv").write_text(HEADER + ROWS + "7,200,\n")
    out = mltool("check", "contracts/t.yaml", "t.csv", code=1)
    assert out.splitlines() == [
        "❌ 1 rows repeat the key (id) of another, such as '7' in row 8, '7' in row 1,001.",
        "❌ 1 of 1,001 values of `age` are outside 20 to 69, such as '200' in row 1,001.",
        "❌ `country` is missing in 1 of 1,001 rows.",
        "❌ 9 of 12 rules hold for 1,001 rows.",
    ]
    assert "'" not in mltool("check", "contracts/t.yaml", "t.csv", "--examples", "0", code=1)


def test_the_result_as_json_is_what_out_gets(project: Repo) -> None:
    Path("t.csv").write_text(HEADER + ROWS + "7,200,\n")
    printed = mltool("check", "contracts/t.yaml", "t.csv", "--json", "--out", "new/t.json", code=1)
    assert printed == Path("new/t.json").read_text()
    found: dict[str, Any] = json.loads(printed)
    assert (found["schema"], found["outcome"], found["rows"]) == ("mltool.data-check/1", "fail", 1001)
    (age,) = (item for item in found["verdicts"] if (item["column"], item["rule"]) == ("age", "range"))
    assert (age["outcome"], age["count"], age["examples"]) == ("fail", 1, [{"row": 1001, "value": "200", "part": ""}])


def test_the_row_count_is_compared_with_that_of_a_revision(project: Repo) -> None:
    contract = Path("contracts/t.yaml")
    contract.write_text(contract.read_text().replace("rows:\n", "rows:\n  change: 0.1\n"))
    since = ("check", "contracts/t.yaml", "t.csv", "--out", "eval/t.json", "--base")
    Path("t.csv").write_text(HEADER + ROWS[: len(ROWS) * 4 // 5].rpartition("\n")[0] + "\n")
    assert "a change of 10 % is allowed." in mltool(*since, "HEAD", code=1)
    assert "➖ The row count of the last version is not known" in mltool(*since, "HEAD~1")
    assert "after 1,000" in mltool(*since, "HEAD", "--suggest", code=1)


def test_the_patch_is_printed_below_the_verdicts(project: Repo) -> None:
    Path("t.csv").write_text(HEADER + ROWS + "1000,200,DE\n")
    out = mltool("check", "contracts/t.yaml", "t.csv", "--suggest", code=1)
    patch = out.partition("This change of the contract would allow what was found:\n\n")[2]
    assert patch.startswith("--- a/contracts/t.yaml\n+++ b/contracts/t.yaml\n@@")
    assert "+  age: {type: integer, min: 20, max: 200}\n" in patch


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("infer", "t.csv", "--out", "contracts/t.yaml"), "contracts/t.yaml exists."),
        (("infer", "none.csv"), "none.csv does not exist."),
        (("infer", "eval"), "eval/t.json is no part of a table"),
        (("check", "none.yaml", "t.csv"), "none.yaml does not exist. `mltool data infer` writes a first one."),
        (("check", "t.csv", "t.csv"), "t.csv"),
        (("check", "contracts/t.yaml", "eval/t.json", "--base", "HEAD"), "--base reads what --out was"),
        (("check", "contracts/t.yaml", "t.csv", "--base", "nope", "--out", "eval/t.json"), "nope"),
        (("check", "contracts/t.yaml", "t.csv", "--base", "HEAD", "--out", "t.csv"), "t.csv at HEAD does not say"),
        (
            ("check", "contracts/t.yaml", "t.csv", "--base", "HEAD", "--out", "/nowhere/x.json"),
            "is not in this Git repository",
        ),
        (("check", "contracts/t.yaml", "t.csv", "--environment", "live"), "no environment `live`"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(project: Repo, words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UserError) as error:
        mltool(*words)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_contract_becomes_a_table_schema_and_back(project: Repo) -> None:
    assert "`rows` is left out." in mltool("convert", "contracts/t.yaml", "--out", "t.json")
    assert json.loads(Path("t.json").read_text())["primaryKey"] == ["id"]
    mltool("convert", "t.json", "--out", "back.yaml")
    mltool("check", "back.yaml", "t.csv")
    assert mltool("convert", "t.json") == Path("back.yaml").read_text()


@pytest.mark.parametrize(("name", "to"), [("t.yml", "pandera"), ("t.pbtxt", "tfdv"), ("t.json", "frictionless")])
def test_a_contract_becomes_what_the_name_says_and_comes_back(project: Repo, name: str, to: str) -> None:
    out = mltool("convert", "contracts/t.yaml", "--out", name)
    assert f"Wrote {name}." in out
    assert mltool("convert", "contracts/t.yaml", "--to", to).partition("mltool: ")[0] in out + Path(name).read_text()
    mltool("convert", name, "--out", "back.yaml")
    mltool("check", "back.yaml", "t.csv")
    with pytest.raises(UserError, match=f"{name} is already a {to} schema"):
        mltool("convert", name, "--to", to)


def test_one_schema_becomes_another_by_way_of_the_contract(project: Repo) -> None:
    mltool("convert", "contracts/t.yaml", "--out", "t.pbtxt")
    out = mltool("convert", "t.pbtxt", "--to", "pandera", "--out", "p.yaml")
    assert "mltool: `rows` is left out." in out
    assert Path("p.yaml").read_text().startswith("schema_type: dataframe\n")
    with pytest.raises(UserError, match=r"contracts/t\.yaml is already a contract\."):
        mltool("convert", "contracts/t.yaml", "--to", "contract")


def test_a_folder_of_parts_is_checked_as_one_table_and_its_parts_are_in_the_result(project: Repo) -> None:
    Path("parts").mkdir()
    lines = ROWS.splitlines(keepends=True)
    Path("parts/a.csv").write_text(HEADER + "".join(lines[:600]))
    Path("parts/b.csv").write_text(HEADER + "".join(lines[600:]))
    assert mltool("check", "contracts/t.yaml", "parts") == "✅ 12 of 12 rules hold for 1,000 rows.\n"
    found = json.loads(mltool("check", "contracts/t.yaml", "parts", "--json"))
    assert found["parts"] == {"a.csv": 600, "b.csv": 400}
    Path("parts/b.csv").write_text("id,age\n5,30\n")
    out = mltool("check", "contracts/t.yaml", "parts", code=1)
    assert "❌ `country` is not in b.csv.\n" in out
    assert "'5' in row 1 of b.csv" in out


@pytest.mark.slow
def test_a_stage_of_dvc_stops_at_a_broken_contract(project: Repo) -> None:
    stage = (
        "stages:\n  check:\n    cmd: mltool data check contracts/t.yaml t.csv --out eval/t.json\n"
        "    deps: [contracts/t.yaml, t.csv]\n    outs: [{eval/t.json: {cache: false}}]\n"
    )
    project.git("rm", "--quiet", "--cached", "eval/t.json")
    Path("dvc.yaml").write_text(stage)
    run("dvc", "repro", cwd=project.folder)
    Path("t.csv").write_text(HEADER + ROWS + "7,200,\n")
    assert "❌ `country` is missing in 1 of 1,001 rows." in run("dvc", "repro", cwd=project.folder, code=255)
