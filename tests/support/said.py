"""Call mltool as people do: a process of its own, with nothing of a CI job around it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Said:
    """What a finished command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return its output as JSON, in which NaN has no place."""
        return json.loads(self.out, parse_constant=_refuse)


def mltool(folder: Path, *words: str | Path, **environ: str) -> Said:
    """Run `mltool WORDS` in `folder`; a traceback is a failure whatever the test asks for."""
    command = [sys.executable, "-m", "mltool", *(str(word) for word in words)]
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "GITHUB_ACTIONS")}
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=kept | environ)
    said = Said(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in said.err, said.err
    return said


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")
