import pytest

from mltool.snapshot.memo import Memo
from mltool.snapshot.packages import read
from mltool.snapshot.tree import DictTree

FILES = {
    "uv.lock": """version = 1
[[package]]
name = "NumPy"
version = "2.1.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "other" }]

[[package]]
name = "torch"
version = "2.0+cpu"

[[package]]
name = "torch"
version = "2.0"

[[package]]
name = "project"
source = { editable = "." }

[package.metadata]
name = "not-a-package"
version = "9"
""",
    "poetry.lock": '# made\n[[package]]\nname = "numpy"\nversion = "2.1.0"\n\n[package.extras]\nversion = "x"\n',
    "pylock.toml": 'lock-version = "1.0"\n[[packages]]\nversion = "2.1.0"\nname = "numpy"\n',
    "Pipfile.lock": '{"default": {"numpy": {"version": "==2.1.0"}}, "develop": {"x": {"git": "y"}}}',
    "pixi.lock": """version: 6
environments: {}
packages:
- conda: https://conda.anaconda.org/conda-forge/linux-64/numpy-base-2.1.0-py312_0.conda
  sha256: aa
- pypi: https://files.example.org/numpy-2.1.0-cp312.whl
  name: numpy
  version: 2.1.0
""",
    "conda-lock.yml": """version: 1
package:
- name: numpy
  version: 2.1.0
  manager: conda
- name: pip
  version: '24'
""",
    "requirements.txt": """# comment
-r other.txt
--hash=sha256:aa
numpy==2.1.0 --hash=sha256:aa
Ruamel_YAML[jinja2] >= 0.18, <1 ; python_version > '3'  # why
plain
git-thing @ git+https://example.org/x.git@abc
torch==2.0 \\
    --hash=sha256:bb
""",
    "environment.yml": """dependencies:
- python=3.12
- conda-forge::numpy=2.1.0=py_0
- scipy>=1
- pip
- pip: [x==1.0]
""",
}  # fmt: skip

EXPECTED = {
    "uv.lock": {"numpy": "2.1.0", "torch": "2.0, 2.0+cpu", "project": ""},
    "poetry.lock": {"numpy": "2.1.0"},
    "pylock.toml": {"numpy": "2.1.0"},
    "Pipfile.lock": {"numpy": "2.1.0", "x": ""},
    "pixi.lock": {"numpy-base": "2.1.0", "numpy": "2.1.0"},
    "conda-lock.yml": {"numpy": "2.1.0", "pip": "24"},
    "requirements.txt": {"numpy": "2.1.0", "ruamel-yaml": ">= 0.18, <1", "plain": "", "torch": "2.0",
                         "git-thing": "@ git+https://example.org/x.git@abc"},
    "environment.yml": {"python": "3.12", "numpy": "2.1.0", "scipy": ">=1", "pip": "", "x": "1.0"},
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_lock_file_gives_names_and_versions(name: str) -> None:
    found, problems = read(DictTree({name: FILES[name].encode(), f"sub/{name}": b"{"}), Memo())
    assert (found, problems) == (EXPECTED[name], ())


def test_the_strictest_lock_file_counts() -> None:
    tree = DictTree({name: content.encode() for name, content in FILES.items()})
    assert read(tree, Memo())[0] == EXPECTED["uv.lock"]


def test_requirements_files_add_up() -> None:
    tree = DictTree({"requirements.txt": b"a==1\n", "requirements-dev.txt": b"b==2\n"})
    assert read(tree, Memo())[0] == {"a": "1", "b": "2"}


@pytest.mark.parametrize("name", FILES)
def test_a_lock_file_in_conflict_or_of_bytes_is_a_problem(name: str) -> None:
    for content in (b"<<<<<<< HEAD\n" + FILES[name].encode(), b"\xff\xfe\x00"):
        found, problems = read(DictTree({name: content}), Memo())
        assert found == {}
        assert [path for path, _ in problems] == [name]


def test_no_lock_file_is_no_packages() -> None:
    assert read(DictTree({"setup.py": b""}), Memo()) == ({}, ())


def test_a_project_in_a_sub_folder_has_the_lock_file_of_the_nearest_folder_above() -> None:
    def found(*names: str) -> dict[str, str]:
        files = {name: f"x=={i}\n".encode() for i, name in enumerate(names)}
        return dict(read(DictTree(files), Memo())[0])

    assert found("../../requirements.txt", "../requirements.txt", "src/a.py") == {"x": "1"}
    assert found("../../requirements.txt", "../readme.md") == {"x": "0"}
    assert found("../requirements.txt", "requirements.txt") == {"x": "1"}
    assert found("../readme.md", "a/requirements.txt") == {}
