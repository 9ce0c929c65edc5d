"""What a step tells the jobs after it: lines for the file GITHUB_OUTPUT.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-output-parameter
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mltool.errors import UserError

# A value with a line break would be read as further outputs, and some end in a command line or an address.
_HARMLESS: Final = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.+=/@-]*)?")


def append(environ: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Hand the outputs to the jobs after this one; raises UserError as `lines` does."""
    made = lines(values)
    if path := environ.get("GITHUB_OUTPUT"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(made)


def lines(values: Mapping[str, str]) -> str:
    """Return the outputs as lines; raises UserError for a value with anything but letters, digits and `_.+=/@-`."""
    for name, value in values.items():
        if not _HARMLESS.fullmatch(value):
            raise UserError(
                f"The {name} is {value[:80]!r}, which no workflow can carry safely.",
                "Use letters, digits and `_.+=/@-` in names of models and environments.",
            )
    return "".join(f"{name}={value}\n" for name, value in values.items())
