"""What the results of a nearest sampler may be: one pixel of the extended image, and no gradient of the points.

Where a coordinate's uncertainty reaches the middle between two pixels either is right: the output is one of them, the same in
every channel, and nothing between. A pixel passes through unchanged, unless the arithmetic is coarser than what it is stored in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.extension import Indices
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.scene import WIDEST_WINDOW, Axis, Scene
from stn_verify.formats import Array


@dataclass(frozen=True)
class Candidate:
    """A pixel that some points [m] may take, flat; no two of a point are the same."""

    points: Indices
    address: Indices


@dataclass(frozen=True)
class Choice:
    """What every point [M] may take: `first` is one candidate, `further` the others; `lost` may take any pixel."""

    first: Indices
    further: tuple[Candidate, ...]
    lost: Indices

    @property
    def open(self) -> Indices:
        """The points with more than one candidate."""
        some = [each.points for each in self.further]
        return np.unique(np.concatenate(some)) if some else np.zeros(0, dtype=np.int64)


def reach(axis: Axis, arithmetic: Arithmetic) -> tuple[Array, Array]:
    """The first and the last integer, [M], that are nearest to somewhere within a coordinate's uncertainty."""
    delta = axis.uncertainty(arithmetic)
    return np.ceil(axis.position - delta - 0.5), np.floor(axis.position + delta + 0.5)


def choice(scene: Scene, arithmetic: Arithmetic) -> Choice:
    """Of every point."""
    windows = [reach(axis, arithmetic) for axis in scene.axes]
    width = np.max([last - first for first, last in windows], axis=0)
    far = width >= WIDEST_WINDOW
    several = np.flatnonzero((width > 0) & ~far)
    first = scene.address_of([first for first, _ in windows])
    return Choice(first, tuple(_further(scene, several, windows, first)), np.flatnonzero(far))


def _further(
    scene: Scene, several: Indices, windows: Sequence[tuple[Array, Array]], first: Indices
) -> Iterator[Candidate]:
    if not several.size:
        return
    ends = [(low[several], high[several]) for low, high in windows]
    known = [first[several]]
    for steps in product(*(range(int(np.max(high - low)) + 1) for low, high in ends)):
        places = [low + step for (low, _), step in zip(ends, steps, strict=True)]
        address = scene.address_of(places, several)
        there = np.all([place <= high for place, (_, high) in zip(places, ends, strict=True)], axis=0)
        for other in known:
            there &= address != other
        if there.any():
            known.append(np.where(there, address, -1))
            yield Candidate(several[there], address[there])


def output(scene: Scene, values: Array, arithmetic: Arithmetic) -> Interval:
    """[N, C, Ho, Wo]: of each point's candidates the one that is closest, over all channels, to the values that came back."""
    rows = scene.rows(values)
    found = choice(scene, arithmetic)
    closest = scene.pixel_values(found.first)
    distance = _distance(rows, closest)
    for candidate in found.further:
        pixels = scene.pixel_values(candidate.address)
        other = _distance(rows[:, candidate.points], pixels)
        closer = other < distance[candidate.points]
        closest[:, candidate.points[closer]] = pixels[:, closer]
        distance[candidate.points[closer]] = other[closer]
    bound = scene.planes(_passed(arithmetic) * np.abs(closest))
    if not found.lost.size:
        return point(scene.planes(closest), bound)
    low, high = closest, closest.copy()
    low[:, found.lost], high[:, found.lost] = _anything(scene, found.lost)
    return Interval(scene.planes(low), scene.planes(high), bound)


def hull(scene: Scene, arithmetic: Arithmetic) -> Interval:
    """[N, C, Ho, Wo]: from the least to the largest candidate, whatever came back."""
    found = choice(scene, arithmetic)
    low = scene.pixel_values(found.first)
    high = low.copy()
    for candidate in found.further:
        pixels, points = scene.pixel_values(candidate.address), candidate.points
        low[:, points] = np.minimum(low[:, points], pixels)
        high[:, points] = np.maximum(high[:, points], pixels)
    if found.lost.size:
        low[:, found.lost], high[:, found.lost] = _anything(scene, found.lost)
    bound = _passed(arithmetic) * np.maximum(np.abs(low), np.abs(high))
    return Interval(scene.planes(low), scene.planes(high), scene.planes(bound))


def input_gradient(
    scene: Scene, cotangent: Array, arithmetic: Arithmetic, taken: Indices | None = None
) -> Interval:
    """dL/dU, of the image's shape: the cotangents of all points that take a pixel; those with several candidates may give to any.

    Args:
        taken: [M], the pixels that points with one candidate take; left out, those that they should.
    """
    rows = scene.rows(cotangent)
    found = choice(scene, arithmetic)
    unsure = np.zeros(rows.shape[1], dtype=bool)
    unsure[found.open] = True
    unsure[found.lost] = True
    sure = np.flatnonzero(~unsure)
    total, weighed, low, high = (scene.no_pixels() for _ in range(4))
    contributions = np.zeros(total.shape[1])
    given = found.first if taken is None else taken
    scene.scatter(total, given[sure], rows[:, sure])
    opened = found.open
    for points, address, certain in (
        (sure, given[sure], True),
        (opened, found.first[opened], False),
        *((each.points, each.address, False) for each in found.further),
    ):
        values = rows[:, points]
        scene.scatter(weighed, address, np.abs(values))
        contributions += np.bincount(address, minlength=total.shape[1])
        if not certain:
            scene.scatter(low, address, np.minimum(values, 0.0))
            scene.scatter(high, address, np.maximum(values, 0.0))
    low, high = low + total, high + total
    # n terms take n - 1 additions: a single one passes through.
    several = contributions > 1
    bound = arithmetic.u * np.maximum(contributions - 1, 0.0) * weighed + _passed(arithmetic) * weighed
    stored = arithmetic.s * (np.maximum(np.abs(low), np.abs(high)) + bound) + arithmetic.tiny
    bound = bound + np.where(several, stored, 0.0)
    least, most, margin = scene.pixels(low), scene.pixels(high), scene.pixels(bound)
    if found.lost.size:
        anywhere = np.zeros(scene.image.shape[:2])
        np.add.at(anywhere, scene.batch[found.lost], np.abs(rows[:, found.lost]).T)
        margin = margin + (1 + arithmetic.u + arithmetic.s) * np.expand_dims(anywhere, scene.spatial)
    return Interval(least, most, margin)


def nothing(shape: tuple[int, ...]) -> Interval:
    """The gradient of the points, and that of theta: exactly zero."""
    zeros = np.zeros(shape)
    return point(zeros, zeros)


def _distance(values: Array, pixels: Array) -> Array:
    """[M]: the largest over channels."""
    return np.asarray(np.max(np.abs(values - pixels), axis=0, initial=0.0))


def _passed(arithmetic: Arithmetic) -> float:
    """What a pixel may lose on its way."""
    compute, storage = arithmetic.compute, arithmetic.storage
    return compute.unit_roundoff if compute.precision < storage.precision else 0.0


def _anything(scene: Scene, lost: Indices) -> tuple[Array, Array]:
    """[C, lost] each: the least and the largest that can be read."""
    images = scene.image.reshape(*scene.image.shape[:2], -1)
    least = np.min(images, axis=2, initial=0.0)[scene.batch[lost]].T
    most = np.max(images, axis=2, initial=0.0)[scene.batch[lost]].T
    return least, most
