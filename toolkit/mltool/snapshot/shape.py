"""Whether a parsed `dvc.yaml`, `dvc.lock` or `.dvc` file has the shape that the rest of this room relies on."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mltool.snapshot.values import Unreadable

Check = Callable[[Mapping[str, Any]], None]
SECTIONS = ("deps", "params", "outs", "metrics", "plots")


def pipeline(document: Mapping[str, Any]) -> None:
    """Raise Unreadable where a `dvc.yaml`, with or without templates, has a wrong shape."""
    for name, entry in _mapping(document, "stages").items():
        inner = entry.get("do", entry) if isinstance(entry, dict) else entry
        if not isinstance(inner, dict):
            raise Unreadable(f"declares stage `{name}`, which is no mapping")
        if not inner.get("cmd"):
            raise Unreadable(f"declares stage `{name}` without a `cmd`")
        for section in SECTIONS:
            _list(inner, section, f"declares stage `{name}` with `{section}` that is no list")
        if not isinstance(inner.get("wdir") or "", str):
            raise Unreadable(f"declares stage `{name}` with a `wdir` that is no text")
    for section in ("metrics", "params", "vars"):
        _list(document, section, f"has `{section}` that is no list")
    for name, entry in _mapping(document, "artifacts").items():
        if not isinstance(entry or {}, dict):
            raise Unreadable(f"declares artifact `{name}`, which is no mapping")


def lock(document: Mapping[str, Any]) -> None:
    """Raise Unreadable where a `dvc.lock` has a wrong shape."""
    for name, entry in locked_stages(document).items():
        if not isinstance(entry, dict):
            raise Unreadable(f"has an entry for stage `{name}` that is no mapping")
        for section in ("deps", "outs"):
            _tables(entry.get(section), f"{name}: {section}")
        params = _mapping(entry, "params")
        if not all(isinstance(values or {}, dict) for values in params.values()):
            raise Unreadable(f"has `params` of stage `{name}` that are no mapping")


def data(document: Mapping[str, Any]) -> None:
    """Raise Unreadable where a `.dvc` file has a wrong shape."""
    _tables(document.get("outs"), "outs")
    if not isinstance(document.get("wdir") or "", str):
        raise Unreadable("has a `wdir` that is no text")


def locked_stages(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the stages in a `dvc.lock`; before DVC 2 they were at its top."""
    return _mapping(document, "stages") if {"schema", "stages"} & document.keys() else document


def _mapping(table: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = table.get(section) or {}
    if not isinstance(found, dict):
        raise Unreadable(f"has `{section}` that is no mapping")
    return found


def _list(table: Mapping[str, Any], section: str, reason: str) -> None:
    found: Any = table.get(section) or []
    if not isinstance(found, list) or not all(isinstance(item, str | dict | int | float) for item in found):
        raise Unreadable(reason)


def _tables(found: Any, where: str) -> None:
    items: Iterable[Any] = found or []
    if not isinstance(items, list):
        raise Unreadable(f"has `{where}` that is no list")
    if not all(isinstance(item, dict) and isinstance(item.get("path"), str) for item in items):
        raise Unreadable(f"has an entry in `{where}` that is no mapping with a path")
    for item in items:
        inner: Any = item.get("files") or []
        if not isinstance(inner, list) or not all(isinstance(file, dict) and isinstance(file.get("relpath"), str)
                                                  for file in inner):  # fmt: skip
            raise Unreadable(f"has an entry in `{where}` with `files` that are no list of files")
