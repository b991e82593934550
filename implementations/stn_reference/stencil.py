"""Where sample points read: along each axis the kernel's taps, and their products over the axes."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from stn_reference.arguments import Array, Indices, Mask
from stn_reference.extension import line_at
from stn_reference.interpolation import Kernel, Tap
from stn_reference.planes import Planes


class Line(NamedTuple):
    """A tap of one axis, where it lies in the planes, for M points."""

    offset: int | None
    """Whole steps from the points' cells; None where they differ."""
    step: Indices
    """Its part of the flat address, [M]."""
    factor: Array | float


Corner = tuple[Line, ...]
"""A pixel for each of M points: a tap of every axis, x first."""


Made = TypeVar("Made", Array, Indices)


class Axis:
    """One coordinate of M points, in pixels, along an axis of `size` pixels that lie `stride` apart.

    A point whose coordinate is not finite meets no pixel.
    """

    def __init__(self, x: Array, size: int, stride: int, kernel: Kernel, padding: str, align_corners: bool):
        self.finite: Mask = np.isfinite(x)
        self._strays = not self.finite.all()
        self._x = np.where(self.finite, x, 0.0) if self._strays else x
        self._cell = kernel.cell(self._x)
        self._size, self._stride, self._kernel = size, stride, kernel
        self._padding, self._align_corners = padding, align_corners
        self._steps: dict[int, Indices] = {}

    @cached_property
    def weights(self) -> list[Line]:
        """What the value reads."""
        return [self._line(tap) for tap in self._kernel.weights(self._x, self._cell)]

    @cached_property
    def slopes(self) -> list[Line]:
        """What its derivative along this axis reads."""
        return [self._line(tap) for tap in self._kernel.slopes(self._x, self._cell)]

    def _line(self, tap: Tap) -> Line:
        if not isinstance(tap.offset, int):
            return Line(None, self._step(tap.offset), tap.factor)
        # Weights and slopes read the same pixels.
        if tap.offset not in self._steps:
            self._steps[tap.offset] = self._step(tap.offset)
        return Line(tap.offset, self._steps[tap.offset], tap.factor)

    def _step(self, offset: int | Indices) -> Indices:
        line = line_at(self._cell, offset, self._size, self._padding, self._align_corners)
        if self._strays:
            line[~self.finite] = -1
        line *= self._stride
        return line


class Stencil:
    """M points over planes.

    Args:
        points: x, y[, z], in pixels, [N, M / N] each.
    """

    def __init__(
        self, planes: Planes, points: Sequence[Array], kernel: Kernel, padding: str, align_corners: bool
    ):
        self._pixels = planes.pixels
        self._starts: Indices = np.repeat(planes.starts, points[0].shape[1])
        self._axes = [
            Axis(x.reshape(-1), size, stride, kernel, padding, align_corners)
            for x, size, stride in zip(points, planes.lengths, planes.strides, strict=True)
        ]
        self.finite: Mask = np.logical_and.reduce([axis.finite for axis in self._axes])
        self._addresses: dict[tuple[int | None, ...], Indices] = {}
        self._reads: dict[tuple[int | None, ...], Array] = {}

    def value(self) -> Array:
        """Equation 5: V = sum_n sum_m U_nm k(x - m) k(y - n), [C, M], first along x, then along y."""
        return _weighed(self._read, [axis.weights for axis in self._axes])

    def slope(self, v: Array, along: int) -> Array:
        """Equation 7, with channels: sum_c v_c dV_c/dx, [M]; dV/dx has k'(x - m) in place of k(x - m).

        First along x: what is weighed and summed are differences of pixels.
        """
        slopes = self._axes[along].slopes
        if not slopes:
            return np.zeros(v.shape[1])

        def across(others: Corner) -> Array:
            pixels = [self._read_once((*others[:along], line, *others[along:])) for line in slopes]
            return np.asarray(np.einsum("cm,cm->m", v, _summed(slopes, pixels)))

        return _weighed(across, [axis.weights for number, axis in enumerate(self._axes) if number != along])

    def terms(self) -> Iterator[tuple[Indices, Array | float]]:
        """The address [M] and weight of every pixel that the values read."""
        for corner, weight in _products([axis.weights for axis in self._axes]):
            yield self._address(corner), weight

    def _read(self, corner: Corner) -> Array:
        # No address is outside, so that "wrap" changes none; the default looks, and keeps other threads waiting.
        return self._pixels.take(self._address(corner), axis=1, mode="wrap")

    def _read_once(self, corner: Corner) -> Array:
        """Kept, for the slopes along every axis read the same pixels."""
        return _kept(self._reads, corner, self._read)

    def _address(self, corner: Corner) -> Indices:
        return _kept(self._addresses, corner, self._sum_of_steps)

    def _sum_of_steps(self, corner: Corner) -> Indices:
        address = self._starts + corner[0].step
        for line in corner[1:]:
            address += line.step
        return address


def _kept(store: dict[tuple[int | None, ...], Made], corner: Corner, make: Callable[[Corner], Made]) -> Made:
    place = tuple(line.offset for line in corner)
    if None in place:
        return make(corner)
    if place not in store:
        store[place] = make(corner)
    return store[place]


def _summed(lines: Sequence[Line], pixels: Sequence[Array]) -> Array:
    """The pixels times their factors, summed."""
    factors = [line.factor for line in lines]
    if all(isinstance(factor, float) for factor in factors) and factors == [-1.0, 1.0]:
        return pixels[1] - pixels[0]
    total = pixels[0] * lines[0].factor
    for line, read in zip(lines[1:], pixels[1:], strict=True):
        total += read * line.factor
    return total


def _weighed(read: Callable[[Corner], Array], axes: Sequence[Sequence[Line]], corner: Corner = ()) -> Array:
    """What is read at the corners, times the factors, summed along the first axis first."""
    if not axes:
        return read(corner)
    *inner, outer = axes
    first, *rest = outer
    total = _weighed(read, inner, (first, *corner))
    total *= first.factor
    for line in rest:
        term = _weighed(read, inner, (line, *corner))
        term *= line.factor
        total += term
    return total


def _products(axes: Sequence[Sequence[Line]], corner: Corner = ()) -> Iterator[tuple[Corner, Array | float]]:
    """Each corner with the product of its factors."""
    *inner, outer = axes
    for line in outer:
        if not inner:
            yield (line, *corner), line.factor
            continue
        for reached, factor in _products(inner, (line, *corner)):
            yield reached, factor * line.factor
