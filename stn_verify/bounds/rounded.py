"""Arithmetic of numbers that are not known exactly, each operation of which rounds once, or as often as its forms may.

Radii are bounds, not estimates: what an operation does to both radii is worked out without leaving out their products.
"""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.uncertain import Uncertain
from stn_verify.formats import Array


@dataclass(frozen=True)
class Rounding:
    """Of an arithmetic with unit roundoff `u`."""

    u: float

    def sum(self, first: Uncertain, *rest: Uncertain) -> Uncertain:
        """Terms in any order: n u sum|term| (bounds/arithmetic.py)."""
        terms = (first, *rest)
        value, largest, radius = first.value, first.largest, first.radius
        with np.errstate(invalid="ignore", over="ignore"):
            for term in rest:
                value, largest, radius = value + term.value, largest + term.largest, radius + term.radius
            return Uncertain(value, _unbounded(radius + len(terms) * self.u * largest))

    def product(self, a: Uncertain, b: Uncertain) -> Uncertain:
        """One rounding."""
        with np.errstate(invalid="ignore", over="ignore"):
            radius = np.abs(a.value) * b.radius + np.abs(b.value) * a.radius + a.radius * b.radius
            radius = radius + self.u * a.largest * b.largest
        return Uncertain(a.value * b.value, _unbounded(radius))

    def quotient(self, a: Uncertain, b: Uncertain) -> Uncertain:
        """One rounding, or two where the reciprocal is multiplied by; anything where the divisor may be 0.

        (a + da) / (b + db) - a / b = (da - db a / b) / (b + db).
        """
        least = np.abs(b.value) - b.radius
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = a.value / b.value
            radius = (a.radius + np.abs(value) * b.radius) / least
            radius = radius + 2 * self.u * (np.abs(value) + radius)
        return Uncertain(value, _unbounded(np.where(least > 0, radius, np.inf)))


def _unbounded(radius: Array) -> Array:
    """Infinite times zero is no bound either."""
    return np.where(np.isnan(radius), np.inf, radius)
