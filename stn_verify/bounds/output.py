"""What the output of a sampler may be."""

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic, value_roundings
from stn_verify.bounds.corners import interpolated
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.scene import Scene
from stn_verify.formats import Array


def output(scene: Scene, arithmetic: Arithmetic) -> Interval:
    """Multilinear values (Jaderberg et al. 2015, equation 5) [N, C, Ho, Wo] or [N, C, Do, Ho, Wo], and their bound."""
    value, bound = output_rows(scene, arithmetic)
    return point(scene.planes(value), scene.planes(bound))


def output_rows(scene: Scene, arithmetic: Arithmetic) -> tuple[Array, Array]:
    """The same as [C, M].

    V is continuous and piecewise multilinear, so |V(x', y') - V(x, y)| <= |x' - x| sup|dV/dx| + |y' - y| sup|dV/dy| over the
    cells between; no two values of the image differ by more than its spread.
    """
    corners = scene.corners
    fractions = [axis.fraction for axis in scene.axes]
    value, weighed = interpolated(corners.values, fractions), interpolated(corners.sizes, fractions)
    moved = np.zeros_like(value)
    for axis, steepest in zip(scene.axes, steepest_within_reach(scene, arithmetic), strict=True):
        moved += axis.uncertainty(arithmetic) * steepest
    cells, lost = scene.neighbouring(arithmetic)
    if cells or lost.size:
        moved = np.minimum(moved, scene.spread[scene.batch].T)
        weighed = weighed + moved
    roundings = value_roundings(len(scene.axes)) * arithmetic.u
    bound = moved + roundings * weighed + arithmetic.s * (np.abs(value) + moved) + arithmetic.tiny
    return value, bound


def steepest_within_reach(scene: Scene, arithmetic: Arithmetic) -> list[Array]:
    """The largest |dV/dx|, |dV/dy|, ... per pixel, [C, M] each, of all cells that rounding may have a point read."""
    steep = [scene.corners.steepest(number) for number in range(len(scene.axes))]
    cells, lost = scene.neighbouring(arithmetic)
    for group in cells:
        other, points = scene.corners_of(group), group.points
        for number, steepest in enumerate(steep):
            steepest[:, points] = np.maximum(steepest[:, points], other.steepest(number))
    if lost.size:
        for steepest, anywhere in zip(steep, scene.steepest, strict=True):
            steepest[:, lost] = anywhere[scene.batch[lost]].T
    return steep
