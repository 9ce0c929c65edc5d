"""Objects as YAML that people read and Git compares: keys in the order given, the same bytes each time."""

import io
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML


def dumps(documents: Sequence[Any]) -> str:
    """Return the documents as one YAML stream, without anchors."""
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda *_: True
    out = io.StringIO()
    yaml.dump_all(documents, out)
    return out.getvalue()
