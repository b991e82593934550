"""The transform's output for NCHW images of few channels: LANES pixels of a row are one vector, planes are read where they lie.

A task is a band of output rows of one image.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.lanes import coordinates, paired, split_steps
from stn_production.cpu.openmp import in_parallel
from stn_production.cpu.points import Shape
from stn_production.cpu.vectors import (
    LANES,
    bits,
    element_of,
    fetch_add,
    fma,
    gather_pairs,
    keep,
    lane_of,
    load,
    load_scalar,
    pick,
    picks,
    pointer,
    select,
    splat,
    store,
    store_some,
)

Array = np.ndarray[Any, Any]

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
    return min(np.int64(lane_of(numbers, 0)), np.int64(lane_of(numbers, LANES - 1)))


@njit(cache=True, nogil=True)
def read_row(image: Any, size: int, at: int, column: Any) -> Any:
    """Return the pixels at + column and at + column + 1, where they lie in image[0 : size] and not beyond 2 LANES from `at`."""
    start = min(max(at, 0), size - 2 * LANES)
    low, high = load(image, start, LANES), load(image, start + LANES, LANES)
    index = column + splat(np.int32(at - start), LANES)
    return pick(low, high, index), pick(low, high, index + splat(np.int32(1), LANES))


@njit(cache=True, nogil=True, forceinline=True)
def _read_windows(
    output: Any, to: int, count: int, image: Any, size: int, at: int, shape: Shape, column: Any, p: Any, row: Any, q: Any,
    start: int, first: int, reach: int, part: Any,
) -> None:  # fmt: skip
    """Write a group's outputs from the `reach` rows from `first` on, each read whole from column `start` on."""
    _, C, H, W, Ho, Wo = shape
    nothing, one = splat(element_of(0.0, part), LANES), splat(element_of(1.0, part), LANES)
    zero, minus, last_column = splat(np.int32(0), LANES), splat(np.int32(-1), LANES), splat(np.int32(W - 1), LANES)
    has_left, has_right = (column >= zero) & (column <= last_column), (column >= minus) & (column < last_column)
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
def _read_pixels(
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


@njit(cache=True, nogil=True)
def _sample_rows(
    output: Any, to: int, image: Any, size: int, at: int, first_row: int, end_row: int, coefficients: Any, n: int,
    shape: Shape, padding: int, whole: Any, part: Any,
) -> None:  # fmt: skip
    """Write output rows of image n, which begins at `at` of `size` numbers; its output begins at `to`."""
    _, _, H, W, Ho, Wo = shape
    a, b, c = (
        load_scalar(coefficients, 6 * n), load_scalar(coefficients, 6 * n + 1), load_scalar(coefficients, 6 * n + 2)
    )  # fmt: skip
    d, e, f = (
        load_scalar(coefficients, 6 * n + 3), load_scalar(coefficients, 6 * n + 4), load_scalar(coefficients, 6 * n + 5)
    )  # fmt: skip
    reach = rows_of(a, d, size) if picks(part) else 0
    count = min(LANES, Wo)
    for i in range(first_row, end_row):
        v = i - (Ho - 1) / 2
        x0, y0 = b * v + c, e * v + f
        for group in range(0, Wo, LANES):
            j = max(0, min(group, Wo - LANES))  # the last group writes some outputs once more
            u = j - (Wo - 1) / 2
            column, p, _, row, q, _ = coordinates(a * u + x0, d * u + y0, whole, part, padding, W, H)
            here = to + i * Wo + j
            if picks(part) and reach:
                _read_windows(
                    output, here, count, image, size, at, shape, column, p, row, q, least(column), least(row), reach, part
                )  # fmt: skip
            else:
                _read_pixels(output, here, count, image, at, shape, column, p, row, q, part)


@njit(cache=True, nogil=True)
def _forward(
    counter: Array, tasks: int, output: Array, image: Array, coefficients: Array, shape: Shape, padding: int, bands: int,
    like: Array,
) -> None:  # fmt: skip
    """Write the output of all tasks, N x bands; the images have two rows and columns at least and fewer than 2^31 pixels."""
    _, C, H, W, Ho, Wo = shape
    marks, numbers = np.empty(2 * LANES, np.int32), np.empty(2 * LANES, like.dtype)
    whole, part = pointer(marks), pointer(numbers)
    outputs, images, thetas = pointer(output), pointer(image), pointer(coefficients)
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            break
        n, band = task // bands, task % bands
        split_steps(thetas, n, whole, part)
        _sample_rows(
            outputs, n * C * Ho * Wo, images, image.size, n * C * H * W, band * Ho // bands, (band + 1) * Ho // bands, thetas, n,
            shape, padding, whole, part,
        )  # fmt: skip
        fetch_add(counter[1:], 1)
    keep(marks)
    keep(numbers)


@njit(cache=True, nogil=True)
def forward(parallel: int, threads: int, *arguments: Any) -> None:
    """Do all tasks in `threads` threads, or in this one if parallel is 0: see `_forward` for the arguments."""
    if parallel:
        in_parallel(parallel, threads, _forward, arguments)
    else:
        _forward(*arguments)
