"""Where to move sample points along one axis so that each stays inside one cell of its piecewise polynomial.

Inside a cell a bilinear sampler is of degree 1 along an axis, so two points give the slope without truncation error, however far
apart. They are put near the cell's two ends, at random distances, so that crosstalk between points cannot cancel.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.scene import Axis
from stn_verify.formats import Array

MARGIN = 4.0
"""A moved point keeps this many coordinate uncertainties from the ends of its cell."""

NARROWEST = 0.1
"""Above this uncertainty, in pixels, no point of a cell is safely inside it and the slope says nothing."""


@dataclass(frozen=True)
class Stencil:
    """Two moved coordinates per point, in pixels, [M] each.

    At a kink `high` lies in the right cell and `low` in the left one, elsewhere both lie in the point's own cell.
    """

    low: Array
    high: Array
    kink: npt.NDArray[np.bool_]
    usable: npt.NDArray[np.bool_]

    def usable_under(self, axis: Axis, arithmetic: Arithmetic) -> npt.NDArray[np.bool_]:
        """Points whose slope says something under an arithmetic that may be coarser than the planned one.

        A point that only the coarser one carries over a kink was planned as if it stayed in its cell.
        """
        delta = axis.uncertainty(arithmetic)
        stays = [_distance(position) > delta for position in (axis.position, self.low, self.high)]
        return self.usable & (self.kink | stays[0]) & stays[1] & stays[2]


def _distance(position: Array) -> Array:
    """To the nearest kink: an integer."""
    return np.abs(position - np.rint(position))


def stencil(axis: Axis, arithmetic: Arithmetic, random: np.random.Generator) -> Stencil:
    """The stencil of every point along one axis."""
    delta = axis.uncertainty(arithmetic)
    nearest = np.rint(axis.position)
    # A point is at a kink when its uncertainty reaches one: right implementations land on either side.
    kink = np.abs(axis.position - nearest) <= delta
    margin = np.minimum(MARGIN * delta, 0.45)
    near_end = random.uniform(0.02, 0.25, size=delta.shape)
    far_end = random.uniform(0.75, 0.98, size=delta.shape)
    near_end, far_end = np.maximum(near_end, margin), np.minimum(far_end, 1 - margin)
    low = np.where(kink, nearest - far_end, axis.cell + near_end)
    high = np.where(kink, nearest + far_end, axis.cell + far_end)
    # Which of the two goes first is random too: neighbours then move in different directions.
    swap = (random.random(delta.shape) < 0.5) & ~kink
    low, high = np.where(swap, high, low), np.where(swap, low, high)
    return Stencil(low, high, kink, delta < NARROWEST)
