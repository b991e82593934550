"""The pixels of the cells of LANES outputs, and their blend: read in whole rows where the cells lie in few, else one by one.

Pixels that are not in the image count as zero, whatever their weight.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.lanes import paired
from stn_production.cpu.memory import gather_pairs, load, store, store_some
from stn_production.cpu.points import Shape
from stn_production.cpu.shuffles import lane_of, pick
from stn_production.cpu.vector_type import LANES
from stn_production.cpu.vectors import bits, element_of, fma, select, splat

ALL = (1 << LANES) - 1
MOST_ROWS = 5  # that a group's cells lie in, up to which reading rows is quicker than a pixel at a time


@njit(cache=True, nogil=True)
def rows_of(a: float, d: float, size: int) -> int:
    """Return how many rows of 2 LANES pixels hold the cells of any group, or 0 where that is no way to read them.

    a, d: the way from lane to lane. What rounding moves a coordinate by is below 1e-5.
    """
    wide, high = math.ceil((LANES - 1) * abs(a) + 1e-5), math.ceil((LANES - 1) * abs(d) + 1e-5)
    return high + 2 if (wide + 2 <= 2 * LANES) & (high + 2 <= MOST_ROWS) & (size >= 2 * LANES) else 0


@njit(cache=True, nogil=True)
def least(numbers: Any) -> int:
    """Return the least of integers that only rise, or only fall, from lane to lane, as a group's columns and rows do."""
    return min(lane_of(numbers, 0), lane_of(numbers, LANES - 1))


@njit(cache=True, nogil=True)
def read_row(image: Any, size: int, at: int, column: Any) -> Any:
    """Return the pixels at + column and at + column + 1, where they lie in image[0 : size] and not beyond 2 LANES from `at`."""
    start = min(max(at, 0), size - 2 * LANES)
    low, high = load(image, start, LANES), load(image, start + LANES, LANES)
    index = column + splat(np.int32(at - start), LANES)
    return pick(low, high, index), pick(low, high, index + splat(np.int32(1), LANES))


@njit(cache=True, nogil=True, forceinline=True)
def read_windows(
    output: Any, to: int, count: int, image: Any, size: int, at: int, shape: Shape, column: Any, p: Any, row: Any, q: Any,
    start: int, first: int, reach: int, part: Any,
) -> None:  # fmt: skip
    """Write a group's outputs from the `reach` rows from `first` on, each read whole from column `start` on."""
    _, C, H, W, Ho, Wo = shape
    nothing, one = splat(element_of(0.0, part), LANES), splat(element_of(1.0, part), LANES)
    zero, minus, last_column = (
        splat(np.int32(0), LANES),
        splat(np.int32(-1), LANES),
        splat(np.int32(W - 1), LANES),
    )
    has_left, has_right = (
        (column >= zero) & (column <= last_column),
        (column >= minus) & (column < last_column),
    )
    left, up, next_row = one - p, one - q, row - minus
    offset = column - splat(np.int32(start), LANES)
    for c in range(C):
        above, below = nothing, nothing
        for k in range(reach):
            r = min(max(first + k, 0), H - 1)
            here = splat(np.int32(r), LANES)
            v0, v1 = read_row(image, size, at + (c * H + r) * W + start, offset)
            across = fma(select(has_right, v1, nothing), p, left * select(has_left, v0, nothing))
            above, below = select(row == here, across, above), select(next_row == here, across, below)
        result = fma(q, below, up * above)
        if count == LANES:
            store(output, to + c * Ho * Wo, result)
        else:
            store_some(output, to + c * Ho * Wo, count, result)


@njit(cache=True, nogil=True)
def read_pixels(
    output: Any, to: int, count: int, image: Any, at: int, shape: Shape, column: Any, p: Any, row: Any, q: Any, part: Any,
) -> None:  # fmt: skip
    """Write a group's outputs from its cells one by one."""
    _, C, H, W, Ho, Wo = shape
    nothing, one = splat(element_of(0.0, part), LANES), splat(element_of(1.0, part), LANES)
    zero, last_column, last_row = (
        splat(np.int32(0), LANES), splat(np.int32(W - 1), LANES), splat(np.int32(H - 1), LANES)
    )  # fmt: skip
    inside = (column >= zero) & (column < last_column) & (row >= zero) & (row < last_row)
    if count == LANES and bits(inside) == ALL:
        left, up = one - p, one - q
        w00, w01, w10, w11 = left * up, p * up, left * q, p * q
        where = row * splat(np.int32(W), LANES) + column
        for c in range(C):
            v00, v01 = gather_pairs(image, at + c * H * W, where)
            v10, v11 = gather_pairs(image, at + c * H * W + W, where)
            store(output, to + c * Ho * Wo, fma(w11, v11, fma(w10, v10, fma(w01, v01, w00 * v00))))
        return
    column, left, right, has_left, has_right = paired(column, p, W, part)
    row, up, down, has_up, has_down = paired(row, q, H, part)
    touched = bits((has_left | has_right) & (has_up | has_down)) != 0
    where = row * splat(np.int32(W), LANES) + column
    for c in range(C):
        result = nothing
        if touched:
            v00, v01 = gather_pairs(image, at + c * H * W, where)
            v10, v11 = gather_pairs(image, at + c * H * W + W, where)
            result = left * up * select(has_left & has_up, v00, nothing)
            result = fma(right * up, select(has_right & has_up, v01, nothing), result)
            result = fma(left * down, select(has_left & has_down, v10, nothing), result)
            result = fma(right * down, select(has_right & has_down, v11, nothing), result)
        store_some(output, to + c * Ho * Wo, count, result)


@njit(cache=True, nogil=True, forceinline=True)
def in_rows(
    image: Any, size: int, at: int, top: int, end: int, W: int, column: Any, row: Any, has_left: Any, has_right: Any,
    start: int, first: int, reach: int, part: Any,
) -> Any:  # fmt: skip
    """Return the four pixels of a group's cells, zero where not in image rows top to end, read in whole rows."""
    nothing = splat(element_of(0.0, part), LANES)
    next_row = row + splat(np.int32(1), LANES)
    offset = column - splat(np.int32(start), LANES)
    v00, v01, v10, v11 = nothing, nothing, nothing, nothing
    for k in range(reach):
        r = min(max(first + k, top), end - 1)
        here = splat(np.int32(r), LANES)
        left, right = read_row(image, size, at + (r - top) * W + start, offset)
        above, below = row == here, next_row == here
        v00, v10 = select(above & has_left, left, v00), select(below & has_left, left, v10)
        v01, v11 = select(above & has_right, right, v01), select(below & has_right, right, v11)
    return v00, v01, v10, v11


@njit(cache=True, nogil=True, forceinline=True)
def one_by_one(
    image: Any,
    at: int,
    top: int,
    end: int,
    W: int,
    column: Any,
    row: Any,
    has_left: Any,
    has_right: Any,
    part: Any,
) -> Any:
    """Return the same, read in pairs: at the image's edges from the pair beside, two columns and rows there are."""
    nothing, zero, one = (
        splat(element_of(0.0, part), LANES),
        splat(np.int32(0), LANES),
        splat(np.int32(1), LANES),
    )
    down, lowest, last = (
        row - splat(np.int32(top), LANES),
        splat(np.int32(end - top - 2), LANES),
        splat(np.int32(W - 2), LANES),
    )
    x = select(column < zero, zero, select(column > last, last, column))
    y = select(down < zero, zero, select(down > lowest, lowest, down))
    where = y * splat(np.int32(W), LANES) + x
    v00, v01 = gather_pairs(image, at, where)
    v10, v11 = gather_pairs(image, at + W, where)
    v00, v01 = select(column > x, v01, v00), select(column < x, v00, v01)
    v10, v11 = select(column > x, v11, v10), select(column < x, v10, v11)
    v00, v10 = select(down > y, v10, v00), select(down < y, v00, v10)
    v01, v11 = select(down > y, v11, v01), select(down < y, v01, v11)
    has_up = (down >= zero) & (down <= lowest + one)
    has_low = (down + one >= zero) & (down <= lowest)
    return (
        select(has_up & has_left, v00, nothing), select(has_up & has_right, v01, nothing),
        select(has_low & has_left, v10, nothing), select(has_low & has_right, v11, nothing),
    )  # fmt: skip
