"""Where sample points read: along each axis the kernel's taps, and their products over the axes."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from stn_reference.arguments import Array, Indices, Mask
from stn_reference.extension import line_at
from stn_reference.interpolation import Kernel, Tap
from stn_reference.planes import Planes


class Line(NamedTuple):
    """A tap of one axis, where it lies in the planes, for M points."""

    step: Indices
    """Its part of the flat address, [M]."""
    factor: Array | float


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
            return Line(self._step(tap.offset), tap.factor)
        # Weights and slopes read the same pixels.
        if tap.offset not in self._steps:
            self._steps[tap.offset] = self._step(tap.offset)
        return Line(self._steps[tap.offset], tap.factor)

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

    def value(self) -> Array:
        """Equation 5: V = sum_n sum_m U_nm k(x - m) k(y - n), [C, M], first along x, then along y."""
        return _weighed(self._read, self._starts, [axis.weights for axis in self._axes])

    def slope(self, v: Array, along: int) -> Array:
        """Equation 7, with channels: sum_c v_c dV_c/dx, [M]; dV/dx has k'(x - m) in place of k(x - m).

        First along x: what is weighed and summed are differences of pixels.
        """
        slopes = self._axes[along].slopes
        if not slopes:
            return np.zeros(v.shape[1])

        def across(address: Indices) -> Array:
            return np.asarray(np.einsum("cm,cm->m", v, _weighed(self._read, address, [slopes])))

        others = [axis.weights for number, axis in enumerate(self._axes) if number != along]
        return _weighed(across, self._starts, others)

    def terms(self) -> Iterator[tuple[Indices, Array | float]]:
        """The address [M] and weight of every pixel that the values read."""
        return _products(self._starts, [axis.weights for axis in self._axes])

    def _read(self, address: Indices) -> Array:
        return self._pixels.take(address, axis=1)


def _weighed(read: Callable[[Indices], Array], address: Indices, axes: Sequence[Sequence[Line]]) -> Array:
    """What is read at the sums of steps, times the factors, summed along the first axis first."""
    if not axes:
        return read(address)
    *inner, outer = axes
    first, *rest = outer
    total = _weighed(read, address + first.step, inner)
    total *= first.factor
    for line in rest:
        term = _weighed(read, address + line.step, inner)
        term *= line.factor
        total += term
    return total


def _products(address: Indices, axes: Sequence[Sequence[Line]]) -> Iterator[tuple[Indices, Array | float]]:
    """Each address with the product of its factors."""
    *inner, outer = axes
    for line in outer:
        if not inner:
            yield address + line.step, line.factor
            continue
        for reached, factor in _products(address + line.step, inner):
            yield reached, factor * line.factor
