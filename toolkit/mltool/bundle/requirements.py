"""What serving installs: a requirements file in which every package is pinned and every file has a hash."""

import re
from dataclasses import dataclass

PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*(?P<version>[^\s;]+)(?P<rest>.*)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})(?=\s|$)")
MARKER = re.compile(r";\s*(.*?)\s*(?=--hash|$)")


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One package: its name as indexes spell it, its version, and the SHA-256 of each file that may be installed.

    `marker` says where it is installed at all, as in `sys_platform == 'win32'`; empty: everywhere.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str = ""


def parse(text: str) -> tuple[Requirement, ...]:
    """Return the packages in their order; raises ValueError for a line without `==` or without a hash."""
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = (line.partition(" #")[0].strip() for line in joined.splitlines() if not line.lstrip().startswith("#"))
    return tuple(_requirement(line) for line in lines if line)


def _requirement(line: str) -> Requirement:
    found = PIN.fullmatch(line)
    if found is None:
        raise ValueError(f"`{line[:60]}` does not pin a version with `==`")
    hashes = tuple(sorted(set(HASH.findall(found["rest"]))))
    if not hashes:
        raise ValueError(f"{found['name']} has no --hash=sha256:")
    marker = MARKER.match(found["rest"].lstrip())
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    return Requirement(name=name, version=found["version"], hashes=hashes, marker=marker[1] if marker else "")
