"""What an interpolation kernel is: along one axis, which pixels a point reads, with which weights and slopes.

The value at a point is the sum over the axes' taps of the product of their weights and the pixel there; its derivative
along an axis takes that axis' slopes in place of its weights. Padding is no concern of a kernel: its taps are those of
the extended image.
"""

from typing import NamedTuple, Protocol

import numpy as np

from stn_reference.arguments import Array, Indices


class Tap(NamedTuple):
    """A pixel of one axis for each of M points, and the factor that it is read with."""

    offset: int | Indices
    """Whole steps from the point's cell, one for all or [M]."""
    factor: Array | float
    """A weight, or in a derivative a slope; one for all or [M]."""


class Kernel(Protocol):
    """One coordinate of M points in, finite and in pixels, [M]."""

    def cell(self, x: Array) -> Array:
        """The integers, as float64, from which the taps' offsets count."""
        ...

    def weights(self, x: Array, cell: Array) -> tuple[Tap, ...]:
        """The kernel at each pixel that the value takes."""
        ...

    def slopes(self, x: Array, cell: Array) -> tuple[Tap, ...]:
        """Its derivative with respect to x; no taps where that is zero everywhere."""
        ...


def distances(x: Array, cell: Array) -> tuple[Array, Array]:
    """How far x lies from its cell's left end and from its right end, each rounded once at most.

    x - floor(x) is exact but in cell -1, and there the other distance, -x, is.
    """
    left = x - cell
    right = 1 - left
    np.negative(x, out=right, where=cell == -1)
    return left, right
