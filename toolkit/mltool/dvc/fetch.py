"""A program of its own, run by the Python that has DVC: one object of a remote into a file, whatever its size."""

import json
import sys
from typing import Any

from dvc.repo import Repo


def fetch(repo: Any, remote: str, digest: str, place: str) -> str:
    """Put the object into the file, and return why it is not there; empty when it is."""
    algorithm, _, value = digest.partition(":")
    try:
        store = repo.cloud.get_remote_odb(remote, hash_name=algorithm)
        store.fs.get_file(store.oid_to_path(value), place)
    except FileNotFoundError:
        return "absent"
    except Exception as error:  # noqa: BLE001 - every kind of remote fails in its own way
        return f"{type(error).__name__}: {error}"
    return ""


def main() -> None:
    """Read the wish from the standard input, write what became of it to the standard output."""
    asked = json.load(sys.stdin)
    json.dump({"problem": fetch(Repo(), asked["remote"], asked["hash"], asked["place"])}, sys.stdout)


if __name__ == "__main__":
    main()
