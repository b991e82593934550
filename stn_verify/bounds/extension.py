"""One axis of the extended image: which pixel stands at an integer."""

import numpy as np
import numpy.typing as npt

from stn_reference import extend_index
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array

Indices = npt.NDArray[np.int64]

WIDEST_TABLE = 4096
"""Integers looked up in a table; where points lie farther apart, each is worked out."""


class Extension:
    """Callable: integers of any shape, as float64, to pixel indices; -1 where the extended image is zero."""

    def __init__(self, size: int, convention: Convention, near: Array, margin: int):
        """A table is made for all integers within `margin` of those in `near`."""
        self._size = size
        self._convention = convention
        self._first = float(np.min(near, initial=0.0)) - margin
        last = float(np.max(near, initial=0.0)) + margin
        span = last - self._first
        self._table = self._index(self._first + np.arange(span + 1)) if span < WIDEST_TABLE else None

    def __call__(self, integers: Array) -> Indices:
        """The pixel at each integer."""
        if self._table is None:
            return self._index(integers)
        return self._table.take((integers - self._first).astype(np.int64))

    def _index(self, integers: Array) -> Indices:
        padding, aligned = self._convention.padding, self._convention.align_corners
        index, inside = extend_index(integers, self._size, padding, aligned)
        return index if inside.all() else np.where(inside, index, -1)
