"""The bilinear kernel, trilinear in a volume (Jaderberg et al. 2015, equation 5): the hat max(0, 1 - |x - m|)."""

from dataclasses import dataclass

import numpy as np

from stn_reference.arguments import Array
from stn_reference.interpolation.kernel import Tap, distances

SUBGRADIENTS = ("right", "left", "zero", "mean")
"""The derivative at an integer coordinate: of the cell right of it (neighbours floor and floor + 1), of the
cell left of it, zero (floor and ceil coincide there), or the mean of the two one-sided derivatives."""


@dataclass(frozen=True)
class Linear:
    """The hat, whose slope jumps at the integers.

    Attributes:
        subgradient: one of SUBGRADIENTS.
    """

    subgradient: str = "right"

    def cell(self, x: Array) -> Array:
        """The integer at or left of x."""
        return np.asarray(np.floor(x))

    def weights(self, x: Array, cell: Array) -> tuple[Tap, ...]:
        """max(0, 1 - |x - m|) at m = cell and cell + 1."""
        left, right = distances(x, cell)
        return Tap(0, right), Tap(1, left)

    def slopes(self, x: Array, cell: Array) -> tuple[Tap, ...]:
        """Equation 7: +1 at the right neighbour, -1 at the left one."""
        if self.subgradient == "right":
            return Tap(0, -1.0), Tap(1, 1.0)
        on_kink = x == cell
        left = np.where(on_kink, -1, 0)
        if self.subgradient == "left":
            return Tap(left, -1.0), Tap(left + 1, 1.0)
        if self.subgradient == "zero":
            # floor and ceil: one pixel, minus itself.
            return Tap(0, -1.0), Tap(np.where(on_kink, 0, 1), 1.0)
        # (U[m+1] - U[m] + U[m] - U[m-1]) / 2 at m.
        slope = np.where(on_kink, 0.5, 1.0)
        return Tap(left, -slope), Tap(1, slope)
