"""One at a time: a lock that a dying process lets go of."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mltool.errors import OutsideError, UserError


@contextmanager
def alone(path: Path, taken: str) -> Iterator[None]:
    """Hold the lock file for the time of the `with`.

    Raises OutsideError with the sentence `taken` where another process holds it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UserError(f"Cannot write {path}: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutsideError(f"{taken}.", "Try again when it is over.") from error
        yield
    finally:
        os.close(handle)
