"""What the gradient with respect to sample points may be: an interval at kinks, a value elsewhere."""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds import cubic
from stn_verify.bounds.arithmetic import SLOPE, Arithmetic
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.scene import Axis, Cells, Corners, Scene
from stn_verify.formats import Array


@dataclass(frozen=True)
class PointGradient:
    """dL/dx and dL/dy of every point, [M] intervals, per normalised unit, before storage."""

    x: Interval
    y: Interval


def grid_gradient(scene: Scene, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False) -> Interval:
    """dL/dgrid [N, Ho, Wo, 2] for a cotangent [N, C, Ho, Wo] (equation 7).

    `zero` allows zero at kinks, for implementations whose two neighbours coincide there and which say so.
    """
    gradient = point_gradient(scene, cotangent, arithmetic, zero=zero)
    shape = (scene.image.shape[0], *scene.size, 2)
    low = np.stack([gradient.x.low, gradient.y.low], axis=-1).reshape(shape)
    high = np.stack([gradient.x.high, gradient.y.high], axis=-1).reshape(shape)
    bound = np.stack([gradient.x.bound, gradient.y.bound], axis=-1).reshape(shape)
    stored = arithmetic.s * (np.maximum(np.abs(low), np.abs(high)) + bound) + arithmetic.tiny
    return Interval(low, high, bound + stored)


def point_gradient(
    scene: Scene, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False
) -> PointGradient:
    """dL/dx and dL/dy of every point.

    dV/dx = (1-fy)(p01-p00) + fy(p11-p10) jumps where x crosses an integer, so at a kink the slopes of both cells span a hull;
    along y it is continuous and changes by at most |twist| per pixel. That of a cubic kernel jumps nowhere.
    """
    if scene.convention.interpolation == "bicubic":
        return PointGradient(*cubic.point_gradient(scene, cotangent, arithmetic))
    cotangent = scene.rows(cotangent)
    return PointGradient(
        _along(scene, scene.x, scene.y, cotangent, arithmetic, transposed=False, zero=zero),
        _along(scene, scene.y, scene.x, cotangent, arithmetic, transposed=True, zero=zero),
    )


def slope_of_cell(
    scene: Scene, axis: Axis, cell: Array, cotangent: Array, arithmetic: Arithmetic
) -> tuple[Array, Array]:
    """dL/dx [M] per normalised unit along one axis of the scene, read from a given cell, and its bound.

    The bound is that of exact coordinates, where only the sums round.
    """
    rows = scene.rows(cotangent)
    transposed = axis is scene.y
    across = scene.x if transposed else scene.y
    every = np.arange(len(cell))
    cells = Cells(every, across.cell, cell) if transposed else Cells(every, cell, across.cell)
    fraction = across.fraction
    slope, weighed, _ = _contracted(scene.corners_of(cells), fraction, rows, np.abs(rows), transposed)
    roundings = (SLOPE + 4.0 * rows.shape[0]) * arithmetic.u + arithmetic.s
    return axis.scale * slope, axis.scale * roundings * weighed + arithmetic.tiny


def _along(
    scene: Scene,
    axis: Axis,
    across: Axis,
    cotangent: Array,
    arithmetic: Arithmetic,
    *,
    transposed: bool,
    zero: bool,
) -> Interval:
    size = np.abs(cotangent)
    terms = 4.0 * cotangent.shape[0]
    delta = across.uncertainty(arithmetic)
    slope, weighed, twist = _contracted(scene.corners, across.fraction, cotangent, size, transposed)
    low, high = slope.copy(), slope.copy()
    cells, lost = scene.neighbouring(arithmetic)
    for group in cells:
        points, beside = group.points, group.x if transposed else group.y
        fraction = across.position[points] - beside
        other, other_weighed, other_twist = _contracted(
            scene.corners_of(group),
            np.clip(fraction, 0.0, 1.0),
            cotangent[:, points],
            size[:, points],
            transposed,
        )
        # The hull is taken at the exact coordinate across; cells that do not hold it only bound how fast it changes.
        holds = (fraction >= 0.0) & (fraction <= 1.0)
        held = points[holds]
        low[held] = np.minimum(low[held], other[holds])
        high[held] = np.maximum(high[held], other[holds])
        weighed[points] = np.maximum(weighed[points], other_weighed)
        twist[points] = np.maximum(twist[points], other_twist)
    if lost.size:
        images = scene.batch[lost]
        reach = np.einsum("cm,cm->m", size[:, lost], scene.steepest[int(transposed)][images].T)
        pixels = np.einsum("cm,cm->m", size[:, lost], scene.largest[images].T)
        low[lost], high[lost], weighed[lost], twist[lost] = -reach, reach, 2 * pixels, 0.0
    if zero:
        first, last = axis.window(arithmetic)
        kink = first != last
        low[kink], high[kink] = np.minimum(low[kink], 0.0), np.maximum(high[kink], 0.0)
    moved = delta * twist
    bound = moved + (SLOPE + terms) * arithmetic.u * (weighed + moved)
    return Interval(axis.scale * low, axis.scale * high, axis.scale * bound)


def _contracted(
    corners: Corners, fraction: Array, cotangent: Array, size: Array, transposed: bool
) -> tuple[Array, Array, Array]:
    """Over channels: the slope, the sum of the magnitudes that make it up, and the twist, [M] each."""
    a, b, c, d = corners.p00, corners.p01, corners.p10, corners.p11
    if transposed:
        b, c = c, b
    slope = (1 - fraction) * (b - a) + fraction * (d - c)
    weighed = (1 - fraction) * (np.abs(a) + np.abs(b)) + fraction * (np.abs(c) + np.abs(d))
    return (
        np.einsum("cm,cm->m", cotangent, slope),
        np.einsum("cm,cm->m", size, weighed),
        np.einsum("cm,cm->m", size, corners.twist),
    )
