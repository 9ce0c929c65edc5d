"""The `[ci]` table of a new `mltool.toml`."""

import json
from dataclasses import fields

from mltool.config import Ci

# Written down even where it is the default, because people look for it.
_ALWAYS = ("package_manager", "python", "default_branch", "tests", "forks", "lock")


def ci_table(ci: Ci) -> str:
    """Return the settings as TOML lines: the usual ones, and every one that is not its default."""
    usual = Ci()
    names = [item.name for item in fields(ci) if getattr(ci, item.name) != getattr(usual, item.name)]
    return "\n".join(f"{name} = {_toml(getattr(ci, name))}" for name in dict.fromkeys((*_ALWAYS, *names)))


def _toml(value: object) -> str:
    """Return a value in TOML, which reads JSON's strings, numbers, booleans and arrays."""
    return json.dumps(value, ensure_ascii=False)
