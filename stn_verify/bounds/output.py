"""What the output of a sampler may be."""

import numpy as np

from stn_verify.bounds.arithmetic import VALUE, Arithmetic
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.scene import Scene
from stn_verify.formats import Array


def output(scene: Scene, arithmetic: Arithmetic) -> Interval:
    """Bilinear values (Jaderberg et al. 2015, equation 5) [N, C, Ho, Wo], and their bound."""
    value, bound = output_rows(scene, arithmetic)
    return point(scene.planes(value), scene.planes(bound))


def output_rows(scene: Scene, arithmetic: Arithmetic) -> tuple[Array, Array]:
    """The same as [C, M].

    V is continuous and piecewise bilinear, so |V(x', y') - V(x, y)| <= |x' - x| sup|dV/dx| + |y' - y| sup|dV/dy| over the
    cells between; no two values of the image differ by more than its spread.
    """
    corners = scene.corners
    fx, fy = scene.x.fraction, scene.y.fraction
    top, bottom = (1 - fx) * corners.p00 + fx * corners.p01, (1 - fx) * corners.p10 + fx * corners.p11
    value = (1 - fy) * top + fy * bottom
    weighed = (1 - fy) * ((1 - fx) * np.abs(corners.p00) + fx * np.abs(corners.p01)) + fy * (
        (1 - fx) * np.abs(corners.p10) + fx * np.abs(corners.p11)
    )
    steep_x, steep_y = corners.steepest_x, corners.steepest_y
    cells, lost = scene.neighbouring(arithmetic)
    for group in cells:
        other = scene.corners_of(group)
        steep_x[:, group.points] = np.maximum(steep_x[:, group.points], other.steepest_x)
        steep_y[:, group.points] = np.maximum(steep_y[:, group.points], other.steepest_y)
    if lost.size:
        steep_x[:, lost], steep_y[:, lost] = (steepest[scene.batch[lost]].T for steepest in scene.steepest)
    delta_x = scene.x.uncertainty(arithmetic)
    delta_y = scene.y.uncertainty(arithmetic)
    moved = delta_x * steep_x + delta_y * steep_y
    if cells or lost.size:
        moved = np.minimum(moved, scene.spread[scene.batch].T)
        weighed = weighed + moved
    bound = moved + VALUE * arithmetic.u * weighed + arithmetic.s * (np.abs(value) + moved) + arithmetic.tiny
    return value, bound
