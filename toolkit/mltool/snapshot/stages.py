"""Stages: what `dvc.yaml` declares, with the hashes and values that `dvc.lock` recorded."""

import json
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from mltool.snapshot import hashes, values
from mltool.snapshot.model import Dependency, Leaf, Output, Stage
from mltool.snapshot.paths import join
from mltool.snapshot.shape import locked_stages

PARAMS = "params.yaml"
OTHERS = ("etag", "checksum", "version_id", "dataset", "cloud", "files")

Kind = Literal["data", "metric", "plot"]
KINDS: tuple[tuple[str, Kind], ...] = (("outs", "data"), ("metrics", "metric"), ("plots", "plot"))


def build(file: str, document: Mapping[str, Any], lock: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Return the stages of one `dvc.yaml`, whose templates are filled in; both documents have the right shape."""
    locked = locked_stages(lock)
    declared = document.get("stages") or {}
    return tuple(_stage(file, str(name), entry, locked.get(name) or {}) for name, entry in declared.items())


def outputs(file: str, document: Mapping[str, Any]) -> tuple[Output, ...]:
    """Return what a `.dvc` file tracks."""
    folder = join(posixpath.dirname(file), document.get("wdir") or ".")
    return tuple(
        _output(
            folder, str(entry.get("path", "")), _kind(entry), cached=entry.get("cache", True) is not False, info=entry
        )
        for entry in document.get("outs") or ()
    )


def hash_of(info: Mapping[str, Any]) -> str:
    """Return DVC's hash with its algorithm. DVC 2 named none: its md5 is of text with Unix line ends."""
    files = info.get("files") or ()
    if files and all(file.get("md5") for file in files):  # a remote that keeps versions: no hash of the folder itself
        return f"md5:{hashes.listing((file['relpath'], file['md5']) for file in files)}"
    if info.get("md5"):
        return f"{info.get('hash') or 'md5-dos2unix'}:{info['md5']}"
    # DVC 3 writes `hash: md5` also beside what is none.
    for name in OTHERS:
        if found := info.get(name):
            return f"{name}:{found if isinstance(found, str) else json.dumps(found, sort_keys=True, default=str)}"
    return ""


def _stage(file: str, name: str, entry: Mapping[str, Any], lock: Mapping[str, Any]) -> Stage:
    folder = join(posixpath.dirname(file), entry.get("wdir") or ".")
    ran = {where: {info.get("path"): info for info in lock.get(where) or ()} for where in ("deps", "outs")}
    tracked = dict(_tracked(entry.get("params") or ()))
    return Stage(
        file=file,
        name=name,
        cmd=_command(entry["cmd"]),
        ran_cmd=_command(lock.get("cmd") or ""),
        deps=tuple(
            Dependency(path=join(folder, path), hash=hash_of(info), files=info.get("nfiles"))
            for path in map(str, entry.get("deps") or ())
            for info in (ran["deps"].get(path, {}),)
        ),
        outs=tuple(_outs(folder, entry, ran["outs"])),
        params={join(folder, path): _ran_params(lock, path, keys) for path, keys in tracked.items()} if lock else {},
        tracked={join(folder, path): keys for path, keys in tracked.items()},
        frozen=bool(entry.get("frozen")),
        locked=bool(lock),
    )


def _outs(folder: str, entry: Mapping[str, Any], ran: Mapping[Any, Mapping[str, Any]]) -> Iterator[Output]:
    for section, kind in KINDS:
        for item in entry.get(section) or ():
            for path, flags in item.items() if isinstance(item, dict) else ((str(item), {}),):
                first = flags[0] if isinstance(flags, list) and flags else flags
                cached = first.get("cache", True) is not False if isinstance(first, dict) else True
                yield _output(folder, str(path), kind, cached=cached, info=ran.get(path, {}))


def _output(folder: str, path: str, kind: Kind, *, cached: bool, info: Mapping[str, Any]) -> Output:
    inner = info.get("files") or ()
    sizes = [file.get("size") for file in inner]
    return Output(
        path=join(folder, path),
        hash=hash_of(info),
        size=sum(sizes) if inner and None not in sizes else info.get("size"),
        files=len(inner) or info.get("nfiles"),
        kind=kind,
        cached=cached,
    )


def _kind(entry: Mapping[str, Any]) -> Kind:
    return "metric" if entry.get("metric") else "plot" if entry.get("plot") else "data"


def _tracked(declared: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return each params file with its keys; a file named anywhere without keys is tracked whole."""
    found: dict[str, list[str]] = {}
    whole: set[str] = set()
    for item in declared:
        for path, keys in item.items() if isinstance(item, dict) else ((PARAMS, [str(item)]),):
            found.setdefault(path, []).extend(map(str, keys or ()))
            whole.update(() if keys else (path,))
    for path, keys in found.items():
        yield path, () if path in whole else tuple(dict.fromkeys(keys))


def _ran_params(lock: Mapping[str, Any], path: str, keys: tuple[str, ...]) -> Mapping[str, Leaf]:
    recorded = lock.get("params") or {}
    # DVC writes `./params.yaml` as `params.yaml` here, and nowhere else.
    ran = recorded.get(path) or recorded.get(posixpath.normpath(path)) or {}
    return values.param_leaves({key: value for key, value in ran.items() if not keys or key in keys})


def _command(cmd: Any) -> str:
    return "\n".join(map(str, cmd)) if isinstance(cmd, list) else str(cmd)
