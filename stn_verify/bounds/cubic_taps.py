"""The pixels that a bicubic sampler may read at each point, with their weights along either axis."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stn_verify.bounds import keys
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.extension import Indices
from stn_verify.bounds.scene import WIDEST_WINDOW, Axis, Scene
from stn_verify.formats import Array


@dataclass(frozen=True)
class AxisTaps:
    """Along one axis, [T, m] each: weights and derivatives at the exact point, and how far from there rounding may carry them."""

    whole: Array
    """The integers."""
    delta: Array
    """[m]: the uncertainty of the coordinate, in pixels."""
    weight: Array
    slope: Array
    reached: keys.Reached
    weight_roundings: Array
    slope_roundings: Array

    @property
    def moved(self) -> Array:
        """How far a weight moves with its coordinate: d |k'| + d^2/2 sup |k''|."""
        return self.delta * np.abs(self.slope) + self.delta**2 / 2 * self.reached.curvature

    def error(self, u: float) -> Array:
        """How far a computed weight may be off."""
        return self.moved + u * self.weight_roundings


@dataclass(frozen=True)
class Taps:
    """Some points [m] with all taps that they may read: flat pixels [Ty, Tx, m]."""

    points: Indices
    address: Indices
    x: AxisTaps
    y: AxisTaps


@dataclass(frozen=True)
class Reading:
    """All points of a scene, in groups; `lost` may reach too many pixels to list, and are read where they exactly are."""

    groups: tuple[Taps, ...]
    lost: Indices


@lru_cache(maxsize=4)
def reading(scene: Scene, arithmetic: Arithmetic) -> Reading:
    """Points that stay in their cell read 4 x 4 pixels, the others some more."""
    x0, x1 = scene.x.window(arithmetic)
    y0, y1 = scene.y.window(arithmetic)
    wide = np.maximum(x1 - x0, y1 - y0)
    lost = wide >= WIDEST_WINDOW
    near = (wide > 0) & ~lost
    groups = []
    if (~near).any():
        points = np.flatnonzero(~near)
        groups.append(_taps(scene, points, (scene.x.cell[points], scene.y.cell[points]), (4, 4), arithmetic))
    if near.any():
        points = np.flatnonzero(near)
        counts = 4 + int(np.max((x1 - x0)[points])), 4 + int(np.max((y1 - y0)[points]))
        groups.append(_taps(scene, points, (x0[points], y0[points]), counts, arithmetic))
    return Reading(tuple(groups), np.flatnonzero(lost))


def _taps(
    scene: Scene, points: Indices, first: tuple[Array, Array], counts: tuple[int, int], arithmetic: Arithmetic
) -> Taps:
    """`first`: the leftmost and topmost cell of each."""
    a = scene.convention.cubic
    x = _along(scene.x, points, first[0], counts[0], arithmetic, a)
    y = _along(scene.y, points, first[1], counts[1], arithmetic, a)
    address = np.stack(
        [np.stack([scene.address(column, row, points) for column in x.whole], axis=0) for row in y.whole],
        axis=0,
    )
    return Taps(points, address, x, y)


def _along(
    axis: Axis, points: Indices, first: Array, count: int, arithmetic: Arithmetic, a: float
) -> AxisTaps:
    whole = first + np.arange(-1.0, count - 1)[:, None]
    distance = axis.position[points] - whole
    delta = axis.uncertainty(arithmetic)[points]
    return AxisTaps(
        whole,
        delta,
        keys.weights(distance, a),
        keys.slopes(distance, a),
        keys.reached(distance, delta, a),
        keys.weight_roundings(distance, delta, a),
        keys.slope_roundings(distance, delta, a),
    )
