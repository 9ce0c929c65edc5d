"""Is the bundle what its checksums say, and do we know who signed them? Asked before anything else is loaded.

Standard library only: this module is imported before the rest of the bundle has been looked at.
"""

import hashlib
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
UNSUMMED: Final = frozenset({SUMS, SIGNATURE, "attestation.dsse.json"})
NAMESPACE: Final = "mltool"
LINE: Final = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
OURS: Final = ("server/__pycache__/__init__.", "server/__pycache__/__main__.")
CHUNK: Final = 2**20


class RefusedError(Exception):
    """The bundle must not be loaded; its text is a sentence."""


def check(folder: Path, *, allowed_signers: Path | None = None) -> None:
    """Hash every file below `folder`; with `allowed_signers` the checksums must be signed by one of them.

    Raises RefusedError with the first reason found: missing, changed or extra files, links, a bad or missing signature.
    """
    try:
        content = (folder / SUMS).read_bytes()
        if allowed_signers is not None:
            _check_signature(folder, content, allowed_signers)
        wanted = _parse(content)
        found = dict(_files(folder))
        for path in sorted(wanted.keys() | found.keys() - UNSUMMED):
            _check_file(path, wanted.get(path, ""), found.get(path))
    except OSError as error:
        raise RefusedError(f"{error.filename or folder} cannot be read: {error.strerror}.") from error


def _parse(content: bytes) -> dict[str, str]:
    wanted = {}
    for number, line in enumerate(content.decode(errors="replace").splitlines(), start=1):
        match = LINE.fullmatch(line)
        if match is None or match[2] in wanted:
            raise RefusedError(f"{SUMS} is damaged: line {number} is no checksum of one more file.")
        wanted[match[2]] = match[1]
    if not wanted:
        raise RefusedError(f"{SUMS} is empty.")
    return wanted


def _check_file(path: str, wanted: str, file: Path | None) -> None:
    if file is None:
        raise RefusedError(f"{path} is missing; {SUMS} lists it.")
    if not wanted:
        raise RefusedError(f"{path} does not belong there: {SUMS} does not list it.")
    if (got := _digest(file)) != wanted:
        raise RefusedError(f"{path} was changed: its SHA-256 begins {got[:12]}, {SUMS} says {wanted[:12]}.")


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for home, folders, names in os.walk(folder, onerror=_fail):
        for name in [*folders, *names]:
            file = Path(home, name)
            path = file.relative_to(folder).as_posix()
            mode = file.lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise RefusedError(f"{path} is a link or a device, no file.")
            if stat.S_ISREG(mode) and not _compiled_by_us(path):
                yield path, file


def _compiled_by_us(path: str) -> bool:
    """Return whether Python itself wrote this when it was told to run the server: before a line of ours, it compiled
    `__init__` and `__main__`. Nothing else may be there: whoever could plant other compiled code would have it run.
    """
    return path.startswith(OURS) and path.endswith(".pyc")


def _fail(error: OSError) -> None:
    raise error


def _check_signature(folder: Path, content: bytes, allowed: Path) -> None:
    signature = folder / SIGNATURE
    if not signature.is_file():
        raise RefusedError(f"The bundle is not signed: it has no {SIGNATURE}.")
    if not allowed.is_file():
        raise RefusedError(f"{allowed} is no file of allowed signers.")
    who = _ssh_keygen("find-principals", "-f", allowed, "-s", signature, stdin=content)
    if not who:
        raise RefusedError(f"The bundle is signed by nobody whom {allowed.name} allows.")
    signer = who.splitlines()[0]
    if not _ssh_keygen("verify", "-f", allowed, "-I", signer, "-n", NAMESPACE, "-s", signature, stdin=content):
        raise RefusedError(f"{SIGNATURE} is no signature of this {SUMS} by {signer}.")


def _ssh_keygen(act: str, *arguments: str | Path, stdin: bytes) -> str:
    """Return what ssh-keygen says, empty where it refuses."""
    command = ["ssh-keygen", "-Y", act, *map(str, arguments)]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise RefusedError("ssh-keygen is not installed, so the signature cannot be checked.") from error
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""
