"""A skops file in its canonical form: the same model is the same bytes, in whichever process and at whatever time.

skops names what it stores by memory address, stamps the time on each entry of its ZIP archive, and writes a set in the
order of its hashes. Here addresses become small numbers, arrays are named by their content, sets are sorted, and the
archive has one date and no compression, so that no version of zlib decides the bytes. `skops.io.load` reads it as it
reads its own.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

SCHEMA = "schema.json"
# The vectorizers of scikit-learn keep the address of their stop words, to check them once only.
_ADDRESS = "_stop_words_id"
# Whether two equal values of these kinds are one object or two is chance, such as the interning of strings.
_VALUES = frozenset({"JsonNode", "TypeNode", "FunctionNode", "DTypeNode", "TupleNode", "BytesNode", "SliceNode"})


def canonical(data: bytes) -> bytes:
    """Return the skops file `data` in its canonical form; what is canonical already stays as it is."""
    with ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read(SCHEMA))
        stored = {name: _content(archive.read(name)) for name in archive.namelist() if name != SCHEMA}
    names = {name: _name(name, content) for name, content in stored.items()}
    schema = _Numbers().renumbered(_without_chance(_renamed(schema, names)))
    entries = {names[name]: content for name, content in stored.items()}
    text = json.dumps(schema, separators=(",", ":"), ensure_ascii=False)
    return stored_zip({SCHEMA: text.encode(), **dict(sorted(entries.items()))})


def stored_zip(entries: Mapping[str, bytes]) -> bytes:
    """Return a ZIP archive of the entries in their order, uncompressed and without a clock or a machine in it."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name, content in entries.items():
            entry = ZipInfo(name)  # 1 January 1980
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


class _Numbers:
    """Hands out numbers from 1 (skops takes 0 for none) in the order of first sight.

    What is one object in the model stays one, but for arrays: whether two views of the same numbers are one object
    changes as a model is written and read, so each gets a number of its own.
    """

    def __init__(self) -> None:
        self._by_identity: dict[Any, int] = {}

    def renumbered(self, part: Any) -> Any:
        """Return the tree with a number for every `__id__`; equal values share one."""
        if isinstance(part, list):
            return [self.renumbered(item) for item in part]
        if not isinstance(part, dict):
            return part
        found = {key: self.renumbered(value) for key, value in part.items() if not _is_id(part, key)}
        if not _is_id(part, "__id__"):
            return found
        following = len(self._by_identity) + 1
        return {**found, "__id__": self._by_identity.setdefault(_identity(part, following), following)}


def _is_id(part: Mapping[str, Any], key: str) -> bool:
    # A dictionary of the model's own may have a key of this name: its value is then a node, no number.
    return key == "__id__" and isinstance(part.get(key), int)


def _identity(node: Mapping[str, Any], following: int) -> Any:
    if _is_value(node):
        return _text(node)
    return ("array", following) if node["__loader__"] == "NdArrayNode" else node["__id__"]


def _is_value(node: Mapping[str, Any]) -> bool:
    scalar = node["__loader__"] == "NdArrayNode" and node["__class__"] != "ndarray"
    if not scalar and node["__loader__"] not in _VALUES:
        return False
    return node["__loader__"] != "TupleNode" or all(_is_value(child) for child in node["content"])


def _text(part: Any) -> str:
    """Return the node as JSON without its numbers."""
    return json.dumps(_without_ids(part))


def _without_ids(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_ids(item) for item in part]
    if isinstance(part, dict):
        return {key: _without_ids(value) for key, value in part.items() if not _is_id(part, key)}
    return part


def _without_chance(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_chance(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: _without_chance(value) for key, value in part.items()}
    if isinstance(address := found.get(_ADDRESS), dict) and address.get("__loader__") == "JsonNode":
        found[_ADDRESS] = {**address, "content": "0"}
    if found.get("__loader__") == "SetNode":
        found["content"] = sorted(found["content"], key=_text)
    return found


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    if isinstance(part, list):
        return [_renamed(item, names) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: _renamed(value, names) for key, value in part.items()}
    if isinstance(part.get("file"), str) and "__loader__" in part:
        found["file"] = names[part["file"]]
    return found


def _name(name: str, content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32] + name[name.rindex(".") :]


def _content(data: bytes) -> bytes:
    """Return an array's file without what is not the array's: padding between fields, compression of sparse parts."""
    if data[:4] == b"PK\x03\x04":  # a sparse matrix is an archive of arrays
        with ZipFile(io.BytesIO(data)) as archive:
            return stored_zip({name: archive.read(name) for name in sorted(archive.namelist())})
    if data[:6] == b"\x93NUMPY":
        return _without_padding(data)
    return data


def _without_padding(data: bytes) -> bytes:
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if not array.dtype.names:
        return data
    clean = np.zeros(array.shape, array.dtype)
    for field in array.dtype.names:
        clean[field] = array[field]
    buffer = io.BytesIO()
    np.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()
