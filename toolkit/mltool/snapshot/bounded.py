"""Refuse a document that is too deep, too long or too wide before anything walks through it."""

from typing import Any


def inspect(value: Any, *, depth: int, items: int, text: int) -> None:
    """Raise ValueError where JSON nests more than `depth` levels, or holds a longer list or text."""
    _inspect(value, depth, depth, items, text)


def _inspect(value: Any, left: int, depth: int, items: int, text: int) -> None:
    if left < 0:
        raise ValueError(f"it is nested deeper than {depth} levels")
    if isinstance(value, str) and len(value) > text:
        raise ValueError(f"it has a text of {len(value):,} characters, and at most {text:,} are read")
    if isinstance(value, dict | list) and len(value) > items:
        raise ValueError(f"it has a list of {len(value):,} items, and at most {items:,} are read")
    if isinstance(value, dict):
        for key, item in value.items():
            _inspect(key, left - 1, depth, items, text)
            _inspect(item, left - 1, depth, items, text)
    elif isinstance(value, list):
        for item in value:
            _inspect(item, left - 1, depth, items, text)
