import os
from pathlib import Path

import pytest

from mltool import git
from mltool.commands.compare import compare
from mltool.errors import Exit, MltoolError, OutsideError, UserError
from mltool.git.command import environ
from support.repos import Repo, run


def sentence(error: pytest.ExceptionInfo[MltoolError]) -> str:
    return f"{error.value.what} {error.value.remedy}"


def test_the_project_is_the_nearest_folder_upwards_with_dvc(repo: Repo) -> None:
    repo.write({"src/deep/x.py": ""})
    assert git.find(repo.folder / "src" / "deep") == git.Project(root=repo.folder)


def test_a_project_below_the_top_level_has_a_prefix(tmp_path: Path) -> None:
    repo = Repo.create(tmp_path / "mono", dvc=False)
    repo.init_dvc("teams/a")
    repo.commit({"teams/a/x/y.txt": "1"})
    expected = git.Project(root=repo.folder, prefix="teams/a")
    assert git.find(repo.folder / "teams" / "a" / "x") == expected
    assert git.find(repo.folder) == expected


def test_several_projects_below_ask_to_choose_one(tmp_path: Path) -> None:
    repo = Repo.create(tmp_path / "mono", dvc=False)
    repo.init_dvc("a")
    repo.init_dvc("b")
    repo.commit()
    with pytest.raises(UserError) as error:
        git.find(repo.folder)
    assert sentence(error) == (
        f"There are 2 DVC projects below {repo.folder}: a, b. Choose one, for example with `-C a`."
    )


def test_a_folder_outside_of_git_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        git.find(tmp_path)
    assert sentence(error) == f"{tmp_path} is not in a Git repository. Run `git init` here, or go to your project."
    assert error.value.code == Exit.YOURS


def test_a_repository_without_dvc_is_said_so(tmp_path: Path) -> None:
    repo = Repo.create(tmp_path / "plain", dvc=False)
    with pytest.raises(UserError, match=r"There is no DVC project in .*plain: no `.dvc` folder. Run `dvc init`"):
        git.find(repo.folder)


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere is not a folder"):
        git.find(tmp_path / "nowhere")


def test_git_hooks_do_not_redirect_us() -> None:
    kept = environ({"GIT_DIR": "/elsewhere", "GIT_INDEX_FILE": "x", "GIT_SSH_COMMAND": "ssh -i k", "PATH": "/bin",
                    "GIT_AUTHOR_NAME": "Ada", "GIT_CONFIG_KEY_0": "safe.directory", "LC_ALL": "de_DE"})  # fmt: skip
    assert kept == {"GIT_SSH_COMMAND": "ssh -i k", "PATH": "/bin", "GIT_AUTHOR_NAME": "Ada", "LC_ALL": "C",
                    "GIT_CONFIG_KEY_0": "safe.directory", "GIT_OPTIONAL_LOCKS": "0",
                    "GIT_TERMINAL_PROMPT": "0"}  # fmt: skip


def test_an_unknown_revision_is_yours_to_fix(repo: Repo) -> None:
    repo.commit()
    with pytest.raises(UserError) as error:
        git.resolve(git.find(repo.folder), "nope")
    assert sentence(error) == (
        "There is no revision `nope` in this repository. Check the spelling, or run `git fetch origin nope`."
    )


@pytest.mark.parametrize(
    ("span", "ends"),
    [("v1..v2", "`v1 v2`"), ("main...HEAD", "`main HEAD`"), ("..v2", "`HEAD v2`"), ("v1..", "`v1 HEAD`")],
)
def test_a_range_is_no_revision_and_its_ends_are_named(repo: Repo, span: str, ends: str) -> None:
    repo.commit()
    with pytest.raises(UserError) as error:
        git.resolve(git.find(repo.folder), span)
    assert sentence(error).endswith(f"Name its two ends one by one: {ends}.")


def test_a_revision_that_looks_like_an_option_is_only_unknown(repo: Repo) -> None:
    repo.commit()
    with pytest.raises(UserError, match="There is no revision `--all`"):
        git.resolve(git.find(repo.folder), "--all")


def test_a_detached_head_has_no_branch(repo: Repo) -> None:
    sha = repo.commit()
    project = git.find(repo.folder)
    assert git.branch(project) == "main"
    repo.git("checkout", "-q", "--detach")
    assert git.branch(project) is None
    assert git.head(project) == sha


def test_the_default_branch_is_what_the_remote_says(repo: Repo, tmp_path: Path) -> None:
    repo.commit()
    repo.git("branch", "-m", "trunk")
    clone = repo.clone(tmp_path / "clone")
    assert git.default_branch(git.find(clone.folder)) == "origin/trunk"
    with pytest.raises(UserError, match="The default branch of this repository is unknown"):
        git.default_branch(git.find(repo.folder))


def test_blobs_of_many_commits_are_read_together(repo: Repo) -> None:
    shas = [repo.commit({"m.json": f"{i}", "sub dir/x": "y"}) for i in range(3)]
    project = git.find(repo.folder)
    wanted = [(sha, path) for sha in shas for path in ("m.json", "sub dir/x", "absent")]
    found = git.blobs(project, wanted)
    assert [found.get((sha, "m.json")) for sha in shas] == [b"0", b"1", b"2"]
    assert len(found) == 6
    assert git.first_parents(project, "HEAD", 2) == (shas[2], shas[1])
    assert git.count(project, f"{shas[0]}..{shas[2]}") == 2
    assert git.subject(project, shas[0]) == "change"


def test_both_trees_see_the_same_files_with_the_same_identities(repo: Repo) -> None:
    sha = repo.commit({"a.txt": "1", "dir/b.bin": b"\0", "ignored.txt": "x", ".gitignore": "ignored.txt\n"})
    project = git.find(repo.folder)
    at_commit, on_disk = git.GitTree(project, sha), git.WorkTree(project)
    assert at_commit.paths() == on_disk.paths()
    assert at_commit.read(["a.txt", "dir/b.bin", "none"]) == {"a.txt": b"1", "dir/b.bin": b"\0"}
    assert on_disk.read(["a.txt", "ignored.txt"]) == {"a.txt": b"1", "ignored.txt": b"x"}


def test_the_work_tree_knows_what_differs_from_the_index(repo: Repo) -> None:
    sha = repo.commit({"same": "1", "edited": "1", "gone": "1", "touched": "1"})
    (repo.folder / "edited").write_text("2")
    (repo.folder / "gone").unlink()
    os.utime(repo.folder / "touched", (1, 1))
    repo.write({"new": "1"})
    project = git.find(repo.folder)
    before, now = git.GitTree(project, sha).paths(), git.WorkTree(project).paths()
    assert {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)} == {
        "edited",
        "gone",
        "new",
    }
    assert git.is_dirty(project)


def test_reading_changes_nothing_in_git(repo: Repo) -> None:
    repo.commit({"a": "1"})
    os.utime(repo.folder / "a", (1, 1))
    before = {path: path.stat().st_mtime_ns for path in (repo.folder / ".git").rglob("*")}
    project = git.find(repo.folder)
    git.WorkTree(project).read(git.WorkTree(project).paths())
    git.is_dirty(project)
    assert {path: path.stat().st_mtime_ns for path in (repo.folder / ".git").rglob("*")} == before


def test_names_that_are_not_utf8_are_read(repo: Repo) -> None:
    name = os.fsdecode(b"caf\xe9.json")
    (repo.folder / name).write_text("{}")
    sha = repo.commit()
    project = git.find(repo.folder)
    for tree in (git.GitTree(project, sha), git.WorkTree(project)):
        assert name in tree.paths()
        assert tree.read([name]) == {name: b"{}"}


def test_links_are_followed_inside_the_repository_and_refused_outside(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    repo.write({"real/a.json": "{}"})
    (repo.folder / "inside.json").symlink_to("real/a.json")
    (repo.folder / "outside.json").symlink_to("../secret")
    (repo.folder / "circle").symlink_to("circle")
    sha = repo.commit()
    project = git.find(repo.folder)
    for tree in (git.GitTree(project, sha), git.WorkTree(project)):
        assert tree.read(["inside.json"]) == {"inside.json": b"{}"}
        with pytest.raises(UserError, match=r"outside.json is a symbolic link that leads out of the repository \(to "):
            tree.read(["outside.json"])
    with pytest.raises(UserError, match="circle is a symbolic link that leads in a circle"):
        git.GitTree(project, sha).read(["circle"])


def test_a_shallow_clone_fetches_the_commits_it_is_asked_about(repo: Repo, tmp_path: Path) -> None:
    shas = [repo.commit({"a": str(i)}) for i in range(5)]
    repo.git("checkout", "-q", "-b", "topic", shas[2])
    topic = repo.commit({"b": "1"})
    clone = repo.clone(tmp_path / "clone", "--depth=1", "--branch=topic", "--single-branch")
    project = git.find(clone.folder)
    assert git.is_shallow(project)
    refs = clone.git("for-each-ref")
    assert git.resolve(project, shas[1]) == shas[1]
    assert git.resolve(project, "origin/main") == shas[4]
    assert git.merge_base(project, topic, shas[4]) == shas[2]
    assert git.first_parent(project, shas[1]) == shas[0]
    assert clone.git("for-each-ref") == refs
    assert clone.git("status", "--porcelain") == ""


def test_a_shallow_clone_whose_remote_is_gone_names_the_way_out(repo: Repo, tmp_path: Path) -> None:
    first = repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    clone = repo.clone(tmp_path / "clone", "--depth=1")
    repo.folder.rename(tmp_path / "moved")
    with pytest.raises(OutsideError) as error:
        git.resolve(git.find(clone.folder), first)
    assert error.value.what.startswith("This clone is shallow, and fetching history from `origin` failed: ")
    assert error.value.remedy == "Set `fetch-depth: 0` for actions/checkout, or run `git fetch --unshallow`."
    assert error.value.code == Exit.OUTSIDE
    clone.git("remote", "remove", "origin")
    with pytest.raises(UserError, match="This clone is shallow and has no remote `origin`"):
        git.resolve(git.find(clone.folder), first)


def test_histories_that_share_nothing_have_no_merge_base(repo: Repo, tmp_path: Path) -> None:
    first = repo.commit()
    repo.git("checkout", "-q", "--orphan", "other")
    second = repo.commit(message="other")
    project = git.find(repo.folder)
    assert git.merge_base(project, first, second) is None
    clone = repo.clone(tmp_path / "clone", "--depth=1", "--no-single-branch")
    assert git.merge_base(git.find(clone.folder), first, second) is None


def test_a_clone_without_blobs_fetches_them_together(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    sha = repo.commit({f"f{i}.txt": f"{i}" for i in range(20)})
    clone = repo.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    project = git.Project(root=clone.folder)
    packs = len(list((clone.folder / ".git/objects/pack").glob("*.pack")))
    found = git.GitTree(project, sha).read([f"f{i}.txt" for i in range(20)])
    assert found == {f"f{i}.txt": str(i).encode() for i in range(20)}
    assert len(list((clone.folder / ".git/objects/pack").glob("*.pack"))) == packs + 1
    assert git.blobs(project, [(sha, "f1.txt")]) == {(sha, "f1.txt"): b"1"}
    repo.folder.rename(tmp_path / "moved")
    assert git.GitTree(project, sha).read(["f3.txt"]) == {"f3.txt": b"3"}


def test_a_clone_without_blobs_whose_remote_is_gone_says_so(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    sha = repo.commit({"a": "1"})
    clone = repo.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    repo.folder.rename(tmp_path / "moved")
    with pytest.raises(OutsideError, match="This clone has no file contents and `origin` did not give 1"):
        git.GitTree(git.Project(root=clone.folder), sha).read(["a"])


def test_a_linked_worktree_and_a_submodule_are_no_obstacle(repo: Repo, tmp_path: Path) -> None:
    sha = repo.commit({"a": "1"})
    run("git", "worktree", "add", "-q", tmp_path / "linked", cwd=repo.folder)
    project = git.find(tmp_path / "linked")
    assert not git.is_shallow(project)
    assert git.GitTree(project, sha).read(["a"]) == {"a": b"1"}
    run("git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.folder), "sub",
        cwd=tmp_path / "linked")  # fmt: skip
    assert "sub" not in git.WorkTree(project).paths()


def test_a_project_in_a_sub_folder_sees_the_files_in_the_folders_above_and_not_those_beside(tmp_path: Path) -> None:
    repo = Repo.create(tmp_path / "mono", dvc=False)
    repo.init_dvc("te[a]m/é/a")
    sha = repo.commit({"uv.lock": "1", "te[a]m/x": "2", "team/no": "3", "te[a]m/b/no": "4", "te[a]m/é/a/own": "5"})
    project = git.find(repo.folder / "te[a]m/é/a")
    for tree in (git.GitTree(project, sha), git.WorkTree(project)):
        assert sorted(tree.above()) == ["../../../uv.lock", "../../x"]
        assert tree.read(("../../../uv.lock", "../../x", "../../../../etc")) == {
            "../../../uv.lock": b"1", "../../x": b"2"
        }  # fmt: skip
    assert git.WorkTree(git.Project(root=repo.folder)).above() == ()


def test_packages_of_a_project_in_a_sub_folder_are_compared(tmp_path: Path) -> None:
    repo = Repo.create(tmp_path / "mono", dvc=False)
    repo.init_dvc("a")
    base = repo.commit({"requirements.txt": "numpy==1\n", "a/params.yaml": "x: 1\n"})
    repo.write({"requirements.txt": "numpy==2\n"})
    for head in (None, repo.commit()):
        found = compare(repo.folder / "a", base, head).changes.packages
        assert [(item.name, item.old, item.new) for item in found] == [("numpy", "1", "2")]


def test_a_path_out_of_the_repository_is_no_blob_and_spoils_no_other(repo: Repo) -> None:
    sha = repo.commit({"a/m.json": "1", "b.json": "2"})
    project = git.Project(root=repo.folder, prefix="a")
    wanted = [(sha, path) for path in ("m.json", "../b.json", "../../x", "/etc/passwd", "..", "../..")]
    assert git.blobs(project, wanted) == {(sha, "m.json"): b"1", (sha, "../b.json"): b"2"}
