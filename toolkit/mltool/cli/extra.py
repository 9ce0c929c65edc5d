"""Modules that need the extra `measure`, or the sentence that says how to get it."""

from importlib import import_module
from types import ModuleType

from mltool.errors import UserError

_BROUGHT = {"joblib", "numpy", "pandas", "pyarrow", "scipy", "skops", "sklearn"}


def load(module: str, *, doing: str) -> ModuleType:
    """Return the module; raises UserError, beginning with what is being done, where the extra is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _BROUGHT:
            raise
        raise UserError(f"{doing} needs {error.name}.", "pip install 'mltool-ci[measure]'") from error
