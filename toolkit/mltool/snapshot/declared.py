"""What a `dvc.yaml` names besides stages: metrics, params, plots and artifacts."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mltool.snapshot import lookup
from mltool.snapshot.model import Artifact, Output, Plot
from mltool.snapshot.paths import join
from mltool.snapshot.stages import KINDS


def listed(file: str, document: Mapping[str, Any], section: str) -> tuple[str, ...]:
    """Return the files in a top-level list of paths (`metrics`, `params`)."""
    folder = posixpath.dirname(file)
    return tuple(join(folder, str(path)) for path in _items(document.get(section)))


def plots(file: str, document: Mapping[str, Any]) -> Iterator[Plot]:
    """Yield the plots at the top level, then those of stages."""
    folder = posixpath.dirname(file)
    for item in _items(document.get("plots")):
        for name, props in item.items() if isinstance(item, dict) else ((item, {}),):
            yield from _top_level(folder, str(name), props if isinstance(props, dict) else {})
    for entry in (document.get("stages") or {}).values():
        where = join(folder, entry.get("wdir") or ".")
        for item in _items(entry.get(KINDS[2][0])):
            for path, props in item.items() if isinstance(item, dict) else ((item, {}),):
                for one in props if isinstance(props, list) else (props,):
                    yield _plot(join(where, str(path)), one if isinstance(one, dict) else {})


def artifacts(file: str, document: Mapping[str, Any], outs: Mapping[str, Output]) -> Iterator[Artifact]:
    """Yield the artifacts, each with the hash of the output that holds it."""
    folder = posixpath.dirname(file)
    for name, entry in (document.get("artifacts") or {}).items():
        path = join(folder, str((entry or {}).get("path", "")))
        where = lookup.place(path, outs)
        yield Artifact(
            name=f"{folder}:{name}" if folder else str(name),
            path=path,
            type=str((entry or {}).get("type") or ""),
            hash=where.out.hash if where else "",
        )


def _top_level(folder: str, name: str, props: Mapping[str, Any]) -> Iterator[Plot]:
    """Yield one plot a file: `y` may be a column, columns, or a mapping of files to columns."""
    y, x = props.get("y"), props.get("x")
    if not isinstance(y, dict):
        yield _plot(join(folder, name), props)
        return
    for path, columns in y.items():
        column = x.get(path, next(iter(x.values()), "")) if isinstance(x, dict) else x
        yield _plot(join(folder, str(path)), {"title": name, **props, "x": column, "y": columns})


def _plot(path: str, props: Mapping[str, Any]) -> Plot:
    y, x = props.get("y"), props.get("x")
    return Plot(
        path=path,
        x=str(x) if isinstance(x, str) else "",
        y=tuple(map(str, y)) if isinstance(y, list) else (str(y),) if y and not isinstance(y, dict) else (),
        template=str(props.get("template") or ""),
        title=str(props.get("title") or ""),
    )


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
