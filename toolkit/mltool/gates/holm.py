"""Many looks at one model: how strict each must be so that all together are wrong as seldom as one."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def adjusted(p: Mapping[Name, float]) -> dict[Name, float]:
    """Return each p-value as Holm 1979 (Scandinavian Journal of Statistics 6, 65-70) adjusts it: what is below α then
    is below it however many are asked.
    """
    found: dict[Name, float] = {}
    largest = 0.0
    for rank, (name, value) in enumerate(sorted(p.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, value * (len(p) - rank)))
        found[name] = largest
    return found
