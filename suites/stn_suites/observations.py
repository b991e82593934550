"""What a target was seen to do where nothing is prescribed, in a few words."""

import numpy as np

from stn_verify.exploration.examination import Examination
from stn_verify.formats import Array

MOST = 3
"""Ways told of one place: more would not fit a verdict's label."""


class Observations:
    """Collects over examples, and keeps the examination's own notes up to date."""

    def __init__(self, examination: Examination):
        self._told = examination.observed
        self._seen: dict[str, set[str]] = {}

    def note(self, place: str, what: str) -> None:
        """One more sight."""
        seen = self._seen.setdefault(place, set())
        seen.add(what)
        ways = sorted(seen)
        self._told[place] = " or ".join(ways[:MOST]) + (" or other" if len(ways) > MOST else "")


def word(values: Array) -> str:
    """nan, inf, 0 or finite: the least finite of some numbers."""
    if np.isnan(values).any():
        return "nan"
    if np.isinf(values).any():
        return "inf"
    return "finite" if values.any() else "0"
