"""What each app does: say which columns of a new table drifted from an old one, as JSON, for each pair named."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path


def main(judge: Callable[[Path, Path], Iterable[str]]) -> None:
    """Print one list of columns for each pair of tables in the arguments: OLD NEW [OLD NEW …]."""
    paths = [Path(word) for word in sys.argv[1:]]
    found = [sorted(judge(old, new)) for old, new in zip(paths[::2], paths[1::2], strict=True)]
    # Beside the output: some tools print there.
    Path("alarms.json").write_text(json.dumps(found))
