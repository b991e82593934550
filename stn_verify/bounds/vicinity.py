"""Bounds that hold all over the cells that a point may read, whatever its exact place in them: for a target's own differences.

They need the extremes of a cell's pixels only, not its weights, and are looser by a small factor than those of the exact place.
"""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic, slope_roundings, value_roundings
from stn_verify.bounds.scene import Scene
from stn_verify.formats import Array


@dataclass(frozen=True)
class Vicinity:
    """[C, M] each: over all cells that a point may read, the largest |pixel|, |dV/dx|, |dV/dy|, ..."""

    scene: Scene
    arithmetic: Arithmetic
    largest: Array
    steep: tuple[Array, ...]

    def value_margin(self) -> Array:
        """[C, M]: the error of an output anywhere there."""
        moved = np.zeros_like(self.largest)
        for axis, steep in zip(self.scene.axes, self.steep, strict=True):
            # A point moves by at most one cell, which its uncertainty may grow with.
            moved += axis.uncertainty_nearby(self.arithmetic) * steep
        roundings = self._roundings()
        return roundings * self.largest + (1 + roundings) * moved + self.arithmetic.tiny

    def weights_margin(self) -> Array:
        """[C, M]: the error of the image's weighted sum, sum |u| |weight - exact weight|, over the pixels there.

        Up to uncertainties d of half a pixel at most three pixels along each axis take part, and the weights' errors add up to
        at most prod(1 + 3 d) - 1, which is less than 10 (dx + dy), or 10 (dx + dy + dz). Beyond, 2^D weights of at most 1 each
        and the output.
        """
        delta = np.sum([axis.uncertainty(self.arithmetic) for axis in self.scene.axes], axis=0)
        most = 2.0 ** len(self.scene.axes) + 1
        weights = np.minimum(2 * most * delta, most) + self._roundings()
        return np.asarray(weights * self.largest + self.arithmetic.tiny)

    def slope_margin(self, number: int, size: Array) -> Array:
        """[M]: the error of dL/dx along one axis of the scene, per normalised unit, for |cotangents| [C, M].

        |twist| <= 2 sup|dV/dx|, and the pixels that make up a slope weigh at most 2 sup|pixel|.
        """
        across = np.sum([axis.uncertainty(self.arithmetic) for _, axis in self.scene.across(number)], axis=0)
        moved = 2 * across * np.einsum("cm,cm->m", size, self.steep[number])
        weighed = 2 * np.einsum("cm,cm->m", size, self.largest)
        roundings = slope_roundings(len(self.steep), len(size)) * self.arithmetic.u + self.arithmetic.s
        scale = self.scene.axes[number].scale
        return np.asarray(scale * (moved + roundings * (weighed + moved)) + self.arithmetic.tiny)

    def _roundings(self) -> float:
        return value_roundings(len(self.steep)) * self.arithmetic.u + self.arithmetic.s


def vicinity(scene: Scene, arithmetic: Arithmetic) -> Vicinity:
    """The extremes of every cell that rounding may carry a point to."""
    corners = scene.corners
    largest = corners.largest
    steep = tuple(corners.steepest(number) for number in range(len(scene.axes)))
    cells, lost = scene.neighbouring(arithmetic)
    for group in cells:
        other, points = scene.corners_of(group), group.points
        largest[:, points] = np.maximum(largest[:, points], other.largest)
        for number, steepest in enumerate(steep):
            steepest[:, points] = np.maximum(steepest[:, points], other.steepest(number))
    if lost.size:
        largest[:, lost] = scene.largest[scene.batch[lost]].T
        for steepest, anywhere in zip(steep, scene.steepest, strict=True):
            steepest[:, lost] = anywhere[scene.batch[lost]].T
    return Vicinity(scene, arithmetic, largest, steep)
