"""Where a target's code is."""

from dataclasses import dataclass
from types import MappingProxyType

INLINE = MappingProxyType({"torch": "torch", "reference": "numpy"})
"""Targets whose calls are written out, and their frameworks."""


@dataclass(frozen=True)
class Place:
    """A built-in name, a module or a file, and what in it."""

    kind: str
    """inline, built-in, file or module."""
    place: str
    attribute: str

    @classmethod
    def of(cls, target: str) -> "Place":
        """Read a target as `contract.loading.load` does."""
        place, _, attribute = target.rpartition(":")
        if not place:
            place, attribute = target, ""
        if place.endswith(".py"):
            return cls("file", place, attribute)
        if attribute:
            return cls("module", place, attribute)
        return cls("inline" if target in INLINE else "built-in", target, "")
