"""Let DVC fill in the templates of `dvc.yaml`: one process for all revisions, nothing but copies in a folder."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from mltool import shell
from mltool.dvc.program import missing, python
from mltool.errors import UserError
from mltool.snapshot.edges import Resolved, Template

SCRIPT = Path(__file__).with_name("fill_in.py")


def resolve(templates: Iterable[Template], *, parsing: Mapping[str, str] | None = None) -> Mapping[str, Resolved]:
    """Return each template by its key, as DVC's own resolver fills it in; `parsing` is that section of DVC's config.

    Raises UserError where DVC is not installed or does not start.
    """
    distinct = {template.key: template for template in templates}
    if not distinct:
        return {}
    interpreter = python()
    if interpreter is None:
        raise missing("read a dvc.yaml with templates")
    with tempfile.TemporaryDirectory(prefix="mltool-") as folder:
        for number, template in enumerate(distinct.values()):
            _copy(template, Path(folder) / str(number))
        jobs = [{"folder": str(i), "file": template.file} for i, template in enumerate(distinct.values())]
        stdin = json.dumps({"jobs": jobs, "parsing": dict(parsing or {})}).encode()
        result = shell.run(
            (interpreter, "-c", SCRIPT.read_text()), cwd=Path(folder), stdin=stdin, environ=dict(os.environ)
        )
    if result.code:
        last = result.err.strip().splitlines()[-1:] or ["no reason given"]
        raise UserError(f"DVC could not be loaded to read a dvc.yaml with templates: {last[0]}.", "Run `dvc doctor`.")
    answers = json.loads(result.out)
    return {key: Resolved(**answer) for key, answer in zip(distinct, answers, strict=True)}


def _copy(template: Template, folder: Path) -> None:
    for path, content in template.files:
        place = folder / path
        if place.resolve().is_relative_to(folder.resolve()):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
