"""What every stage needs: where files are, what params.yaml says, and how to end."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from mltool.errors import MltoolError

MONTHS = Path("data/months")
WEATHER = Path("data/weather.parquet")
SPLIT = Path("data/split")
FEATURES = Path("data/features")
TRANSFORMER = Path("models/transformer.skops")
MODEL = Path("models/model.skops")
PREDICTIONS = Path("eval/predictions.parquet")
COST = Path("eval/cost.json")
SPLIT_FACT = Path("eval/split.json")


def params(section: str) -> dict[str, Any]:
    """Return one section of params.yaml; YAML 1.2, as DVC reads it."""
    return dict(YAML(typ="safe").load(Path("params.yaml"))[section])


def run(main: Callable[[], None]) -> None:
    """Run a stage; what is wrong with its input is one sentence and exit code 2, not a traceback."""
    try:
        main()
    except MltoolError as error:
        print(f"flights: {error}", file=sys.stderr)
        sys.exit(error.code)
