"""Pinned actions and images: a version for people beside the commit that runs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# What may stand at each place of a pin's format.
_PARTS = {"name": r"[\w.-]+(?:/[\w.-]+)*", "commit": "[0-9a-f]{40,64}", "version": r"\d[\w.]*"}


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One action or image at one version."""

    name: str
    version: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a CI system writes a pin, for example `{name}@{commit} # v{version}`; empty: it pins nothing."""

    format: str

    def text(self, pin: Pin) -> str:
        """Return the pin as it stands in a file."""
        return self.format.format(name=pin.name, commit=pin.commit, version=pin.version)

    def find(self, text: str) -> Iterator[Pin]:
        """Yield every pin in `text`."""
        for match in self._pattern().finditer(text) if self.format else ():
            yield Pin(name=match["name"], version=match["version"], commit=match["commit"])

    def replace(self, text: str, pins: Mapping[str, Pin]) -> str:
        """Return `text` with the pins of these names put in the place of what it has."""
        if not self.format:
            return text
        return self._pattern().sub(
            lambda match: self.text(pins[match["name"]]) if match["name"] in pins else match[0], text
        )

    def mask(self, text: str) -> str:
        """Return `text` with every pin reduced to its name, so that a bot's update is no difference."""
        return self._pattern().sub(lambda match: match["name"], text) if self.format else text

    def _pattern(self) -> re.Pattern[str]:
        pieces = re.split(r"\{(name|commit|version)\}", self.format)
        return re.compile(
            "".join(f"(?P<{piece}>{_PARTS[piece]})" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
        )


def keep_newer(rendered: str, current: str, *, style: Style) -> str:
    """Return `rendered` with those pins of `current` that have a higher version.

    The same version at another commit is not newer: it is a pin that somebody changed, and ours replaces it.
    """
    ours = {pin.name: pin for pin in style.find(rendered)}
    newer: dict[str, Pin] = {}
    for pin in style.find(current):
        best = newer.get(pin.name) or ours.get(pin.name)
        if best and _order(pin.version) > _order(best.version):
            newer[pin.name] = pin
    return style.replace(rendered, newer)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
