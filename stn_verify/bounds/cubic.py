"""What the results of a bicubic sampler may be: Keys' kernel over the extended image, a sum over 4 x 4 pixels.

V is once continuously differentiable along either axis, whatever the padding, so that nothing jumps: as its coordinates move by
dx and dy, it moves by no more than dx |V_x| + dy |V_y| + dx^2/2 sup|V_xx| + dx dy sup|V_xy| + dy^2/2 sup|V_yy|, and its slope by
dx sup|V_xx| + dy sup|V_xy|, the suprema being sums of |pixel| times what each tap's kernel reaches.
"""

from collections.abc import Callable

import numpy as np

from stn_verify.bounds.arithmetic import CUBIC_VALUE, SCATTER, SLOPE, Arithmetic
from stn_verify.bounds.cubic_taps import Taps, reading
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.keys import Extent
from stn_verify.bounds.scene import Scene
from stn_verify.formats import Array

TAPS = 16.0


def output(scene: Scene, arithmetic: Arithmetic) -> Interval:
    """Values [N, C, Ho, Wo], and their bound."""
    value, bound = np.empty((2, scene.image.shape[1], len(scene.batch)))
    u = arithmetic.u
    found = reading(scene, arithmetic)
    for taps in found.groups:
        x, y, pixels = taps.x, taps.y, scene.pixel_values(taps.address)
        size = np.abs(pixels)
        here = _sum(pixels, y.weight, x.weight)
        weighed = _sum(size, y.reached.weight, x.reached.weight)
        first = x.delta * np.abs(_sum(pixels, y.weight, x.slope)) + y.delta * np.abs(
            _sum(pixels, y.slope, x.weight)
        )
        moved = np.minimum(first + _second_order(size, taps), np.abs(here) + weighed)
        # |(wx + a)(wy + b) - wx wy| <= |a| (|wy| + |b|) + |wx b|: near the kernel's zeros the errors' product is all there is.
        roundings = _sum(size, y.reached.weight + u * y.weight_roundings, x.weight_roundings)
        roundings += _sum(size, y.weight_roundings, x.reached.weight)
        value[:, taps.points] = here
        bound[:, taps.points] = moved + u * (CUBIC_VALUE * weighed + roundings)
    if found.lost.size:
        anywhere = Extent(scene.convention.cubic).weight_sum ** 2 * scene.largest[scene.batch[found.lost]].T
        bound[:, found.lost] = np.abs(value[:, found.lost]) + (1 + CUBIC_VALUE * u) * anywhere
    bound += arithmetic.s * (np.abs(value) + bound) + arithmetic.tiny
    return point(scene.planes(value), scene.planes(bound))


def point_gradient(scene: Scene, cotangent: Array, arithmetic: Arithmetic) -> tuple[Interval, Interval]:
    """dL/dx and dL/dy of every point, [M] intervals, per normalised unit, before storage, for a cotangent [N, C, Ho, Wo]."""
    rows = scene.rows(cotangent)
    slopes, bounds = np.empty((2, 2, rows.shape[1]))
    found = reading(scene, arithmetic)
    terms = SLOPE + TAPS * len(rows)
    for taps in found.groups:
        pixels, received = scene.pixel_values(taps.address), rows[:, taps.points]
        weighed = np.einsum("cijm,cm->ijm", np.abs(pixels), np.abs(received))
        pulled = np.einsum("cijm,cm->ijm", pixels, received)
        x, y = taps.x, taps.y
        bent = _sum(weighed, y.reached.slope, x.reached.slope)
        for number, (along, across, total) in enumerate(((x, y, _sum), (y, x, _sum_turned))):
            slopes[number, taps.points] = total(pulled, across.weight, along.slope)
            size = total(weighed, across.reached.weight, along.reached.slope)
            moved = along.delta * total(weighed, across.reached.weight, along.reached.curvature)
            moved = np.minimum(moved + across.delta * bent, 2 * size)
            beside = across.reached.weight + arithmetic.u * across.weight_roundings
            roundings = total(weighed, beside, along.slope_roundings)
            roundings += total(weighed, across.weight_roundings, along.reached.slope)
            bounds[number, taps.points] = moved + arithmetic.u * (terms * size + roundings)
    if found.lost.size:
        most = Extent(scene.convention.cubic)
        largest = np.einsum("cm,cm->m", np.abs(rows[:, found.lost]), scene.largest[scene.batch[found.lost]].T)
        anywhere = (1 + terms * arithmetic.u) * most.slope_sum * most.weight_sum * largest
        bounds[:, found.lost] = np.abs(slopes[:, found.lost]) + anywhere
    x_scale, y_scale = scene.x.scale, scene.y.scale
    return point(x_scale * slopes[0], x_scale * bounds[0]), point(y_scale * slopes[1], y_scale * bounds[1])


def input_gradient(scene: Scene, cotangent: Array, arithmetic: Arithmetic) -> Interval:
    """dL/dU [N, C, H, W]: weights times cotangents, in any order. A tap that comes into reach has a weight of order d^2."""
    rows, u = scene.rows(cotangent), arithmetic.u
    total, weighed, moved = (scene.no_pixels() for _ in range(3))
    contributions = np.zeros(total.shape[1])
    found = reading(scene, arithmetic)
    lost = np.zeros(rows.shape[1], dtype=bool)
    lost[found.lost] = True
    for taps in found.groups:
        kept = np.where(lost[taps.points], 0.0, 1.0)
        wx, wy = taps.x.weight[None], taps.y.weight[:, None]
        ex, ey = taps.x.error(u)[None], taps.y.error(u)[:, None]
        weight = wx * wy * kept
        error = (ex * (np.abs(wy) + ey) + np.abs(wx) * ey) * kept
        address = taps.address.ravel()
        received = rows[:, None, None, taps.points]
        for sums, factor, terms in (
            (total, weight, received),
            (weighed, np.abs(weight), np.abs(received)),
            (moved, error, np.abs(received)),
        ):
            scene.scatter(sums, address, (factor * terms).reshape(len(rows), -1))
        there = (np.abs(weight) + error > 0).ravel()
        contributions += np.bincount(address[there], minlength=total.shape[1])
    bound = moved + u * (SCATTER + contributions) * (weighed + moved)
    bound += arithmetic.s * (np.abs(total) + bound) + arithmetic.tiny
    margin = scene.pixels(bound)
    if found.lost.size:
        anywhere = np.zeros(scene.image.shape[:2])
        np.add.at(anywhere, scene.batch[found.lost], np.abs(rows[:, found.lost]).T)
        most = Extent(scene.convention.cubic).weight_sum ** 2
        margin = margin + (1 + SCATTER * u) * most * anywhere[:, :, None, None]
    return point(scene.pixels(total), margin)


def nearby(scene: Scene, arithmetic: Arithmetic) -> Array:
    """[C, M]: the error of an output anywhere in a point's cell, and of |u| weighed by the errors of the weights there."""
    largest = np.empty((scene.image.shape[1], len(scene.batch)))
    found = reading(scene, arithmetic)
    for taps in found.groups:
        largest[:, taps.points] = np.abs(scene.pixel_values(taps.address)).max(axis=(1, 2))
    largest[:, found.lost] = scene.largest[scene.batch[found.lost]].T
    most = Extent(scene.convention.cubic)
    moved = scene.x.uncertainty_nearby(arithmetic) + scene.y.uncertainty_nearby(arithmetic)
    # No output, and no sum of weights' errors, exceeds the two sums of weights.
    moved = np.minimum(moved * most.slope_sum * most.weight_sum, 2 * most.weight_sum**2)
    roundings = CUBIC_VALUE * most.weight_sum**2 + 2 * most.weight_sum * most.roundings
    relative = moved + arithmetic.u * roundings
    relative = relative + arithmetic.s * (most.weight_sum**2 + relative)
    return np.asarray(relative * largest + arithmetic.tiny)


Sum = Callable[[Array, Array, Array], Array]


def _sum(pixels: Array, y: Array, x: Array) -> Array:
    """Over taps: pixels [..., Ty, Tx, m] times factors [Ty, m] and [Tx, m]."""
    return np.asarray(((pixels * x).sum(axis=-2) * y).sum(axis=-2))


def _sum_turned(pixels: Array, x: Array, y: Array) -> Array:
    return _sum(pixels, y, x)


def _second_order(size: Array, taps: Taps) -> Array:
    x, y = taps.x, taps.y
    return np.asarray(
        x.delta**2 / 2 * _sum(size, y.reached.weight, x.reached.curvature)
        + x.delta * y.delta * _sum(size, y.reached.slope, x.reached.slope)
        + y.delta**2 / 2 * _sum(size, y.reached.curvature, x.reached.weight)
    )
