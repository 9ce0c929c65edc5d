"""What pytest left of the model tests: read where it holds for what is reported on, and only there."""

import msgspec

from mltool import git
from mltool.commands.compare import Comparison
from mltool.errors import UserError
from mltool.gates.model_tests import SCHEMA, ModelTests
from mltool.snapshot import bounded

FILE = "tests.json"
MOST_BYTES, MOST_ITEMS, MOST_TEXT, MOST_DEPTH = 5_000_000, 2_000, 4_000, 8
AGAIN = "`mltool test` runs them."


def read(compared: Comparison) -> tuple[ModelTests | None, str]:
    """Return the last run of the tests where it was of the head as it is, else None and a note that says why not.

    Nothing is said where no tests ran here. Raises UserError as `last` does.
    """
    found = last(compared.project)
    if found is None:
        return None, ""
    if found.commit != compared.head_sha:
        was = f"of {found.commit[:7]}" if found.commit else "before the first commit"
        return None, f"The last run of the model tests here was {was}. {AGAIN}"
    now = git.state(compared.project) if compared.head_is_work_tree else ""
    if now not in found.states:
        return None, f"Files have changed since the last run of the model tests. {AGAIN}"
    return found, ""


def last(project: git.Project) -> ModelTests | None:
    """Return the last run that was recorded in this checkout, None where there is none.

    Anybody's code may have written the file, so it is read as hostile: raises UserError for what is no record.
    """
    place = git.private(project, FILE)
    try:
        content = place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"The record of the model tests cannot be read: {error.strerror}.", AGAIN) from error
    if len(content) > MOST_BYTES:
        said = f"The record of the model tests has {len(content):,} bytes, and at most {MOST_BYTES:,} are read."
        raise UserError(said, AGAIN)
    try:
        document = msgspec.json.decode(content)
        bounded.inspect(document, depth=MOST_DEPTH, items=MOST_ITEMS, text=MOST_TEXT)
        return msgspec.convert(document, ModelTests)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UserError(f"The record of the model tests is not one of {SCHEMA}: {error}.", AGAIN) from error
