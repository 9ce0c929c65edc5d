"""A program of its own: load a model, predict rows, say what memory that took."""

import json
import sys
from pathlib import Path

from mltool import measure
from mltool.errors import MltoolError
from mltool.testing import subject

RECIPE, ROWS, SAID, USED = "recipe.json", "rows.parquet", "said.parquet", "used.json"


def main(folder: Path) -> str:
    """Read recipe and rows, write predictions and the peak of memory; return what went wrong, or nothing."""
    try:
        with measure.cost() as used:
            model = subject.load(subject.recipe((folder / RECIPE).read_text()))
            said = model.predict(measure.read(folder / ROWS))
    except MltoolError as error:
        return str(error)
    measure.write(folder / SAID, said)
    (folder / USED).write_text(json.dumps({"peak_bytes": used.peak_memory_bytes}))
    return ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])) or None)
