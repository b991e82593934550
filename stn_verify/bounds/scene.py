"""Sample points over an image, point by point: where each reads, how uncertain that is, and the pixels around it.

Points are flat: M = N Ho Wo rows, and arrays of pixels are [C, M]. Every padding is an infinitely extended image
(stn_reference.extension), so that the kinks are the integers, everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from stn_reference import affine_pixels, pixel_scale, to_pixels
from stn_verify.bounds.arithmetic import COORDINATE, REFLECTION, THETA, Arithmetic
from stn_verify.bounds.extension import Extension, Indices
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array

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


@dataclass(frozen=True)
class Corners:
    """The four pixels of a cell, [C, M] each: rows first, so p01 is right of p00 and p10 below it."""

    p00: Array
    p01: Array
    p10: Array
    p11: Array

    @property
    def largest(self) -> Array:
        """The largest |pixel| of the cell."""
        return np.maximum(
            np.maximum(np.abs(self.p00), np.abs(self.p01)), np.maximum(np.abs(self.p10), np.abs(self.p11))
        )

    @property
    def lowest(self) -> Array:
        """The least pixel of the cell."""
        return np.minimum(np.minimum(self.p00, self.p01), np.minimum(self.p10, self.p11))

    @property
    def highest(self) -> Array:
        """The largest pixel of the cell."""
        return np.maximum(np.maximum(self.p00, self.p01), np.maximum(self.p10, self.p11))

    @property
    def steepest_x(self) -> Array:
        """The largest |dV/dx| in the cell."""
        return np.maximum(np.abs(self.p01 - self.p00), np.abs(self.p11 - self.p10))

    @property
    def steepest_y(self) -> Array:
        """The largest |dV/dy| in the cell."""
        return np.maximum(np.abs(self.p10 - self.p00), np.abs(self.p11 - self.p01))

    @property
    def twist(self) -> Array:
        """|d2V / dx dy|, constant in the cell."""
        return np.abs(self.p11 - self.p10 - self.p01 + self.p00)


@dataclass(frozen=True)
class Cells:
    """Cells that some points may also read: which points, and the left integers."""

    points: Indices
    x: Array
    y: Array


_NOWHERE = -(2**62) // 2
"""Added to any address it stays negative, twice as well."""


class Scene:
    """An image and the points at which it is read.

    Args:
        image: [N, C, H, W].
        batch: [M], the image that each point reads.
        x, y: the points' coordinates.
    """

    def __init__(
        self, image: Array, convention: Convention, batch: Indices, x: Axis, y: Axis, size: tuple[int, int]
    ):
        self.image = image
        self.convention = convention
        self.batch = batch
        self.x = x
        self.y = y
        self.size = size
        channels = image.shape[1]
        self._pixels = np.concatenate([_flat(image), np.zeros((channels, 1))], axis=1)
        self._windows: dict[tuple[float, float], tuple[list[Cells], Indices]] = {}
        # A window, the two pixels right of it, the one left of it, and the cell left of a kink.
        margin = WIDEST_WINDOW + 4
        self._columns = Extension(image.shape[3], convention, x.cell, margin)
        self._rows = Extension(image.shape[2], convention, y.cell, margin)

    def address(self, column: Array, row: Array, points: Indices | slice = slice(None)) -> Indices:
        """The flat pixel that each point's extended (column, row) means, or `none`."""
        return self._joined(self._line(row, points), self._column(column))

    @cached_property
    def addresses(self) -> tuple[Indices, Indices, Indices, Indices]:
        """The pixels of each point's own cell, in the order of Corners."""
        return self._addresses(self.x.cell, self.y.cell)

    def _addresses(
        self, column: Array, row: Array, points: Indices | slice = slice(None)
    ) -> tuple[Indices, Indices, Indices, Indices]:
        above, below = (self._line(row + step, points) for step in (0, 1))
        left, right = (self._column(column + step) for step in (0, 1))
        return (
            self._joined(above, left),
            self._joined(above, right),
            self._joined(below, left),
            self._joined(below, right),
        )

    def _line(self, row: Array, points: Indices | slice) -> Indices:
        """The flat address of a row's first pixel, or one so negative that no column brings it back."""
        _, _, height, width = self.image.shape
        index = self._rows(row)
        start = (self.batch[points] * height + index) * width
        return np.where(index < 0, _NOWHERE, start) if self._has_gaps else start

    def _column(self, column: Array) -> Indices:
        index = self._columns(column)
        return np.where(index < 0, _NOWHERE, index) if self._has_gaps else index

    def _joined(self, line: Indices, column: Indices) -> Indices:
        address = line + column
        return np.where(address < 0, self.none, address) if self._has_gaps else address

    @property
    def _has_gaps(self) -> bool:
        return self.convention.padding == "zeros"

    def phases(self) -> dict[tuple[int, int], Indices]:
        """Of each point's own cell, the pixel with an even or odd (row, column), or `none`."""
        _, _, height, width = self.image.shape
        rows = _parities(self._rows, self.y.cell)
        columns = _parities(self._columns, self.x.cell)
        first = self.batch * (height * width)
        return {
            (i, j): np.where(
                (rows[i] < 0) | (columns[j] < 0), self.none, first + rows[i] * width + columns[j]
            )
            for i in (0, 1)
            for j in (0, 1)
        }

    @cached_property
    def corners(self) -> Corners:
        """The pixels of each point's own cell."""
        return Corners(*map(self.pixel_values, self.addresses))

    def corners_of(self, cells: Cells) -> Corners:
        """The pixels of other cells."""
        addresses = self._addresses(cells.x, cells.y, cells.points)
        return Corners(*map(self.pixel_values, addresses))

    def neighbouring(self, arithmetic: Arithmetic) -> tuple[list[Cells], Indices]:
        """The further cells within reach of rounding, and the points that may reach too many to list."""
        reach = arithmetic.u, arithmetic.c
        if reach not in self._windows:
            self._windows[reach] = self._neighbouring(arithmetic)
        return self._windows[reach]

    def _neighbouring(self, arithmetic: Arithmetic) -> tuple[list[Cells], Indices]:
        x0, x1 = self.x.window(arithmetic)
        y0, y1 = self.y.window(arithmetic)
        several = np.flatnonzero((x0 != x1) | (y0 != y1))
        if not several.size:
            return [], several
        far = (x1[several] - x0[several] >= WIDEST_WINDOW) | (y1[several] - y0[several] >= WIDEST_WINDOW)
        lost, near = several[far], several[~far]
        return list(_cells(near, x0[near], x1[near], y0[near], y1[near])), lost

    @cached_property
    def largest(self) -> Array:
        """[N, C]: the largest |pixel|."""
        return np.asarray(np.max(np.abs(self.image), axis=(2, 3), initial=0.0))

    @cached_property
    def steepest(self) -> tuple[Array, Array]:
        """[N, C] each: the largest |dV/dx| and |dV/dy| of the whole extended image."""
        return self._steepest(3), self._steepest(2)

    def _steepest(self, axis: int) -> Array:
        steps = np.abs(np.diff(self.image, axis=axis))
        steepest = np.max(steps, axis=(2, 3), initial=0.0)
        if self.convention.padding == "zeros":
            # The image falls to zero beyond its first and last pixel.
            ends = np.abs(np.take(self.image, [0, -1], axis=axis))
            steepest = np.maximum(steepest, np.max(ends, axis=(2, 3), initial=0.0))
        return np.asarray(steepest)

    @cached_property
    def spread(self) -> Array:
        """[N, C]: largest minus smallest value that any point can read."""
        if self.convention.padding != "zeros":
            return np.asarray(np.ptp(self.image, axis=(2, 3)))
        high = np.max(self.image, axis=(2, 3), initial=0.0)
        return np.asarray(high - np.min(self.image, axis=(2, 3), initial=0.0))

    def rows(self, values: Array) -> Array:
        """[N, C, Ho, Wo] as [C, M]."""
        return _flat(values)

    def planes(self, rows: Array) -> Array:
        """[C, M] as [N, C, Ho, Wo]."""
        count = self.image.shape[0]
        return np.moveaxis(rows.reshape(len(rows), count, *self.size), 0, 1)

    @property
    def none(self) -> int:
        """The flat address that means no pixel: it reads as zero."""
        return int(self._pixels.shape[1]) - 1

    def pixel_values(self, address: Indices) -> Array:
        """[C, M]: the pixels at flat addresses."""
        return np.asarray(self._pixels.take(address, axis=1))

    def no_pixels(self) -> Array:
        """Zeros to scatter into, [C, N H W + 1]."""
        return np.zeros_like(self._pixels)

    def scatter(self, sums: Array, address: Indices, values: Array) -> None:
        """sums[address] += values, where addresses repeat."""
        for channel in range(len(sums)):
            sums[channel] += np.bincount(address, weights=values[channel], minlength=sums.shape[1])

    def pixels(self, flat: Array) -> Array:
        """Sums per flat pixel and channel, [C, N H W + 1], as [N, C, H, W]."""
        count, channels, height, width = self.image.shape
        return np.moveaxis(flat[:, :-1].reshape(channels, count, height, width), 0, 1)


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


def _cells(near: Indices, x0: Array, x1: Array, y0: Array, y1: Array) -> Iterator[Cells]:
    """Every cell of every window, in as few vectorised groups as the widest window has cells."""
    if not near.size:
        return
    for row in range(int(np.max(y1 - y0)) + 1):
        for column in range(int(np.max(x1 - x0)) + 1):
            there = (x0 + column <= x1) & (y0 + row <= y1)
            yield Cells(near[there], x0[there] + column, y0[there] + row)


def sampled(image: Array, grid: Array, convention: Convention) -> Scene:
    """The scene of `sample`: grid [N, Ho, Wo, 2], normalised."""
    count, rows, columns, _ = grid.shape
    axes = []
    for number, size in ((0, image.shape[3]), (1, image.shape[2])):
        pixels = to_pixels(grid[..., number].ravel(), size, convention.align_corners)
        axes.append(_axis(pixels, 0.0, size, convention))
    batch = np.repeat(np.arange(count), rows * columns)
    return Scene(image, convention, batch, axes[0], axes[1], (rows, columns))


def transformed(image: Array, theta: Array, size: tuple[int, int], convention: Convention) -> Scene:
    """The scene of `transform`: theta [N, 2, 3], the output's size (Ho, Wo)."""
    aligned = convention.align_corners
    pixels = affine_pixels(theta, size, (image.shape[2], image.shape[3]), align_corners=aligned)
    points = size[0] * size[1]
    axes = []
    for number, length in ((0, image.shape[3]), (1, image.shape[2])):
        # |X|, |Y| <= 1 on the target grid, so the coefficients alone bound every term.
        terms = THETA * pixel_scale(length, aligned) * np.abs(theta[:, number, :]).sum(axis=1)
        axes.append(_axis(pixels[number].ravel(), np.repeat(terms, points), length, convention))
    batch = np.repeat(np.arange(len(theta)), points)
    return Scene(image, convention, batch, axes[0], axes[1], size)


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
