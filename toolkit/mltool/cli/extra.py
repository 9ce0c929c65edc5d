"""Modules that need an extra, `measure` above all, or the sentence that says how to get it."""

from importlib import import_module
from types import ModuleType

from mltool.errors import UserError

_BROUGHT = dict.fromkeys(("joblib", "numpy", "pandas", "pyarrow", "scipy", "skops", "sklearn"), "measure")
_BROUGHT |= dict.fromkeys(("google", "tensorflow_metadata"), "tfdv")


def load(module: str, *, doing: str) -> ModuleType:
    """Return the module; raises UserError, beginning with what is being done, where the extra is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        extra = _BROUGHT.get((error.name or "").partition(".")[0])
        if not extra:
            raise
        raise UserError(f"{doing} needs {error.name}.", f"pip install 'mltool-ci[{extra}]'") from error
