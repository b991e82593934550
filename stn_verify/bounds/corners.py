"""The pixels of cells: at their 2^D corners, with what these say of the multilinear function between them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from stn_verify.bounds.extension import Indices
from stn_verify.formats import Array

_SIDES: tuple[tuple[Any, Any], ...] = tuple(
    ((..., 0, *(slice(None),) * after), (..., 1, *(slice(None),) * after)) for after in (1, 2, 3)
)
"""By axis: the index of either side of a [C, 2, ..., 2, M]."""


@dataclass(frozen=True)
class Corners:
    """The pixels of one cell for each point. Axes are numbered as a grid's coordinates: 0 is x, 1 is y, 2 is z."""

    values: Array
    """[C, 2, ..., 2, M], the corner's sides in the order of the image's axes, x last."""
    _edges: dict[int, Array] = field(default_factory=dict, compare=False)
    _twists: dict[tuple[int, int], Array] = field(default_factory=dict, compare=False)

    @property
    def axes(self) -> int:
        """D."""
        return self.values.ndim - 2

    @property
    def p00(self) -> Array:
        """Of a cell of an image: upper left, [C, M]."""
        return self.values[:, 0, 0]

    @property
    def p01(self) -> Array:
        """Right of p00."""
        return self.values[:, 0, 1]

    @property
    def p10(self) -> Array:
        """Below p00."""
        return self.values[:, 1, 0]

    @property
    def p11(self) -> Array:
        """Below p01."""
        return self.values[:, 1, 1]

    @cached_property
    def sizes(self) -> Array:
        """|pixel|, of the shape of `values`."""
        return np.abs(self.values)

    @property
    def largest(self) -> Array:
        """The largest |pixel| of the cell, [C, M]."""
        return _most(self.sizes)

    @property
    def lowest(self) -> Array:
        """The least pixel of the cell."""
        return -_most(-self.values)

    @property
    def highest(self) -> Array:
        """The largest pixel of the cell."""
        return _most(self.values)

    def edges(self, axis: int) -> Array:
        """Along one axis: last pixel minus first, [C, 2, ..., 2, M] without that axis; dV/dx is a weighted mean of them."""
        if axis not in self._edges:
            first, last = _sides(self.values, axis)
            self._edges[axis] = last - first
        return self._edges[axis]

    def ends(self, axis: int) -> Array:
        """Likewise the sums |last pixel| + |first pixel|, which make up a slope."""
        first, last = _sides(self.sizes, axis)
        return first + last

    def steepest(self, axis: int) -> Array:
        """The largest |dV/dx| in the cell along an axis, [C, M]."""
        return _most(np.abs(self.edges(axis)))

    def twist(self, axis: int, other: int) -> Array:
        """The largest |d2V / dx dy| in the cell for two axes, [C, M]; with D = 2 it is constant there."""
        lower, higher = min(axis, other), max(axis, other)
        if (lower, higher) not in self._twists:
            first, last = _sides(self.edges(lower), higher - 1)
            self._twists[lower, higher] = _most(np.abs(last - first))
        return self._twists[lower, higher]

    @property
    def steepest_x(self) -> Array:
        """The largest |dV/dx| in the cell."""
        return self.steepest(0)

    @property
    def steepest_y(self) -> Array:
        """The largest |dV/dy| in the cell."""
        return self.steepest(1)


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells that some points may also read: which points, and the first integer of each cell along every axis, x first."""

    points: Indices
    firsts: tuple[Array, ...]

    @property
    def x(self) -> Array:
        """The left integers."""
        return self.firsts[0]

    @property
    def y(self) -> Array:
        """The upper integers."""
        return self.firsts[1]


def interpolated(values: Array, fractions: Iterable[Array]) -> Array:
    """Multilinear: [C, 2, ..., 2, M] with a fraction [M] for each of its axes, x first, to [C, M]."""
    for fraction in fractions:
        values = (1 - fraction) * values[..., 0, :] + fraction * values[..., 1, :]
    return values


def _sides(values: Array, axis: int) -> tuple[Array, Array]:
    first, last = _SIDES[axis]
    return values[first], values[last]


def _most(values: Array) -> Array:
    """Over all corners."""
    while values.ndim > 2:
        values = np.maximum(values[:, 0], values[:, 1])
    return values
