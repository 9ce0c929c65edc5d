"""What a target reads of an unpacked bundle."""

from pathlib import Path
from typing import Any

import msgspec

from mltool.errors import UserError


def python(folder: Path) -> str:
    """Return the Python that the bundle was made for, as `3.11`; raises UserError where it does not say."""
    return str(_field(folder / "release.json", "python"))


def tolerance(folder: Path) -> float:
    """Return by how much a score may differ; raises UserError where the bundle does not say."""
    try:
        return float(_field(folder / "schema.json", "tolerance"))
    except (TypeError, ValueError) as error:
        raise UserError(f"{folder / 'schema.json'}: `tolerance` is no number.") from error


def _field(path: Path, name: str) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes())[name]
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise UserError(f"{path} has no `{name}`.", "Package the release again.") from error
