"""SHA256SUMS, as sha256sum writes and checks it: one line a file, in the order of the paths."""

import re
from collections.abc import Mapping

from mltool.bundle import paths

LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<path>[^\n]+)")


def dumps(digests: Mapping[str, str]) -> bytes:
    """Return the file that lists these hexadecimal SHA-256 by path."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode()


def loads(content: bytes) -> Mapping[str, str]:
    """Return the digests by path. Raises ValueError with the reason for anything that `dumps` would not write."""
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError as error:
        raise ValueError("it is not text") from error
    if lines.pop() != "":
        raise ValueError("its last line is cut off")
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number} is no checksum")
        path = match["path"]
        if reason := paths.unsafe(path):
            raise ValueError(f"line {number} names {path!r}: {reason}")
        if path in found:
            raise ValueError(f"line {number} names {path} a second time")
        found[path] = match["digest"]
    return found
