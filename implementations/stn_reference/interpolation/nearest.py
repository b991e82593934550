"""The nearest pixel: a box of width one, whose slope is zero and whose jumps, at half-integers, have none."""

from dataclasses import dataclass

import numpy as np

from stn_reference.arguments import Array
from stn_reference.interpolation.kernel import Tap

TIES = ("even", "up", "down", "away")
"""The pixel half-way between two: the even one (torch, ONNX Runtime, OpenCV: nearbyint), the right one
(JAX, SciPy: floor(x + 1/2)), the left one (ceil(x - 1/2)), or the one farther from 0 (C's round)."""


@dataclass(frozen=True)
class Nearest:
    """The box.

    Attributes:
        ties: one of TIES.
    """

    ties: str = "even"

    def cell(self, x: Array) -> Array:
        """The nearest integer; exact, whereas x + 1/2 may be rounded onto another."""
        nearest = np.asarray(np.rint(x))
        if self.ties == "even":
            return nearest
        excess = x - nearest
        up, down = excess == 0.5, excess == -0.5
        if self.ties == "up":
            return np.asarray(nearest + up)
        if self.ties == "down":
            return np.asarray(nearest - down)
        return np.asarray(nearest + (up & (x > 0)) - (down & (x < 0)))

    def weights(self, x: Array, cell: Array) -> tuple[Tap, ...]:
        """The whole of one pixel."""
        return (Tap(0, 1.0),)

    def slopes(self, x: Array, cell: Array) -> tuple[Tap, ...]:
        """None."""
        return ()
