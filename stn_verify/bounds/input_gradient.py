"""What the gradient with respect to the image may be, and what the weights that make it up may be."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import SCATTER, Arithmetic
from stn_verify.bounds.extension import Indices
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.scene import Axis, Scene
from stn_verify.formats import Array


@dataclass(frozen=True)
class Taps:
    """One pixel for each of some points, with its weight and how far rounding may move that, [len(points)] each."""

    points: Indices | slice
    address: Indices
    weight: Array
    error: Array


def taps(scene: Scene, arithmetic: Arithmetic) -> Iterator[Taps]:
    """Every pixel that each point may read, each once (points that may reach too many to list are left out)."""
    cells, _ = scene.neighbouring(arithmetic)
    if not cells:
        yield from _plain(scene, arithmetic)
        return
    near = np.zeros(len(scene.batch), dtype=bool)
    for group in cells:
        near[group.points] = True
    delta_x, delta_y = scene.x.uncertainty(arithmetic), scene.y.uncertainty(arithmetic)
    yield from _own_cell(scene, np.flatnonzero(~near & ~_lost(scene, arithmetic)), delta_x, delta_y)
    yield from _window(scene, arithmetic, np.flatnonzero(near))


def input_gradient(scene: Scene, cotangent: Array, arithmetic: Arithmetic) -> Interval:
    """dL/dU [N, C, H, W] for a cotangent [N, C, Ho, Wo] (equation 6).

    It is the sum of weight times cotangent over all points that read a pixel, in any order; its bound grows with the number of
    contributions to that very pixel.
    """
    rows = scene.rows(cotangent)
    total, weighed, moved = (scene.no_pixels() for _ in range(3))
    contributions = np.zeros(total.shape[1])
    for tap in taps(scene, arithmetic):
        values = rows[:, tap.points]
        size = np.abs(values)
        scene.scatter(total, tap.address, values * tap.weight)
        scene.scatter(weighed, tap.address, size * tap.weight)
        scene.scatter(moved, tap.address, size * tap.error)
        contributions += np.bincount(tap.address, minlength=total.shape[1])
    u = arithmetic.u
    bound = moved + u * (SCATTER + contributions) * (weighed + moved)
    bound += arithmetic.s * (np.abs(total) + bound) + arithmetic.tiny
    value, margin = scene.pixels(total), scene.pixels(bound)
    _, lost = scene.neighbouring(arithmetic)
    if lost.size:
        # A point that may read almost anywhere may add its whole cotangent to any pixel.
        anywhere = np.zeros(scene.image.shape[:2])
        np.add.at(anywhere, scene.batch[lost], np.abs(rows[:, lost]).T)
        margin = margin + (1 + SCATTER * u) * anywhere[:, :, None, None]
    return Interval(value, value, margin)


def _lost(scene: Scene, arithmetic: Arithmetic) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    lost = np.zeros(len(scene.batch), dtype=bool)
    lost[scene.neighbouring(arithmetic)[1]] = True
    return lost


def _plain(scene: Scene, arithmetic: Arithmetic) -> Iterator[Taps]:
    lost = scene.neighbouring(arithmetic)[1]
    delta_x, delta_y = scene.x.uncertainty(arithmetic), scene.y.uncertainty(arithmetic)
    if lost.size:
        yield from _own_cell(scene, np.flatnonzero(~_lost(scene, arithmetic)), delta_x, delta_y)
    else:
        yield from _own_cell(scene, slice(None), delta_x, delta_y)


def _own_cell(scene: Scene, points: Indices | slice, delta_x: Array, delta_y: Array) -> Iterator[Taps]:
    fx, fy = scene.x.fraction[points], scene.y.fraction[points]
    dx, dy = delta_x[points], delta_y[points]
    for address, wx, wy in zip(
        scene.addresses, (1 - fx, fx, 1 - fx, fx), (1 - fy, 1 - fy, fy, fy), strict=True
    ):
        # |(wx + a)(wy + b) - wx wy| <= |a| wy + |b| wx + |a b|
        yield Taps(points, address[points], wx * wy, dx * wy + dy * wx + dx * dy)


def _window(scene: Scene, arithmetic: Arithmetic, points: Indices) -> Iterator[Taps]:
    x0, x1 = (w[points] for w in scene.x.window(arithmetic))
    y0, y1 = (w[points] for w in scene.y.window(arithmetic))
    dx, dy = scene.x.uncertainty(arithmetic)[points], scene.y.uncertainty(arithmetic)[points]
    for row in range(int(np.max(y1 - y0)) + 2):
        for column in range(int(np.max(x1 - x0)) + 2):
            there = (x0 + column <= x1 + 1) & (y0 + row <= y1 + 1)
            some = points[there]
            px, py = x0[there] + column, y0[there] + row
            wx, wy = _hat(scene.x, some, px), _hat(scene.y, some, py)
            error = dx[there] * np.minimum(1.0, wy + dy[there]) + dy[there] * wx
            yield Taps(some, scene.address(px, py, some), wx * wy, np.minimum(1.0, error))


def _hat(axis: Axis, points: Indices, pixel: Array) -> Array:
    """max(0, 1 - |x - m|), the bilinear kernel (equation 5)."""
    return np.maximum(0.0, 1.0 - np.abs(axis.position[points] - pixel))
