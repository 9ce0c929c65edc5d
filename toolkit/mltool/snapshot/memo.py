"""Read and parse each distinct file once, however many revisions hold it."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from mltool.snapshot.tree import Tree
from mltool.snapshot.values import Unreadable, parse

Parse = Callable[[str, bytes], Any]


class Memo:
    """What was made of content, by the identity of the content."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Any] = {}

    def once(self, kind: str, identity: str, make: Callable[[], Any]) -> Any:
        """Return what `make` returned the first time; the very same object, so that `is` says equal."""
        key = (kind, identity)
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def load(self, tree: Tree, paths: Iterable[str], *, parser: Parse = parse) -> dict[str, Any]:
        """Return each of `paths` that exists, parsed, or the `Unreadable` that says why not."""
        identities = tree.paths()
        kind = f"{parser.__module__}.{parser.__qualname__}"
        wanted = list(dict.fromkeys(paths))
        unknown = [path for path in wanted if (kind, _key(path, identities.get(path))) not in self._made]
        contents = tree.read(unknown)
        found: dict[str, Any] = {}
        for path in wanted:
            identity = identities.get(path)
            if identity is None and path in contents:
                found[path] = _attempt(parser, path, contents[path])
            elif identity is not None and (path in contents or (kind, _key(path, identity)) in self._made):
                found[path] = self.once(kind, _key(path, identity), partial(_attempt, parser, path, contents.get(path)))
        return found


def _key(path: str, identity: str | None) -> str:
    """Return the identity with the ending that decides how the content is read."""
    return f"{identity}{path[path.rfind('.') :]}" if identity else ""


def _attempt(parser: Parse, path: str, content: bytes | None) -> Any:
    try:
        return parser(path, content or b"")
    except Unreadable as error:
        return error
