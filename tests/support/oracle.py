"""What DVC itself answers, from a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """
import json, sys
from dvc.repo import Repo
answer = {}
for kind in ("metrics", "params"):
    found = getattr(Repo("."), kind).diff(a_rev=sys.argv[1], b_rev=sys.argv[2])
    errors = {path for per_file in found.get("errors", {}).values() if isinstance(per_file, dict) for path in per_file}
    whole = [str(error) for error in found.get("errors", {}).values() if not isinstance(error, dict)]
    answer[kind] = {"diff": found.get("diff", {}), "errors": sorted(errors), "whole": whole}
json.dump(answer, sys.stdout, default=str)
"""


def dvc_diff(folder: Path, base: str, head: str) -> dict[str, Any]:
    """Return `dvc metrics diff` and `dvc params diff`, and the files that DVC could not read."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, base, head], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found
