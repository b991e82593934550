"""What results may be at a point of which nobody can say where it reads: somewhere in its own image, or nowhere.

Of coordinates that are NaN, infinite, or so large that they overflow, no rule says what to read. These hold whatever is read: a
value lies between the image's pixels and zero, a slope is no steeper than the image, and the backward pass writes to the pixels
that the forward pass read. A cubic kernel overshoots by the sum of its weights; nearest has no slope.
"""

import numpy as np

from stn_verify.bounds.arithmetic import (
    COORDINATE,
    CUBIC_VALUE,
    REFLECTION,
    SCATTER,
    Arithmetic,
    slope_roundings,
    value_roundings,
)
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.keys import Extent
from stn_verify.bounds.scene import Scene
from stn_verify.formats import FLOAT64, Array


def values_anywhere(scene: Scene, arithmetic: Arithmetic) -> Interval:
    """[N, C, 1, ..., 1]: from the smallest to the largest pixel, and zero."""
    if scene.convention.interpolation == "bicubic":
        largest = Extent(scene.convention.cubic).weight_sum ** 2 * scene.largest[..., None, None]
        bound = (CUBIC_VALUE * arithmetic.u + arithmetic.s) * largest + arithmetic.tiny
        return Interval(-largest, largest, bound)
    low = np.min(scene.image, axis=scene.spatial, initial=0.0, keepdims=True)
    high = np.max(scene.image, axis=scene.spatial, initial=0.0, keepdims=True)
    # Weights add up to 1, so that no sum|weight pixel| exceeds the largest pixel.
    roundings = value_roundings(len(scene.axes)) * arithmetic.u + arithmetic.s
    bound = roundings * np.maximum(-low, high) + arithmetic.tiny
    return Interval(low, high, bound)


def slopes_anywhere(scene: Scene, cotangent: Array, arithmetic: Arithmetic) -> Interval:
    """In the grid's shape, per normalised unit, for a cotangent in the output's: no steeper than the image anywhere."""
    size = np.abs(cotangent)
    largest = np.einsum("nc...,nc->n...", size, scene.largest)
    roundings = slope_roundings(len(scene.axes), cotangent.shape[1]) * arithmetic.u
    reaches, bounds = [], []
    for axis, steepest in zip(scene.axes, _steepest(scene), strict=True):
        reach = axis.scale * np.einsum("nc...,nc->n...", size, steepest)
        # The pixels that make up a slope weigh at most twice the largest.
        bound = 2 * axis.scale * roundings * largest
        reaches.append(reach)
        bounds.append(bound + arithmetic.s * (reach + bound) + arithmetic.tiny)
    reach = np.stack(reaches, axis=-1)
    return Interval(-reach, reach, np.stack(bounds, axis=-1))


def written_where_read(
    scene: Scene, cotangent: Array, output: Array, gradient: Array, arithmetic: Arithmetic
) -> Interval:
    """[N, C]: what sum(gradient * image) must be, sum(cotangent * output), where the points read inside the image.

    <u, A^T v> = <A u, v>. Forward and backward may each find the place by another right formula: each is then off by the
    roundings of a coordinate inside the image, at most u (COORDINATE + REFLECTION) 2W.
    """
    product = (cotangent * output).sum(axis=scene.spatial)
    size = np.abs(cotangent).sum(axis=scene.spatial)
    u, s = arithmetic.u, arithmetic.s
    # Nearest may take another pixel.
    moved = 2 * scene.largest if scene.convention.interpolation == "nearest" else np.zeros_like(size)
    for axis, steepest in zip(scene.axes, _steepest(scene), strict=True):
        moved = moved + 2 * u * (COORDINATE + REFLECTION) * 2 * axis.size * steepest
    # As many contributions to one pixel as a cell has corners, at most, by each of the points that take part.
    points = np.count_nonzero(np.any(cotangent != 0, axis=1).reshape(len(cotangent), -1), axis=1)[:, None]
    corners = 2.0 ** len(scene.axes)
    roundings = (value_roundings(len(scene.axes)) + SCATTER + corners * points) * u + 2 * s
    bound = size * (moved + roundings * (scene.largest + moved))
    pixels = np.abs(scene.image).sum(axis=scene.spatial)
    # The sum over the image is the harness' own, in float64.
    summed = scene.image[0, 0].size if scene.image.size else 0
    own = (
        summed * FLOAT64.unit_roundoff * np.abs(np.nan_to_num(gradient) * scene.image).sum(axis=scene.spatial)
    )
    return point(product, bound + own + arithmetic.tiny * (size + pixels))


def _steepest(scene: Scene) -> tuple[Array, ...]:
    """[N, C] each: the largest |dV/dx|, |dV/dy|, ... anywhere."""
    match scene.convention.interpolation:
        case "nearest":
            return np.zeros_like(scene.largest), np.zeros_like(scene.largest)
        case "bicubic":
            most = Extent(scene.convention.cubic)
            steep = most.slope_sum * most.weight_sum * scene.largest
            return steep, steep
    return scene.steepest
