"""Sample points over an image, point by point: where each reads, how uncertain that is, and the pixels around it.

Points are flat: M = N Ho Wo rows (N Do Ho Wo in a volume), and arrays of pixels are [C, M]. Axes are numbered as a grid's
coordinates: 0 is x, the image's last axis, 1 is y, 2 is z. Every padding is an infinitely extended image
(stn_reference.extension), so that the kinks are the integers, everywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt

from stn_reference import pixel_scale, to_pixels
from stn_verify.bounds.affine import affine_pixels
from stn_verify.bounds.arithmetic import COORDINATE, REFLECTION, THETA, Arithmetic
from stn_verify.bounds.corners import Cells, Corners
from stn_verify.bounds.extension import Extension, Indices
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array

Mask = npt.NDArray[np.bool_]

WIDEST_WINDOW = 6
"""Cells that are looked at one by one; beyond, the extremes of the whole image bound what may be reached."""


@dataclass(frozen=True)
class Axis:
    """One coordinate of all points, in pixels; its uncertainty is u times `magnitude`.

    Where the extended image is constant (zeros and border, outside), the position is moved next to the image, and `beyond` says
    from how far: rounding has to carry it all the way back before it reads anything else.
    """

    position: Array
    magnitude: Array
    beyond: Array
    reach: Array
    """|x| + W, of which one rounding of the coordinate itself is a share."""
    size: int
    scale: float
    """d pixel / d normalised."""

    @cached_property
    def cell(self) -> Array:
        """The integer at or left of each point."""
        return np.floor(self.position)

    @cached_property
    def fraction(self) -> Array:
        """The distance right of it, in [0, 1)."""
        return self.position - self.cell

    def uncertainty(self, arithmetic: Arithmetic) -> Array:
        """How far a right implementation may read from the exact point, in pixels."""
        moved = arithmetic.u * self.magnitude + arithmetic.c * self.reach
        return np.maximum(moved - self.beyond, 0.0)

    def uncertainty_nearby(self, arithmetic: Arithmetic) -> Array:
        """The same for any point at most one pixel from here."""
        return arithmetic.u * (self.magnitude + COORDINATE + REFLECTION) + arithmetic.c * (self.reach + 1)

    def window(self, arithmetic: Arithmetic) -> tuple[Array, Array]:
        """First and last cell that a right implementation may read, a cell being named by its left integer."""
        delta = self.uncertainty(arithmetic)
        return np.minimum(self.cell, np.floor(self.position - delta)), np.floor(self.position + delta)


KEPT = 2**18
"""Numbers of a group of further cells that are kept; larger groups are read again where they are needed."""

_STEPS = np.array([[0.0], [1.0]])

_NOWHERE = -(2**62) // 2
"""Added to any address it stays negative, three times as well."""


class Scene:
    """An image and the points at which it is read.

    Args:
        image: [N, C, H, W] or [N, C, D, H, W].
        batch: [M], the image that each point reads.
        axes: the points' coordinates, x first.
        size: the output's.
    """

    def __init__(
        self,
        image: Array,
        convention: Convention,
        batch: Indices,
        axes: Sequence[Axis],
        size: tuple[int, ...],
    ):
        self.image = image
        self.convention = convention
        self.batch = batch
        self.axes = tuple(axes)
        self.size = size
        self.spatial = tuple(range(2, image.ndim))
        """The image's axes that are not its batch and its channels."""
        channels = image.shape[1]
        self._pixels = np.concatenate([_flat(image), np.zeros((channels, 1))], axis=1)
        self._cells: dict[Cells, Corners] = {}
        self._windows: dict[tuple[float, float], tuple[list[Cells], Indices]] = {}
        # A window, the two pixels right of it, the one left of it, and the cell left of a kink.
        margin = WIDEST_WINDOW + 4
        self._extensions = [Extension(axis.size, convention, axis.cell, margin) for axis in self.axes]
        self._strides = [prod(image.shape[image.ndim - number :]) for number in range(len(self.axes))]

    @property
    def x(self) -> Axis:
        """Along the image's rows."""
        return self.axes[0]

    @property
    def y(self) -> Axis:
        """Along its columns."""
        return self.axes[1]

    def across(self, number: int) -> Iterator[tuple[int, Axis]]:
        """Every axis but one, with its number."""
        return ((other, axis) for other, axis in enumerate(self.axes) if other != number)

    def address(self, column: Array, row: Array, points: Indices | slice = slice(None)) -> Indices:
        """The flat pixel that each point's extended (column, row) means, or `none`: of an image."""
        return self.address_of((column, row), points)

    def address_of(self, integers: Sequence[Array], points: Indices | slice = slice(None)) -> Indices:
        """The flat pixel that each point's extended integers mean, x first, or `none`."""
        address = self._start[points]
        for number, integer in enumerate(integers):
            address = address + self._offset(number, integer)
        return self._there(address)

    @cached_property
    def addresses(self) -> Indices:
        """The pixels of each point's own cell, in the order of Corners: [2, ..., 2, M]."""
        return self._addresses([axis.cell for axis in self.axes])

    def _addresses(self, firsts: Sequence[Array], points: Indices | slice = slice(None)) -> Indices:
        address = self._start[points]
        for number in reversed(range(len(firsts))):
            first = firsts[number]
            address = address[..., None, :] + self._offset(number, first + _STEPS)
        return self._there(address)

    @cached_property
    def _start(self) -> Indices:
        """The first pixel of each point's image."""
        return np.asarray(self.batch * prod(self.image.shape[2:]))

    def _offset(self, number: int, integers: Array) -> Indices:
        """What an axis adds to the address; where there is no pixel, what no other axis makes up for."""
        index, stride = self._extensions[number](integers), self._strides[number]
        offset = index * stride if stride != 1 else index
        return np.where(index < 0, _NOWHERE, offset) if self._has_gaps else offset

    def _there(self, address: Indices) -> Indices:
        return np.where(address < 0, self.none, address) if self._has_gaps else address

    @property
    def _has_gaps(self) -> bool:
        return self.convention.padding == "zeros"

    def phases(self) -> dict[tuple[int, ...], Indices]:
        """Of each point's own cell, the pixel with even or odd indices, in the order of the image's axes, or `none`."""
        parities = [
            [np.where(index < 0, _NOWHERE, index * stride) for index in _parities(extension, axis.cell)]
            for axis, extension, stride in zip(self.axes, self._extensions, self._strides, strict=True)
        ]
        found = {}
        for phase in product((0, 1), repeat=len(self.axes)):
            address = self._start
            for odd, offsets in zip(reversed(phase), parities, strict=True):
                address = address + offsets[odd]
            found[phase] = np.where(address < 0, self.none, address)
        return found

    @cached_property
    def corners(self) -> Corners:
        """The pixels of each point's own cell."""
        return Corners(self.pixel_values(self.addresses))

    def corners_of(self, cells: Cells) -> Corners:
        """The pixels of other cells."""
        corners = self._cells.get(cells)
        if corners is None:
            corners = Corners(self.pixel_values(self._addresses(cells.firsts, cells.points)))
            if corners.values.size <= KEPT:
                self._cells[cells] = corners
        return corners

    def neighbouring(self, arithmetic: Arithmetic) -> tuple[list[Cells], Indices]:
        """The further cells within reach of rounding, and the points that may reach too many to list."""
        reach = arithmetic.u, arithmetic.c
        if reach not in self._windows:
            self._windows[reach] = self._neighbouring(arithmetic)
        return self._windows[reach]

    def _neighbouring(self, arithmetic: Arithmetic) -> tuple[list[Cells], Indices]:
        windows = [axis.window(arithmetic) for axis in self.axes]
        several = np.flatnonzero(_any(first != last for first, last in windows))
        if not several.size:
            return [], several
        far = _any(last[several] - first[several] >= WIDEST_WINDOW for first, last in windows)
        lost, near = several[far], several[~far]
        return list(_cells(near, [(first[near], last[near]) for first, last in windows])), lost

    @cached_property
    def largest(self) -> Array:
        """[N, C]: the largest |pixel|."""
        return np.asarray(np.max(np.abs(self.image), axis=self.spatial, initial=0.0))

    @cached_property
    def steepest(self) -> tuple[Array, ...]:
        """[N, C] each: the largest |dV/dx|, |dV/dy|, ... of the whole extended image."""
        return tuple(self._steepest(axis) for axis in reversed(self.spatial))

    def _steepest(self, axis: int) -> Array:
        steps = np.abs(np.diff(self.image, axis=axis))
        steepest = np.max(steps, axis=self.spatial, initial=0.0)
        if self.convention.padding == "zeros":
            # The image falls to zero beyond its first and last pixel.
            ends = np.abs(np.take(self.image, [0, -1], axis=axis))
            steepest = np.maximum(steepest, np.max(ends, axis=self.spatial, initial=0.0))
        return np.asarray(steepest)

    @cached_property
    def spread(self) -> Array:
        """[N, C]: largest minus smallest value that any point can read."""
        if self.convention.padding != "zeros":
            return np.asarray(np.ptp(self.image, axis=self.spatial))
        high = np.max(self.image, axis=self.spatial, initial=0.0)
        return np.asarray(high - np.min(self.image, axis=self.spatial, initial=0.0))

    def rows(self, values: Array) -> Array:
        """[N, C, Ho, Wo] (or [N, C, Do, Ho, Wo]) as [C, M]."""
        return _flat(values)

    def planes(self, rows: Array) -> Array:
        """[C, M] as `rows` had it."""
        count = self.image.shape[0]
        return np.moveaxis(rows.reshape(len(rows), count, *self.size), 0, 1)

    @property
    def none(self) -> int:
        """The flat address that means no pixel: it reads as zero."""
        return int(self._pixels.shape[1]) - 1

    def pixel_values(self, address: Indices) -> Array:
        """[C, M]: the pixels at flat addresses [M]; addresses of another shape take the place of M."""
        return np.asarray(self._pixels.take(address, axis=1))

    def no_pixels(self) -> Array:
        """Zeros to scatter into, [C, N H W + 1]."""
        return np.zeros_like(self._pixels)

    def scatter(self, sums: Array, address: Indices, values: Array) -> None:
        """sums[address] += values, where addresses repeat."""
        for channel in range(len(sums)):
            sums[channel] += np.bincount(address, weights=values[channel], minlength=sums.shape[1])

    def pixels(self, flat: Array) -> Array:
        """Sums per flat pixel and channel, [C, N H W + 1], in the image's shape."""
        count, channels, *size = self.image.shape
        return np.moveaxis(flat[:, :-1].reshape(channels, count, *size), 0, 1)


def _flat(planes: Array) -> Array:
    """[N, C, H, W] as [C, N H W]: channels outermost, so that one weight per point serves them all in long loops."""
    count, channels, *size = planes.shape
    return np.moveaxis(planes, 1, 0).reshape(channels, count * prod(size))


def _parities(extension: Extension, cell: Array) -> tuple[Indices, Indices]:
    """The even and the odd index among the two pixels of each cell; -1 where there is none."""
    first, second = extension(cell), extension(cell + 1)
    # -1 is odd in two's complement.
    odd, other_odd = (first & 1) == 1, (second & 1) == 1
    even_index = np.where(odd, np.where(other_odd, -1, second), first)
    odd_index = np.where(odd & (first >= 0), first, np.where(other_odd, second, -1))
    return even_index, odd_index


def _any(masks: Iterator[Mask]) -> Mask:
    found = next(masks)
    for mask in masks:
        found = found | mask
    return found


def _cells(near: Indices, windows: Sequence[tuple[Array, Array]]) -> Iterator[Cells]:
    """Every cell of every window, in as few vectorised groups as the widest window has cells."""
    if not near.size:
        return
    widths = [range(int(np.max(last - first)) + 1) for first, last in windows]
    for steps in product(*reversed(widths)):
        firsts = [first + step for (first, _), step in zip(windows, reversed(steps), strict=True)]
        there = ~_any(place > last for place, (_, last) in zip(firsts, windows, strict=True))
        yield Cells(near[there], tuple(place[there] for place in firsts))


def sampled(image: Array, grid: Array, convention: Convention) -> Scene:
    """The scene of `sample`: grid [N, Ho, Wo, 2] or [N, Do, Ho, Wo, 3], normalised."""
    count, *size, coordinates = grid.shape
    axes = []
    for number in range(coordinates):
        length = image.shape[-1 - number]
        pixels = to_pixels(grid[..., number].ravel(), length, convention.align_corners)
        axes.append(_axis(pixels, 0.0, length, convention))
    return Scene(image, convention, np.repeat(np.arange(count), prod(size)), axes, tuple(size))


def transformed(image: Array, theta: Array, size: tuple[int, ...], convention: Convention) -> Scene:
    """The scene of `transform`: theta [N, 2, 3] or [N, 3, 4], the output's size."""
    aligned = convention.align_corners
    pixels = affine_pixels(theta, size, image.shape[2:], align_corners=aligned)
    points = prod(size)
    axes = []
    for number, places in enumerate(pixels):
        length = image.shape[-1 - number]
        # |X|, |Y| <= 1 on the target grid, so the coefficients alone bound every term.
        terms = THETA * pixel_scale(length, aligned) * np.abs(theta[:, number, :]).sum(axis=1)
        axes.append(_axis(places.ravel(), np.repeat(terms, points), length, convention))
    return Scene(image, convention, np.repeat(np.arange(len(theta)), points), axes, size)


def _axis(pixels: Array, roundings: Array | float, size: int, convention: Convention) -> Axis:
    """`roundings`: those before the coordinate was in normalised units, in pixels over u."""
    folding = REFLECTION if convention.padding == "reflection" else 0.0
    reach = np.abs(pixels) + size
    magnitude = (COORDINATE + folding) * reach + roundings
    position = pixels
    # A cubic kernel reads one pixel further to either side, and the border becomes constant a pixel later.
    further = float(convention.interpolation == "bicubic")
    if convention.padding == "zeros":
        position = np.clip(pixels, -1.5 - further, size + 0.5 + further)
    elif convention.padding == "border":
        position = np.clip(pixels, -0.5 - further, size - 0.5 + further)
    scale = pixel_scale(size, convention.align_corners)
    return Axis(position, magnitude, np.abs(pixels - position), reach, size, scale)
