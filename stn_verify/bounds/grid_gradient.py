"""What the gradient with respect to sample points may be: an interval at kinks, a value elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stn_verify.bounds import cubic
from stn_verify.bounds.arithmetic import Arithmetic, slope_roundings
from stn_verify.bounds.corners import Cells, Corners, interpolated
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.scene import Axis, Scene
from stn_verify.formats import Array


@dataclass(frozen=True)
class PointGradient:
    """dL/dx, dL/dy, ... of every point, [M] intervals, per normalised unit, before storage."""

    axes: tuple[Interval, ...]

    @property
    def x(self) -> Interval:
        """dL/dx."""
        return self.axes[0]

    @property
    def y(self) -> Interval:
        """dL/dy."""
        return self.axes[1]

    def as_grid(self, scene: Scene) -> Interval:
        """[N, Ho, Wo, 2] or [N, Do, Ho, Wo, 3]."""
        shape = (scene.image.shape[0], *scene.size, len(self.axes))
        low, high, bound = (
            np.stack([getattr(part, name) for part in self.axes], axis=-1).reshape(shape)
            for name in ("low", "high", "bound")
        )
        return Interval(low, high, bound)


def grid_gradient(scene: Scene, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False) -> Interval:
    """dL/dgrid, in the grid's shape, for a cotangent in the output's (equation 7).

    `zero` allows zero at kinks, for implementations whose two neighbours coincide there and which say so.
    """
    gradient = point_gradient(scene, cotangent, arithmetic, zero=zero).as_grid(scene)
    largest = np.maximum(np.abs(gradient.low), np.abs(gradient.high)) + gradient.bound
    return gradient.widened(arithmetic.s * largest + arithmetic.tiny)


def point_gradient(
    scene: Scene, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False
) -> PointGradient:
    """dL/dx and dL/dy of every point.

    dV/dx = (1-fy)(p01-p00) + fy(p11-p10) jumps where x crosses an integer, so at a kink the slopes of both cells span a hull;
    along any other axis it is continuous and changes by at most the cells' largest |twist| per pixel.
    That of a cubic kernel jumps nowhere.
    """
    if scene.convention.interpolation == "bicubic":
        return PointGradient(cubic.point_gradient(scene, cotangent, arithmetic))
    rows = scene.rows(cotangent)
    return PointGradient(
        tuple(_along(scene, number, rows, arithmetic, zero=zero) for number in range(len(scene.axes)))
    )


def slope_of_cell(
    scene: Scene, axis: Axis, cell: Array, cotangent: Array, arithmetic: Arithmetic
) -> tuple[Array, Array]:
    """dL/dx [M] per normalised unit along one axis of the scene, read from a given cell, and its bound.

    The bound is that of exact coordinates, where only the sums round.
    """
    rows = scene.rows(cotangent)
    number = next(number for number, held in enumerate(scene.axes) if held is axis)
    firsts = tuple(cell if held is axis else held.cell for held in scene.axes)
    corners = scene.corners_of(Cells(np.arange(len(cell)), firsts))
    fractions = [other.fraction for _, other in scene.across(number)]
    slope, weighed, _ = _contracted(corners, number, fractions, rows, np.abs(rows))
    roundings = slope_roundings(len(scene.axes), len(rows)) * arithmetic.u + arithmetic.s
    return axis.scale * slope, axis.scale * roundings * weighed + arithmetic.tiny


def _along(scene: Scene, number: int, cotangent: Array, arithmetic: Arithmetic, *, zero: bool) -> Interval:
    size = np.abs(cotangent)
    axis, across = scene.axes[number], dict(scene.across(number))
    fractions = [other.fraction for other in across.values()]
    slope, weighed, twists = _contracted(scene.corners, number, fractions, cotangent, size)
    low, high = slope.copy(), slope.copy()
    cells, lost = scene.neighbouring(arithmetic)
    for group in cells:
        points = group.points
        fractions = [other.position[points] - group.firsts[k] for k, other in across.items()]
        other_slope, other_weighed, other_twists = _contracted(
            scene.corners_of(group),
            number,
            [np.clip(fraction, 0.0, 1.0) for fraction in fractions],
            cotangent[:, points],
            size[:, points],
        )
        # The hull is taken at the exact coordinates across; cells that do not hold them only bound how fast it changes.
        holds = np.logical_and.reduce([(fraction >= 0.0) & (fraction <= 1.0) for fraction in fractions])
        held = points[holds]
        low[held] = np.minimum(low[held], other_slope[holds])
        high[held] = np.maximum(high[held], other_slope[holds])
        weighed[points] = np.maximum(weighed[points], other_weighed)
        for twist, other_twist in zip(twists, other_twists, strict=True):
            twist[points] = np.maximum(twist[points], other_twist)
    if lost.size:
        images = scene.batch[lost]
        reach = np.einsum("cm,cm->m", size[:, lost], scene.steepest[number][images].T)
        pixels = np.einsum("cm,cm->m", size[:, lost], scene.largest[images].T)
        low[lost], high[lost], weighed[lost] = -reach, reach, 2 * pixels
        for twist in twists:
            twist[lost] = 0.0
    if zero:
        first, last = axis.window(arithmetic)
        kink = first != last
        low[kink], high[kink] = np.minimum(low[kink], 0.0), np.maximum(high[kink], 0.0)
    moved = sum(
        other.uncertainty(arithmetic) * twist for other, twist in zip(across.values(), twists, strict=True)
    )
    roundings = slope_roundings(len(scene.axes), len(cotangent)) * arithmetic.u
    bound = moved + roundings * (weighed + moved)
    return Interval(axis.scale * low, axis.scale * high, axis.scale * bound)


def _contracted(
    corners: Corners, number: int, fractions: Sequence[Array], cotangent: Array, size: Array
) -> tuple[Array, Array, list[Array]]:
    """Over channels: the slope, the sum of the magnitudes that make it up, and the twist with each other axis, [M] each."""
    slope = interpolated(corners.edges(number), fractions)
    weighed = interpolated(corners.ends(number), fractions)
    others = [other for other in range(corners.axes) if other != number]
    return (
        np.einsum("cm,cm->m", cotangent, slope),
        np.einsum("cm,cm->m", size, weighed),
        [np.einsum("cm,cm->m", size, corners.twist(number, other)) for other in others],
    )
