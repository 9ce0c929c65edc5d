"""Which paths may stand in a bundle; a path from elsewhere decides where we write."""

import re
from typing import Final

MOST_LETTERS: Final = 200
# Also what Windows would read as something else than a name: drives, streams, wildcards, devices end here.
ODD = re.compile(r"[\x00-\x1f\x7f\\:*?\"<>|]")


def unsafe(path: str) -> str:
    """Return why a bundle may not hold a file of this path (relative, with `/`); empty where it may."""
    if not path or len(path) > MOST_LETTERS:
        return f"a path has 1 to {MOST_LETTERS} letters"
    if path.startswith("/"):
        return "it is an absolute path"
    if ODD.search(path):
        return "it holds a letter that no file of a bundle has"
    parts = path.split("/")
    if ".." in parts:
        return "it leads out of the bundle"
    if "" in parts or "." in parts:
        return "it is not written in the shortest way"
    return ""
