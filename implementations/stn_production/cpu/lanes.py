"""Where LANES neighbouring outputs of one row sample: pixels, weights, and which of them need no test.

A coordinate is kept as a whole number and a part in [0, 1): the float64 coordinate of the group's first output, and each lane's
way on from there, both split. Their sum loses nothing to the size of the image, in float32 as well.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.memory import load, store, store_scalar
from stn_production.cpu.vector_type import LANES
from stn_production.cpu.vectors import bits, element_of, select, splat

Array = np.ndarray[Any, Any]

FAR = 2.0**29  # beyond every image, and an int32


@njit(cache=True, nogil=True)
def split_steps(coefficients: Array, n: int, whole: Array, part: Array) -> None:
    """Write each lane's way from the group's first output, for x and y: whole int32 and part, [2, LANES]."""
    for axis in range(2):
        for lane in range(LANES):
            way = coefficients[6 * n + 3 * axis] * lane
            floor = math.floor(way)
            store_scalar(whole, LANES * axis + lane, np.int32(floor))
            store_scalar(part, LANES * axis + lane, element_of(way - floor, part))


@njit(cache=True, nogil=True)
def reciprocal(d: float) -> float:
    """Return 1 / d, or 0 of 0."""
    return 1 / d if d != 0 else 0.0


@njit(cache=True, nogil=True)
def columns_between(
    y0: float, d: float, inverse: float, Wo: int, lowest: float, highest: float
) -> tuple[int, int]:
    """Return the columns j with lowest <= y0 + d j' <= highest, and a few more: the first a multiple of LANES, and the end.

    inverse: 1 / d, which is not read where d is as good as 0.
    """
    if abs(d) * Wo < 1:
        return (0, Wo) if lowest - 1 <= y0 <= highest + 1 else (0, 0)
    centre = (Wo - 1) / 2
    one, other = (lowest - y0) * inverse + centre, (highest - y0) * inverse + centre
    first, end = min(max(min(one, other) - 1, 0.0), float(Wo)), min(max(max(one, other) + 2, 0.0), float(Wo))
    return math.floor(first) // LANES * LANES, math.floor(end)


@njit(cache=True, nogil=True)
def _axis(base: float, whole: Array, part: Array, axis: int) -> Any:
    base = min(max(base, -FAR), FAR)
    floor = math.floor(base)
    index = load(whole, LANES * axis, LANES) + splat(np.int32(floor), LANES)
    weight = load(part, LANES * axis, LANES) + splat(element_of(base - floor, part), LANES)
    one = splat(element_of(1.0, part), LANES)
    carry = weight >= one
    index = select(carry, index + splat(np.int32(1), LANES), index)
    return index, select(carry, weight - one, weight)


@njit(cache=True, nogil=True)
def _clipped(index: Any, weight: Any, length: int, part: Array) -> Any:
    """Keep what lies outside at the border pixel, where it has no slope."""
    last = splat(np.int32(length - 1), LANES)
    zero = splat(np.int32(0), LANES)
    low, high = index < zero, index >= last
    outside = low | high
    nothing = splat(element_of(0.0, part), LANES)
    index = select(low, zero, select(high, last, index))
    return (
        index,
        select(outside, nothing, weight),
        select(outside, nothing, splat(element_of(1.0, part), LANES)),
    )


@njit(cache=True, nogil=True)
def coordinates(x: float, y: float, whole: Any, part: Any, padding: int, W: int, H: int) -> Any:
    """Return column, p and slope along x, then row, q and slope along y, of a group whose first output samples (x, y)."""
    column, p = _axis(x, whole, part, 0)
    row, q = _axis(y, whole, part, 1)
    one = splat(element_of(1.0, part), LANES)
    slope_x, slope_y = one, one
    if padding == 1:
        column, p, slope_x = _clipped(column, p, W, part)
        row, q, slope_y = _clipped(row, q, H, part)
    return column, p, slope_x, row, q, slope_y


@njit(cache=True, nogil=True)
def place(
    x: float, y: float, whole: Array, part: Array, padding: int, W: int, H: int, top: int, end: int,
    columns: Array, rows: Array, weights: Array,
) -> tuple[int, int]:  # fmt: skip
    """Place a group whose first output samples (x, y), for the image rows top to end.

    columns, rows: int32 [LANES], the pixel up and left. weights [8, LANES]: of the four pixels, row by row, the parts p and q of
    the coordinates, and their slopes. Returned, as bits: which lanes have all
    four pixels in these rows and slopes of 1, and which have any pixel.
    """
    column, p, slope_x, row, q, slope_y = coordinates(x, y, whole, part, padding, W, H)
    one = splat(element_of(1.0, part), LANES)
    store(columns, 0, column)
    store(rows, 0, row)
    store(weights, 0, (one - p) * (one - q))
    store(weights, LANES, p * (one - q))
    store(weights, 2 * LANES, (one - p) * q)
    store(weights, 3 * LANES, p * q)
    store(weights, 4 * LANES, p)
    store(weights, 5 * LANES, q)
    store(weights, 6 * LANES, slope_x)
    store(weights, 7 * LANES, slope_y)
    zero, minus = splat(np.int32(0), LANES), splat(np.int32(-1), LANES)
    first, before = splat(np.int32(top), LANES), splat(np.int32(top - 1), LANES)
    last_column, last_row = splat(np.int32(W - 1), LANES), splat(np.int32(end - 1), LANES)
    sloped = (slope_x == one) & (slope_y == one)
    full = sloped & (column >= zero) & (column < last_column) & (row >= first) & (row < last_row)
    some = (column >= minus) & (column <= last_column) & (row >= before) & (row <= last_row)
    return bits(full), bits(some)


@njit(cache=True, nogil=True)
def paired(index: Any, weight: Any, length: int, part: Any) -> Any:
    """Return the first of two neighbouring pixels in the image, the weights of both and which of them are touched at all.

    At the image's edges the one pixel that is touched may be the second of the pair, or the first the cell's second.
    """
    least, most = splat(np.int32(0), LANES), splat(np.int32(length - 2), LANES)
    first = select(index < least, least, select(index > most, most, index))
    step = index - first
    here, before, after = (
        step == splat(np.int32(0), LANES),
        step == splat(np.int32(-1), LANES),
        step == splat(np.int32(1), LANES),
    )
    nothing, rest = splat(element_of(0.0, part), LANES), splat(element_of(1.0, part), LANES) - weight
    weight_first = select(here, rest, select(before, weight, nothing))
    weight_second = select(here, weight, select(after, rest, nothing))
    return first, weight_first, weight_second, here | before, here | after
