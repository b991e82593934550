"""Bounds that hold all over the cells that a point may read, whatever its exact place in them: for a target's own differences.

They need the extremes of a cell's pixels only, not its weights, and are looser by a small factor than those of the exact place.
"""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import SLOPE, VALUE, Arithmetic
from stn_verify.bounds.scene import Axis, Scene
from stn_verify.formats import Array


@dataclass(frozen=True)
class Vicinity:
    """[C, M] each: over all cells that a point may read, the largest |pixel|, |dV/dx| and |dV/dy|."""

    scene: Scene
    arithmetic: Arithmetic
    largest: Array
    steep_x: Array
    steep_y: Array

    def value_margin(self) -> Array:
        """[C, M]: the error of an output anywhere there."""
        # A point moves by at most one cell, which its uncertainty may grow with.
        near_x = self.scene.x.uncertainty_nearby(self.arithmetic)
        near_y = self.scene.y.uncertainty_nearby(self.arithmetic)
        roundings = VALUE * self.arithmetic.u + self.arithmetic.s
        moved = near_x * self.steep_x + near_y * self.steep_y
        return roundings * self.largest + (1 + roundings) * moved + self.arithmetic.tiny

    def weights_margin(self) -> Array:
        """[C, M]: the error of the image's weighted sum, sum |u| |weight - exact weight|, over the pixels there.

        Up to uncertainties of half a pixel at most three columns and rows take part, and the weights' errors,
        dx hat(y) + dy hat(x) + dx dy, add up to less than 10 (dx + dy). Beyond, four weights of at most 1 each and the output.
        """
        delta = self.scene.x.uncertainty(self.arithmetic) + self.scene.y.uncertainty(self.arithmetic)
        roundings = VALUE * self.arithmetic.u + self.arithmetic.s
        return (np.minimum(10 * delta, 5.0) + roundings) * self.largest + self.arithmetic.tiny

    def slope_margin(self, axis: Axis, size: Array) -> Array:
        """[M]: the error of dL/dx along one axis of the scene, per normalised unit, for |cotangents| [C, M].

        |twist| <= 2 sup|dV/dx|, and the pixels that make up a slope weigh at most 2 sup|pixel|.
        """
        transposed = axis is self.scene.y
        steep, across = (self.steep_y, self.scene.x) if transposed else (self.steep_x, self.scene.y)
        moved = 2 * across.uncertainty(self.arithmetic) * np.einsum("cm,cm->m", size, steep)
        weighed = 2 * np.einsum("cm,cm->m", size, self.largest)
        roundings = (SLOPE + 4.0 * len(size)) * self.arithmetic.u + self.arithmetic.s
        return np.asarray(axis.scale * (moved + roundings * (weighed + moved)) + self.arithmetic.tiny)


def vicinity(scene: Scene, arithmetic: Arithmetic) -> Vicinity:
    """The extremes of every cell that rounding may carry a point to."""
    corners = scene.corners
    largest, steep_x, steep_y = corners.largest, corners.steepest_x, corners.steepest_y
    cells, lost = scene.neighbouring(arithmetic)
    for group in cells:
        other, points = scene.corners_of(group), group.points
        largest[:, points] = np.maximum(largest[:, points], other.largest)
        steep_x[:, points] = np.maximum(steep_x[:, points], other.steepest_x)
        steep_y[:, points] = np.maximum(steep_y[:, points], other.steepest_y)
    if lost.size:
        largest[:, lost] = scene.largest[scene.batch[lost]].T
        steep_x[:, lost], steep_y[:, lost] = (steepest[scene.batch[lost]].T for steepest in scene.steepest)
    return Vicinity(scene, arithmetic, largest, steep_x, steep_y)
