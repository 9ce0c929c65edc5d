"""One file that DVC stored, of any size, into a place of its own, and only if it is that file.

DVC trusts what a remote gives it: a model replaced by zeros is pulled without a word. Here every byte is hashed on its
way, and a file that is not what `dvc.lock` names is never handed out.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from mltool import shell
from mltool.dvc.program import missing, python
from mltool.dvc.storage import Storage, places
from mltool.errors import OutsideError, RefusedError, UserError

SCRIPT = Path(__file__).with_name("fetch.py")
CHUNK = 1 << 20
TIMEOUT = 3600.0


def copy(storage: Storage, path: str, digest: str, place: Path) -> str:
    """Copy the file that `dvc.lock` names `digest` (`md5:…`) to `place`, and return its SHA-256 in hexadecimal.

    `path` names it in errors. It comes from the cache, else from the first remote that has it whole. Raises
    RefusedError where every copy has other bytes than its hash says, UserError where there is none, OutsideError where
    a remote does not answer.
    """
    wrong: list[str] = []
    failed: list[str] = []
    for where, problem in _candidates(storage, digest, place):
        if problem:
            failed.append(f"{path} cannot be had from {where}: {problem}.")
            continue
        sha256, md5 = _hashes(place)
        if md5 == digest.partition(":")[2] or not digest.startswith("md5:"):
            return sha256
        wrong.append(where)
        place.unlink()
    if wrong:
        raise RefusedError(
            f"{path} in {' and in '.join(wrong)} is not the file that dvc.lock names: its hash is another.",
            "It was replaced or damaged there. Delete it, and run `dvc push` where the true one is.",
        )
    if failed:
        raise OutsideError(failed[0], "Check the login and the remote, and try again.")
    raise UserError(
        f"{path} is neither in DVC's cache nor in a remote ({digest}).", "Run `dvc push` where it was made."
    )


def _candidates(storage: Storage, digest: str, place: Path) -> Iterator[tuple[str, str]]:
    """Yield each place whose copy now lies in `place`, in words, and why a remote could not be asked."""
    config = storage.config
    folders = [("DVC's cache", config.cache)]
    folders += [(f"the remote `{name}`", folder) for name, folder in config.remotes if folder is not None]
    for where, folder in folders:
        for source in places(folder, digest):
            if source.is_file():
                _copy(source, place)
                yield where, ""
    for name in (name for name, folder in config.remotes if folder is None):
        problem = _download(storage.folder, name, digest, place)
        if problem != "absent":
            yield f"the remote `{name}`", problem


def _copy(source: Path, place: Path) -> None:
    with source.open("rb") as file, place.open("wb") as out:
        while chunk := file.read(CHUNK):
            out.write(chunk)


def _hashes(place: Path) -> tuple[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with place.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
    return sha256.hexdigest(), md5.hexdigest()


def _download(folder: Path, remote: str, digest: str, place: Path) -> str:
    interpreter = python()
    if interpreter is None:
        raise missing(f"get files from the remote `{remote}`")
    asked = json.dumps({"remote": remote, "hash": digest, "place": str(place.resolve())}).encode()
    environ = dict(os.environ) | {"DVC_NO_ANALYTICS": "1"}
    result = shell.run(
        (interpreter, "-c", SCRIPT.read_text()), cwd=folder, stdin=asked, environ=environ, timeout=TIMEOUT
    )
    if result.code:
        return (result.err.strip().splitlines() or ["DVC ended without a word"])[-1]
    problem: str = json.loads(result.out)["problem"]
    return problem
