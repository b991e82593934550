"""Where LANES neighbouring outputs sample that a grid places: pixels and weights, as exactly as in float64."""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.memory import load, load_some
from stn_production.cpu.shuffles import apart
from stn_production.cpu.vector_type import LANES
from stn_production.cpu.vectors import as_double, as_int32, element_of, floor, select, splat, vector_of


@njit(cache=True, nogil=True, forceinline=True)
def _axis(x: Any, length: int, align_corners: bool, padding: int, part: Any) -> Any:
    """Return a normalised coordinate's pixel, part and slope on one axis (zeros or border), and where it is finite."""
    if align_corners:
        x = (x + splat(1.0, LANES)) * splat((length - 1) / 2, LANES)
    else:
        x = x * splat(length / 2, LANES) + splat((length - 1) / 2, LANES)
    nothing = splat(0.0, LANES)
    finite = x - x == nothing
    lowest, highest = (-2.0, length + 0.0) if padding == 0 else (0.0, length - 1.0)
    low, high = x < splat(lowest, LANES), x >= splat(highest, LANES)
    x = select(finite, select(low, splat(lowest, LANES), select(high, splat(highest, LANES), x)), nothing)
    whole = floor(x)
    slope = splat(element_of(1.0, part), LANES)
    if padding == 1:
        slope = select((low | high) & finite, splat(element_of(0.0, part), LANES), slope)
    return as_int32(whole), vector_of(x - whole, part), slope, finite


@njit(cache=True, nogil=True, forceinline=True)
def grid_coordinates(
    grid: Any, at: int, count: int, padding: int, align_corners: bool, W: int, H: int, part: Any
) -> Any:
    """Return column, p and slope along x, then row, q and slope along y, of `count` points from grid[2 at], and where finite.

    What is outside is brought near the image. A point that is not finite gets pixel (0, 0) and parts of NaN.
    """
    if count == LANES:
        one, other = load(grid, 2 * at, LANES), load(grid, 2 * at + LANES, LANES)
    else:
        one = load_some(grid, 2 * at, min(2 * count, LANES), LANES)
        other = load_some(grid, 2 * at + LANES, 2 * count - LANES, LANES)
    x, y = apart(one, other)
    column, p, slope_x, finite_x = _axis(as_double(x), W, align_corners, padding, part)
    row, q, slope_y, finite_y = _axis(as_double(y), H, align_corners, padding, part)
    finite = finite_x & finite_y
    zero, bad = splat(np.int32(0), LANES), splat(element_of(math.nan, part), LANES)
    one_slope = splat(element_of(1.0, part), LANES)
    return (
        select(finite, column, zero), select(finite, p, bad), select(finite, slope_x, one_slope),
        select(finite, row, zero), select(finite, q, bad), select(finite, slope_y, one_slope), finite,
    )  # fmt: skip
