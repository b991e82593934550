"""Bounds of the laws that every sampler keeps: what is left of the bounds where the coordinates cancel.

Calls with the same grid compute the same coordinates, so they read the same pixels with the same weights, wherever rounding has
carried the points. Only the roundings of the sums differ; largest is the largest |pixel| that a point may read.
"""

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import SCATTER, SLOPE, VALUE, Arithmetic
from stn_verify.bounds.input_gradient import input_gradient, taps
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.output import output
from stn_verify.bounds.scene import Axis, Scene
from stn_verify.bounds.theta_gradient import contracted
from stn_verify.bounds.vicinity import vicinity
from stn_verify.formats import FLOAT64, Array

Mask = npt.NDArray[np.bool_]

LERPS = 10.0
"""Roundings of size u largest in a weighted sum, the weights given: five in a lerp a + f (b - a), the difference and the
product (of at most 2 largest) and the sum (of at most largest), and lerps of two levels. Products and sums take fewer (VALUE)."""

UNITY = 2.0
"""Roundings of size u between 1 and the sum of an axis' two weights: each is x - m or 1 - (x - m), and the roundings of a
distance and of 1 minus it are at most u (f + (1 - f)) together."""

AVERAGE = VALUE + 2 * UNITY
"""Roundings of size u largest between an output and a true average of its pixels; LERPS, whose weights add up to 1, are fewer."""


def settled(scene: Scene, arithmetic: Arithmetic) -> Mask:
    """[M]: whether every pixel that a point may read is one of the image; always so where the padding repeats pixels."""
    if scene.convention.padding != "zeros":
        return np.ones(len(scene.batch), dtype=np.bool_)
    return _within(scene.x, arithmetic) & _within(scene.y, arithmetic)


def _within(axis: Axis, arithmetic: Arithmetic) -> Mask:
    first, last = axis.window(arithmetic)
    return np.asarray((first >= 0) & (last + 1 <= axis.size - 1))


def linearity(scene: Scene, factors: tuple[float, float], arithmetic: Arithmetic) -> Array:
    """[N, C, Ho, Wo]: how far f(a u + b v) may lie from a f(u) + b f(v).

    Args:
        scene: of the image |a u| + |b v|, which bounds what is summed in each of the three.
    """
    largest = vicinity(scene, arithmetic).largest
    lost = arithmetic.tiny * (1 + abs(factors[0]) + abs(factors[1]))
    return scene.planes(3 * _stored(LERPS, largest, arithmetic) + lost)


def constant(scene: Scene, arithmetic: Arithmetic) -> Interval:
    """What the output of a constant image may be: that constant; where a zero is within reach, something between the two."""
    value = scene.rows(np.broadcast_to(scene.image[:, :, :1, :1], (*scene.image.shape[:2], *scene.size)))
    bound = _stored(AVERAGE, np.abs(value), arithmetic) + arithmetic.tiny
    fading = ~settled(scene, arithmetic)
    low = np.where(fading, np.minimum(value, 0.0), value)
    high = np.where(fading, np.maximum(value, 0.0), value)
    return Interval(scene.planes(low), scene.planes(high), scene.planes(bound))


def hull(scene: Scene, arithmetic: Arithmetic) -> Interval:
    """An average lies between the least and the largest of what it may be taken of."""
    corners = scene.corners
    low, high = corners.lowest, corners.highest
    cells, lost = scene.neighbouring(arithmetic)
    for group in cells:
        other = scene.corners_of(group)
        low[:, group.points] = np.minimum(low[:, group.points], other.lowest)
        high[:, group.points] = np.maximum(high[:, group.points], other.highest)
    if lost.size:
        least, most = _extremes(scene)
        low[:, lost], high[:, lost] = least[scene.batch[lost]].T, most[scene.batch[lost]].T
    largest = np.maximum(np.abs(low), np.abs(high))
    bound = _stored(AVERAGE, largest, arithmetic) + arithmetic.tiny
    return Interval(scene.planes(low), scene.planes(high), scene.planes(bound))


def _extremes(scene: Scene) -> tuple[Array, Array]:
    """[N, C] each: the least and the largest of all that can be read."""
    least, most = scene.image.min(axis=(2, 3)), scene.image.max(axis=(2, 3))
    if scene.convention.padding == "zeros":
        return np.minimum(least, 0.0), np.maximum(most, 0.0)
    return least, most


def _stored(roundings: float, size: Array, arithmetic: Arithmetic) -> Array:
    """That many roundings of a size, and the store of what comes of them."""
    relative = roundings * arithmetic.u
    return (relative + arithmetic.s * (1 + relative)) * size


def steady_grid(scene: Scene, added: Array, cotangent: Array, arithmetic: Arithmetic) -> Array:
    """[N, Ho, Wo, 2]: how far grad_grid may move when a constant is added to every channel.

    Args:
        scene: of the image |u| + |constant|.
        added: [N, C], the constants.
    """
    parts = [
        2 * (bound + arithmetic.s * (size + bound))
        for size, bound in _steady(scene, added, cotangent, arithmetic)
    ]
    return np.stack(parts, axis=-1).reshape(scene.image.shape[0], *scene.size, 2) + 2 * arithmetic.tiny


def steady_theta(scene: Scene, base: Array, added: Array, cotangent: Array, arithmetic: Arithmetic) -> Array:
    """[N, 2, 3]: the same for grad_theta, base being the target coordinates [Ho, Wo, 3]."""
    x, y = (Interval(-size, size, bound) for size, bound in _steady(scene, added, cotangent, arithmetic))
    return 2 * contracted((x, y), scene.image.shape[0], base, arithmetic).bound


def _steady(
    scene: Scene, added: Array, cotangent: Array, arithmetic: Arithmetic
) -> list[tuple[Array, Array]]:
    """Along x and y, [M] each: how large a slope may be in one call, and how far rounding may carry it.

    Differences of pixels do not see the constant; the pixels that make up a slope weigh at most 2 largest. A point that a zero
    is within reach of sees the step from the constant to it, once in the two calls together.
    """
    rows = np.abs(scene.rows(cotangent))
    weighed = 2 * np.einsum("cm,cm->m", rows, vicinity(scene, arithmetic).largest)
    steps = np.einsum("cm,mc->m", rows, np.abs(added)[scene.batch])
    steps = np.where(settled(scene, arithmetic), 0.0, steps / 2)
    rounded = (SLOPE + 4.0 * len(rows)) * arithmetic.u * weighed + steps
    return [(axis.scale * weighed, axis.scale * rounded) for axis in (scene.x, scene.y)]


def adjoint(scene: Scene, cotangent: Array, values: Array, gradient: Array, arithmetic: Arithmetic) -> Array:
    """[N, C]: how far <u, A^T v> may lie from <A u, v>: what either factor may be off by, and the two sums' own roundings."""
    outputs = np.abs(cotangent) * (output(scene, arithmetic).bound + _summed(cotangent) * np.abs(values))
    inputs = np.abs(scene.image) * (
        input_gradient(scene, cotangent, arithmetic).bound + _summed(gradient) * np.abs(gradient)
    )
    return np.asarray(outputs.sum(axis=(2, 3)) + inputs.sum(axis=(2, 3)))


def mass(scene: Scene, cotangent: Array, gradient: Array, arithmetic: Arithmetic) -> Array:
    """[N, C]: how far the sum of grad_input may lie from that of the cotangent.

    Each cotangent is given away with weights that add up to 1, SCATTER roundings each, and no pixel receives more contributions
    than the busiest of its image. What may be lost to zeros counts whole.
    """
    count, channels = scene.image.shape[:2]
    size = np.abs(cotangent)
    received = np.zeros(scene.none + 1)
    for tap in taps(scene, arithmetic):
        received += np.bincount(tap.address, minlength=len(received))
    _, lost = scene.neighbouring(arithmetic)
    busiest = received[:-1].reshape(count, -1).max(axis=1) + np.bincount(scene.batch[lost], minlength=count)
    relative = (SCATTER + 2 * UNITY + busiest[:, None]) * arithmetic.u
    relative = relative + arithmetic.s * (1 + relative)
    fading = scene.planes(np.where(settled(scene, arithmetic), 0.0, scene.rows(size)))
    sums = _summed(cotangent) * size.sum(axis=(2, 3)) + _summed(gradient) * np.abs(gradient).sum(axis=(2, 3))
    pixels = gradient.shape[2] * gradient.shape[3]
    return np.asarray(
        relative * size.sum(axis=(2, 3)) + fading.sum(axis=(2, 3)) + sums + pixels * arithmetic.tiny
    ).reshape(count, channels)


def _summed(terms: Array) -> float:
    """Of a float64 sum of an [N, C, H, W]'s planes, over the terms: n u."""
    return float(np.prod(terms.shape[2:])) * FLOAT64.unit_roundoff


def reproduced(
    scene: Scene, expected: Array, nominal: tuple[Array, Array], arithmetic: Arithmetic
) -> Interval:
    """What an output may be whose points lie on whole pixels, but for the rounding of a stored grid or theta.

    Args:
        expected: [N, C, Ho, Wo], the pixels.
        nominal: x and y [Ho, Wo], whole, at most a pixel from where the stored numbers point.
    """
    count = scene.image.shape[0]
    corners = scene.corners
    off = np.zeros_like(corners.p00)
    for axis, whole, steep in (
        (scene.x, nominal[0], corners.steepest(0)),
        (scene.y, nominal[1], corners.steepest(1)),
    ):
        # The way to the whole pixel lies in the point's own cell; where the scene moved the point next to the image, it is flat.
        distance = np.abs(axis.position - np.tile(whole.ravel(), count))
        off += np.where(steep > 0, np.where(distance <= 1, distance * steep, np.inf), 0.0)
    return point(expected, output(scene, arithmetic).bound + scene.planes(off))
