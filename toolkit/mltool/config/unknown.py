"""Keys that nobody knows, in tables that people write: the mltool.toml, a target's settings, a data contract."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from mltool.errors import did_you_mean


@dataclass(frozen=True)
class Unknown:
    """A key of `table` that is not one of `known`; `name` is the way to it, for example `models.delay.card.ownr`."""

    name: str
    key: str
    table: Mapping[str, Any]
    known: tuple[str, ...]

    @property
    def hint(self) -> str:
        """Return what may have been meant."""
        near = did_you_mean(self.name.rpartition(".")[2], self.known)
        return near or f"Known here: {', '.join(sorted(self.known))}."


def keys(cls: type, table: Mapping[str, Any], prefix: str = "") -> Iterator[Unknown]:
    """Yield every key in `table`, and in the tables inside it, that the dataclass `cls` has no field for."""
    hints = get_type_hints(cls)
    known = tuple(item.name for item in fields(cls))
    for key, value in table.items():
        if key not in known:
            yield Unknown(f"{prefix}{key}", key, table, known)
        elif isinstance(value, dict):
            yield from _inside(hints[key], value, f"{prefix}{key}.")
        elif isinstance(value, list) and is_dataclass(item := next(iter(get_args(hints[key])), None)):
            for place, entry in enumerate(value):
                if isinstance(entry, dict):
                    yield from _inside(item, entry, f"{prefix}{key}[{place}].")


def _inside(hint: Any, table: Mapping[str, Any], prefix: str) -> Iterator[Unknown]:
    if is_dataclass(hint) and isinstance(hint, type):
        yield from keys(hint, table, prefix)
    elif get_origin(hint) is dict:
        for name, value in table.items():
            if isinstance(value, dict):
                yield from _inside(get_args(hint)[1], value, f"{prefix}{name}.")
