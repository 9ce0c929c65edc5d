"""Locked Python packages and their versions, from the lock file that the project has."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from mltool.snapshot import values
from mltool.snapshot.memo import Memo
from mltool.snapshot.tree import Tree
from mltool.snapshot.values import Unreadable

Pairs = Iterable[tuple[str, str]]

TABLE = re.compile(r"^\[\[packages?\]\]$", re.MULTILINE)
NAME = re.compile(r'^name = "([^"\n]+)"$', re.MULTILINE)
VERSION = re.compile(r'^version = "([^"\n]+)"$', re.MULTILINE)
REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^]]*\])?\s*(@.*|[<>=!~].*)?")
CONDA = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]*)\s*([<>=!~ ].*)?")
CONDA_FILE = re.compile(r"/([^/]+)-([^-/]+)-[^-/]+\.(?:conda|tar\.bz2)$")
MARKERS = re.compile(r"^<<<<<<< ", re.MULTILINE)


def read(tree: Tree, memo: Memo) -> tuple[Mapping[str, str], tuple[tuple[str, Unreadable], ...]]:
    """Return the packages by normalised name, and the lock files that could not be read.

    The first kind of lock file in `READERS` that stands in the project's folder counts; files of one kind add up. A
    project in a sub-folder without any has those of the nearest folder above, up to the top of the repository.
    """
    for start, known in _levels(tree):
        for pattern, reader in READERS:
            files = sorted(f"{start}{path}" for path in _candidates(known, pattern))
            if files:
                return _together(memo.load(tree, files, parser=reader))
    return {}, ()


def _levels(tree: Tree) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield the project's files, then those of each folder above, with the way there."""
    yield "", tree.paths()
    above: dict[str, list[str]] = {}
    for path in tree.above():
        start = path[: path.rfind("../") + 3]
        above.setdefault(start, []).append(path[len(start) :])
    yield from sorted(above.items(), key=lambda level: len(level[0]))


def _candidates(known: Iterable[str], pattern: str) -> Iterator[str]:
    depth = pattern.count("/")
    return (path for path in known if path.count("/") == depth and fnmatchcase(path, pattern))


def _together(read: Mapping[str, Any]) -> tuple[Mapping[str, str], tuple[tuple[str, Unreadable], ...]]:
    good = [found for found in read.values() if not isinstance(found, Unreadable)]
    bad = tuple((path, found) for path, found in read.items() if isinstance(found, Unreadable))
    # One file's own dict, and no copy, so that both sides of a comparison are the same object.
    return good[0] if len(good) == 1 else {name: text for found in good for name, text in found.items()}, bad


def _collected(pairs: Pairs) -> dict[str, str]:
    """Return the pairs by normalised name; a package locked in several versions (by platform) has all of them."""
    found: dict[str, list[str]] = {}
    for name, version in pairs:
        versions = found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), [])
        if version and version not in versions:
            versions.append(version)
    return {name: ", ".join(sorted(versions)) for name, versions in sorted(found.items())}


def toml_lock(_path: str, content: bytes) -> dict[str, str]:
    """Read uv.lock, poetry.lock, pdm.lock or pylock.toml. A line scan is 30 times faster than parsing TOML."""
    text = _text(content)
    sections = TABLE.split(text)[1:]
    pairs = []
    for section in sections:
        own = section.partition("\n[")[0]
        name, version = NAME.search(own), VERSION.search(own)
        if name is None:
            return _parsed_toml(content)
        pairs.append((name[1], version[1] if version else ""))
    return _collected(pairs) if pairs else _parsed_toml(content)


def _parsed_toml(content: bytes) -> dict[str, str]:
    try:
        document = tomllib.loads(content.decode())
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"is not valid TOML: {error}") from error
    entries = document.get("package") or document.get("packages") or ()
    return _collected((str(entry.get("name", "")), str(entry.get("version", ""))) for entry in entries)


def pipfile(path: str, content: bytes) -> dict[str, str]:
    """Read Pipfile.lock."""
    document = _mapping(values.parse(f"{path}.json", content))
    sections = (_mapping(document.get(name) or {}) for name in ("default", "develop"))
    return _collected((name, str(_mapping(entry).get("version", "")).removeprefix("==")) for section in sections
                      for name, entry in section.items())  # fmt: skip


def pixi(_path: str, content: bytes) -> dict[str, str]:
    """Read pixi.lock, line by line: `- conda: URL`, or `- pypi: URL` with a name and a version below."""
    pairs: list[tuple[str, str]] = []
    name = ""
    for line in _text(content).partition("\npackages:")[2].splitlines():
        key, _, text = line.strip().removeprefix("- ").partition(": ")
        if line.startswith("- "):
            name = ""
        if key == "conda" and (built := CONDA_FILE.search(text)):
            pairs.append((built[1], built[2]))
        elif key == "name":
            name = text
        elif key == "version" and name:
            pairs.append((name, text.strip("'\"")))
    return _collected(pairs)


def conda_lock(_path: str, content: bytes) -> dict[str, str]:
    """Read conda-lock.yml, line by line: entries of `- name:` and `version:`."""
    pairs: list[tuple[str, str]] = []
    name = ""
    for line in _text(content).partition("package:")[2].splitlines():
        if line.startswith("- name: "):
            name = line.removeprefix("- name: ").strip("'\"")
        elif line.startswith("  version: ") and name:
            pairs.append((name, line.removeprefix("  version: ").strip("'\"")))
            name = ""
    return _collected(pairs)


def environment(_path: str, content: bytes) -> dict[str, str]:
    """Read conda's environment.yml, with the pip packages inside."""
    document = _mapping(values.parse("environment.yaml", content) or {})
    pairs: list[tuple[str, str]] = []
    for item in document.get("dependencies") or ():
        if isinstance(item, dict):
            pairs += _requirements("\n".join(map(str, item.get("pip") or ())))
        elif (found := CONDA.fullmatch(str(item).rpartition("::")[2].strip())) is not None:
            wanted = (found[2] or "").strip()
            pairs.append((found[1], wanted.lstrip("=").split("=")[0] if wanted.startswith("=") else wanted))
    return _collected(pairs)


def requirements(_path: str, content: bytes) -> dict[str, str]:
    """Read what pip installs from; a pin becomes its version, anything else stays as it is written."""
    return _collected(_requirements(_text(content)))


def _requirements(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\\\n", " ").splitlines():
        wanted = re.split(r"\s#|;|\s--", f" {line}".partition(" #")[0])[0].strip()
        found = REQUIREMENT.fullmatch(wanted)
        if found and not wanted.startswith(("-", "#")):
            yield found[1], re.sub(r"^===?\s*(?=[^,*]+$)", "", (found[2] or "").strip())


def _text(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8 text", content[: error.start].count(b"\n") + 1) from error
    if marker := MARKERS.search(text):
        raise Unreadable("holds the markers of a merge conflict", text[: marker.start()].count("\n") + 1)
    return text


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("is no mapping where a package list should be")
    return value


READERS: tuple[tuple[str, Callable[[str, bytes], dict[str, str]]], ...] = (
    ("uv.lock", toml_lock),
    ("poetry.lock", toml_lock),
    ("pdm.lock", toml_lock),
    ("pylock.toml", toml_lock),
    ("Pipfile.lock", pipfile),
    ("pixi.lock", pixi),
    ("conda-lock.yml", conda_lock),
    ("requirements*.txt", requirements),
    ("requirements/*.txt", requirements),
    ("environment.y*ml", environment),
)
