"""A program of its own, run by the Python that has DVC: templates in, plain `dvc.yaml` documents out, as JSON."""

import json
import os
import posixpath
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dvc.exceptions import DvcException
from dvc.fs import localfs
from dvc.parsing import DataResolver
from dvc.utils.serialize import load_yaml

TOP = ("artifacts", "metrics", "params", "plots")


def fill_in(file: str, parsing: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its templates filled in, and the values of `vars` files that its stages used."""
    project = SimpleNamespace(fs=localfs, config={"parsing": parsing})
    resolver = DataResolver(project, posixpath.dirname(file), load_yaml(file))
    document: dict[str, Any] = {"stages": {}}
    for name in resolver.get_keys():
        document["stages"].update(resolver.resolve_one(name))
    for section in TOP:
        document[section] = getattr(resolver, f"resolve_{section}")()
    used: dict[str, dict[str, Any]] = {}
    for files in resolver.tracked_vars.values():
        for path, values in files.items():
            used.setdefault(str(path), {}).update(values)
    return {"document": document, "used": used}


def main() -> None:
    """Read jobs from the standard input, write answers to the standard output."""
    asked = json.load(sys.stdin)
    start = Path.cwd()
    answers = []
    for job in asked["jobs"]:
        os.chdir(start / job["folder"])
        try:
            answers.append(fill_in(job["file"], asked["parsing"]))
        except DvcException as error:
            answers.append({"problem": " ".join(str(error).split())})
        except (AttributeError, KeyError, TypeError, ValueError, AssertionError) as error:
            answers.append({"problem": f"{type(error).__name__}: {error}"})
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main()
