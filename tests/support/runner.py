"""Run a generated workflow with the real Actions runner, on this host.

`act` does the work of GitHub's runner: jobs, needs, expressions, outputs, summaries. The actions that a workflow uses
cannot be fetched without a network; each is stood in for by a few lines of shell with the same inputs, found under the
very commit that the workflow pins. The one for checkout makes a true clone of what was committed.
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PINS = ROOT / "action-templates" / "github-actions" / "pins.toml"

_NOTHING = "true"
# As the real one with `fetch-depth: 0`: branches and tags are there, and who `origin/HEAD` is remains unknown.
_CHECKOUT = """
git init --quiet .
git remote add origin "$ORIGIN"
git fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*'
REF="${REF:-$GITHUB_REF}"
BRANCH="${REF#refs/heads/}"
if git show-ref --quiet --verify "refs/remotes/origin/$BRANCH"; then
  git checkout --quiet -B "$BRANCH" "refs/remotes/origin/$BRANCH"
else
  git -c advice.detachedHead=false checkout --quiet "$REF"
fi
"""
_UPLOAD = """
mkdir -p "$ARTIFACTS/$NAME"
if [ -d "$FROM" ]; then cp -R "$FROM/." "$ARTIFACTS/$NAME/"; else cp "$FROM" "$ARTIFACTS/$NAME/"; fi
"""
_DOWNLOAD = """
test -d "$ARTIFACTS/$NAME" || { echo "no artifact $NAME"; exit 1; }
mkdir -p "$TO" && cp -R "$ARTIFACTS/$NAME/." "$TO/"
"""

# Its signature is GitHub's; what is signed is noted.
_ATTEST = """
sha256sum $SUBJECT > "$ARTIFACTS/attested"
"""

# Inputs that the stand-ins know; act warns of none that it is not told of.
_INPUTS = {
    "actions/checkout": ("ref", "fetch-depth", "persist-credentials"),
    "actions/upload-artifact": ("name", "path", "if-no-files-found", "retention-days"),
    "actions/download-artifact": ("name", "path", "run-id", "github-token"),
    "actions/setup-python": ("python-version", "cache"),
    "astral-sh/setup-uv": ("python-version", "enable-cache", "ignore-empty-workdir", "version", "activate-environment"),
    "actions/attest": ("subject-path",),
    "actions/cache": ("path", "key", "restore-keys"),
}
_SCRIPTS = {
    "actions/checkout": _CHECKOUT,
    "actions/upload-artifact": _UPLOAD,
    "actions/download-artifact": _DOWNLOAD,
    "actions/attest": _ATTEST,
}


@dataclass(frozen=True)
class Run:
    """A finished workflow run: did every job succeed, and what was logged."""

    succeeded: bool
    log: str

    def job(self, name: str) -> str:
        """Return the lines that one job logged."""
        return "\n".join(line for line in self.log.splitlines() if f"/{name}" in line.partition("]")[0])


class Runner:
    """The runner with its stand-in actions, made once in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shims = [f"{name}@{sha}={self._shim(name, places)}" for (name, sha), places in _pins().items()]

    def run(
        self,
        repository: Path,
        event: str,
        payload: Mapping[str, Any],
        *,
        workflow: str,
        artifacts: Path,
        environ: Mapping[str, str],
        secrets: Mapping[str, str],
        origin: Path | None = None,
        remote: str = "origin",
    ) -> Run:
        """Run one workflow file of `repository` as GitHub would after the event, and wait for its end.

        Jobs check `origin` out (else `repository` itself); the remote called `remote` says what GitHub calls it.
        """
        file = self.folder / "event.json"
        file.write_text(json.dumps(payload))
        artifacts.mkdir(parents=True, exist_ok=True)
        places = {"ARTIFACTS": str(artifacts), "ORIGIN": str(origin or repository)}
        done = subprocess.run(
            [
                *("act", event, "--eventpath", str(file), "--workflows", f".github/workflows/{workflow}"),
                *("--platform", "ubuntu-24.04=-self-hosted", "--concurrent-jobs", "1"),
                *("--remote-name", remote),
                *(f"--local-repository={shim}" for shim in self.shims),
                *(f"--env={name}={value}" for name, value in (places | dict(environ)).items()),
                *(f"--secret={name}={value}" for name, value in secrets.items()),
            ],
            cwd=repository,
            capture_output=True,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "GIT_PAGER": "cat"},
            timeout=900,
            check=False,
        )
        return Run(succeeded=done.returncode == 0, log=done.stdout + done.stderr)

    def _shim(self, action: str, places: Sequence[str]) -> Path:
        """Return a Git repository with the stand-in at each place that workflows use: the root, or a folder."""
        folder = self.folder / "shims" / action.replace("/", "-")
        for place in places:
            (folder / place).mkdir(parents=True, exist_ok=True)
            (folder / place / "action.yml").write_text(_action(action))
        git = ("git", "-C", str(folder), "-c", "user.name=shim", "-c", "user.email=shim@localhost")
        subprocess.run([*git, "init", "--quiet"], check=True)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "shim"], check=True)
        return folder


def _pins() -> Mapping[tuple[str, str], Sequence[str]]:
    """Return the folders in use of each (action, commit): `actions/cache/restore` is a folder of `actions/cache`."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, pin in tomllib.loads(PINS.read_text()).items():
        owner, action, *place = name.split("/")
        found.setdefault((f"{owner}/{action}", pin["commit"]), []).append("/".join(place))
    return found


def _action(name: str) -> str:
    inputs = "".join(f"  {key}:\n    description: {key}\n    default: ''\n" for key in _INPUTS.get(name, ()))
    script = _SCRIPTS.get(name, _NOTHING)
    inputs = inputs or "  none:\n    description: none\n"
    return (
        f"name: {name}\ndescription: stand-in\ninputs:\n{inputs}"
        "runs:\n  using: composite\n  steps:\n    - shell: bash\n      env:\n"
        "        NAME: ${{ inputs.name }}\n        FROM: ${{ inputs.path }}\n        TO: ${{ inputs.path }}\n"
        "        REF: ${{ inputs.ref }}\n        SUBJECT: ${{ inputs.subject-path }}\n"
        "      run: |\n" + "".join(f"        {line}\n" for line in script.strip().splitlines())
    )
