"""What the gradient with respect to the image may be, and what the weights that make it up may be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

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
    deltas = [axis.uncertainty(arithmetic) for axis in scene.axes]
    if not cells:
        yield from _plain(scene, arithmetic, deltas)
        return
    near = np.zeros(len(scene.batch), dtype=bool)
    for group in cells:
        near[group.points] = True
    yield from _own_cell(scene, np.flatnonzero(~near & ~_lost(scene, arithmetic)), deltas)
    yield from _window(scene, arithmetic, np.flatnonzero(near), deltas)


def input_gradient(scene: Scene, cotangent: Array, arithmetic: Arithmetic) -> Interval:
    """dL/dU, in the image's shape, for a cotangent in the output's (equation 6).

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
        margin = margin + ((1 + SCATTER * u) * anywhere).reshape(*anywhere.shape, *(1 for _ in scene.spatial))
    return Interval(value, value, margin)


def _lost(scene: Scene, arithmetic: Arithmetic) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    lost = np.zeros(len(scene.batch), dtype=bool)
    lost[scene.neighbouring(arithmetic)[1]] = True
    return lost


def _plain(scene: Scene, arithmetic: Arithmetic, deltas: Sequence[Array]) -> Iterator[Taps]:
    lost = scene.neighbouring(arithmetic)[1]
    if lost.size:
        yield from _own_cell(scene, np.flatnonzero(~_lost(scene, arithmetic)), deltas)
    else:
        yield from _own_cell(scene, slice(None), deltas)


def _own_cell(scene: Scene, points: Indices | slice, deltas: Sequence[Array]) -> Iterator[Taps]:
    sides = [(1 - fraction, fraction) for fraction in (axis.fraction[points] for axis in scene.axes)]
    moved = [delta[points] for delta in deltas]
    for corner in product((0, 1), repeat=len(sides)):
        weights = [side[last] for side, last in zip(sides, reversed(corner), strict=True)]
        weight, error = _product(weights, moved)
        yield Taps(points, scene.addresses[corner][points], weight, error)


def _window(scene: Scene, arithmetic: Arithmetic, points: Indices, deltas: Sequence[Array]) -> Iterator[Taps]:
    windows = [[end[points] for end in axis.window(arithmetic)] for axis in scene.axes]
    widths = [range(int(np.max(last - first)) + 2) for first, last in windows]
    for steps in product(*reversed(widths)):
        places = [first + step for (first, _), step in zip(windows, reversed(steps), strict=True)]
        there = np.logical_and.reduce(
            [place <= last + 1 for place, (_, last) in zip(places, windows, strict=True)]
        )
        some, pixels = points[there], [place[there] for place in places]
        weights = [_hat(axis, some, pixel) for axis, pixel in zip(scene.axes, pixels, strict=True)]
        weight, error = _product(weights, [delta[some] for delta in deltas])
        yield Taps(some, scene.address_of(pixels, some), weight, np.minimum(1.0, error))


def _product(weights: Sequence[Array], deltas: Sequence[Array]) -> tuple[Array, Array]:
    """A product of weights in [0, 1], and how far it may move where each moves by a delta but stays there.

    |(wx + a)(wy + b) - wx wy| <= |a| min(1, wy + |b|) + |b| wx, and so on with each further weight.
    """
    weight, error = weights[0], deltas[0]
    for other, delta in zip(weights[1:], deltas[1:], strict=True):
        error = error * np.minimum(1.0, other + delta) + delta * weight
        weight = weight * other
    return weight, error


def _hat(axis: Axis, points: Indices, pixel: Array) -> Array:
    """max(0, 1 - |x - m|), the linear kernel (equation 5)."""
    return np.maximum(0.0, 1.0 - np.abs(axis.position[points] - pixel))
