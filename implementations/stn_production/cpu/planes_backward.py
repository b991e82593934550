"""The transform's gradients for images of one channel: LANES pixels of an output row are one vector, both gradients in one pass.

A task owns a band of image rows, as in `blocks_backward`, and adds to grad_image where it lies.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.lanes import columns_between, coordinates, paired, reciprocal, split_steps
from stn_production.cpu.memory import (
    fetch_add,
    gather_pairs,
    keep,
    load,
    load_scalar,
    load_some,
    pointer,
    store,
    store_scalar,
)
from stn_production.cpu.openmp import in_parallel
from stn_production.cpu.pixels import ALL, in_rows, least, rows_of
from stn_production.cpu.points import Shape
from stn_production.cpu.shuffles import picks
from stn_production.cpu.vector_type import LANES
from stn_production.cpu.vectors import as_double, bits, element_of, fma, lane_numbers, select, splat

Array = np.ndarray[Any, Any]

STRIDE = 4  # lanes between one and the next that is added: neighbours add to one pixel, and would wait for each other


@njit(cache=True, nogil=True)
def _add(gradient: Any, at: int, amount: float) -> None:
    store_scalar(gradient, at, load_scalar(gradient, at) + amount)


@njit(cache=True, nogil=True, forceinline=True)
def _add_cell(gradient: Any, at: int, W: int, spots: Any, amounts: Any, lane: int) -> None:
    spot = at + np.int64(load_scalar(spots, lane))
    _add(gradient, spot, load_scalar(amounts, lane))
    _add(gradient, spot + 1, load_scalar(amounts, LANES + lane))
    _add(gradient, spot + W, load_scalar(amounts, 2 * LANES + lane))
    _add(gradient, spot + W + 1, load_scalar(amounts, 3 * LANES + lane))


@njit(cache=True, nogil=True)
def _slopes(has_first: Any, has_second: Any, part: Any) -> Any:
    """Return what each of two pixels adds to the slope: -1 and 1 in a whole cell, the one that is left at an edge alone."""
    nothing, one = splat(element_of(0.0, part), LANES), splat(element_of(1.0, part), LANES)
    both = has_first & has_second
    return (
        select(both, nothing - one, select(has_first, one, nothing)),
        select(both, one, select(has_second, nothing - one, nothing)),
    )


@njit(cache=True, nogil=True, forceinline=True)
def _cells(
    image: Any, size: int, at: int, top: int, end: int, W: int, column: Any, down: Any, where: Any, reach: int, part: Any,
) -> Any:  # fmt: skip
    """Return the four pixels of a group's cells, all in the rows top to end: cell (down, column) lies at + where."""
    if picks(part) and reach:
        everywhere = lane_numbers(LANES) >= splat(np.int32(0), LANES)
        row = down + splat(np.int32(top), LANES)
        return in_rows(
            image,
            size,
            at,
            top,
            end,
            W,
            column,
            row,
            everywhere,
            everywhere,
            least(column),
            least(row),
            reach,
            part,
        )
    v00, v01 = gather_pairs(image, at, where)
    v10, v11 = gather_pairs(image, at + W, where)
    return v00, v01, v10, v11


@njit(cache=True, nogil=True)
def _scatter_row(  # noqa: PLR0915 # one pass over the outputs
    gradient: Any, image: Any, size: int, reach: int, inverse: float, at: int, top: int, end: int, cotangent: Any, out: int,
    coefficients: Any, n: int, i: int, shape: Shape, padding: int, whole: Any, part: Any, spots: Any, amounts: Any, sums: Any,
) -> None:  # fmt: skip
    """Add output row i's share to the rows top to end, which begin at `at`, and to sums [6, LANES]: see `_backward`.

    reach: how many rows hold a group's cells, or 0 where they are not read in rows. inverse: 1 / d.
    """
    _, _, H, W, Ho, Wo = shape
    a, d = load_scalar(coefficients, 6 * n), load_scalar(coefficients, 6 * n + 3)
    v = i - (Ho - 1) / 2
    x0 = load_scalar(coefficients, 6 * n + 1) * v + load_scalar(coefficients, 6 * n + 2)
    y0 = load_scalar(coefficients, 6 * n + 4) * v + load_scalar(coefficients, 6 * n + 5)
    lowest = -math.inf if padding == 1 and top == 0 else top - 2.0
    highest = math.inf if padding == 1 and end == H else end + 1.0
    nothing, one = splat(element_of(0.0, part), LANES), splat(element_of(1.0, part), LANES)
    zero, first, width = splat(np.int32(0), LANES), splat(np.int32(top), LANES), splat(np.int32(W), LANES)
    last_column, last_row = splat(np.int32(W - 1), LANES), splat(np.int32(end - 1), LANES)
    row_x = splat(0.0, LANES)
    row_xj, row_y, row_yj = row_x, row_x, row_x
    first_column, end_column = columns_between(y0, d, inverse, Wo, lowest, highest)
    for j in range(first_column, end_column, LANES):
        u = j - (Wo - 1) / 2
        y = d * u + y0
        column, p, slope_x, row, q, slope_y = coordinates(a * u + x0, y, whole, part, padding, W, H)
        count = min(LANES, Wo - j)
        # Lanes beyond the row may lie anywhere where pixels are read in rows, which hold any lane's.
        empty = ALL >> count << count if picks(part) and reach else (0 if count == LANES else -1)
        inside = (column >= zero) & (column < last_column) & (row >= first) & (row < last_row)
        inside = inside & (slope_x == one) & (slope_y == one)
        if (bits(inside) | empty) == ALL:
            g = (
                load(cotangent, out + j, LANES)
                if count == LANES
                else load_some(cotangent, out + j, count, LANES)
            )
            left, up = (one - p) * g, one - q
            right = p * g
            where = (row - first) * width + column
            store(amounts, 0, left * up)
            store(amounts, LANES, right * up)
            store(amounts, 2 * LANES, left * q)
            store(amounts, 3 * LANES, right * q)
            v00, v01, v10, v11 = _cells(image, size, at, top, end, W, column, row - first, where, reach, part)
            across, down = v01 - v00, v10 - v00
            mixed = (v11 - v10) - across
            along_x, along_y = g * fma(q, mixed, across), g * fma(p, mixed, down)
            if count < LANES:
                real = lane_numbers(LANES) < splat(np.int32(count), LANES)
                along_x, along_y = select(real, along_x, nothing), select(real, along_y, nothing)
        else:
            g = load_some(cotangent, out + j, count, LANES)
            column, left, right, has_left, has_right = paired(column, p, W, part)
            row, up, low, has_up, has_low = paired(row - first, q, end - top, part)
            real = lane_numbers(LANES) < splat(np.int32(count), LANES)
            if bits(real & (has_left | has_right) & (has_up | has_low)) == 0:
                continue
            where = row * width + column
            store(amounts, 0, select(has_left & has_up, left * up * g, nothing))
            store(amounts, LANES, select(has_right & has_up, right * up * g, nothing))
            store(amounts, 2 * LANES, select(has_left & has_low, left * low * g, nothing))
            store(amounts, 3 * LANES, select(has_right & has_low, right * low * g, nothing))
            v00, v01, v10, v11 = _cells(image, size, at, top, end, W, column, row, where, reach, part)
            v00, v01 = select(has_left & has_up, v00, nothing), select(has_right & has_up, v01, nothing)
            v10, v11 = select(has_left & has_low, v10, nothing), select(has_right & has_low, v11, nothing)
            to_left, to_right = _slopes(has_left, has_right, part)
            to_up, to_low = _slopes(has_up, has_low, part)
            along_x = g * (to_left * (up * v00 + low * v10) + to_right * (up * v01 + low * v11))
            along_y = g * (to_up * (left * v00 + right * v01) + to_low * (left * v10 + right * v11))
            along_x = select(real & (slope_x == one), along_x, nothing)
            along_y = select(real & (slope_y == one), along_y, nothing)
        store(spots, 0, where)
        if count == LANES:  # unrolled
            for k in range(LANES):
                _add_cell(gradient, at, W, spots, amounts, k % STRIDE * STRIDE + k // STRIDE)
        else:
            for step in range(STRIDE):
                for lane in range(step, count, STRIDE):
                    _add_cell(gradient, at, W, spots, amounts, lane)
        wide_x, wide_y, from_centre = as_double(along_x), as_double(along_y), splat(u, LANES)
        row_x, row_y = row_x + wide_x, row_y + wide_y
        row_xj, row_yj = fma(from_centre, wide_x, row_xj), fma(from_centre, wide_y, row_yj)
    down_by = splat(v, LANES)
    store(sums, 0, load(sums, 0, LANES) + row_xj)
    store(sums, LANES, fma(down_by, row_x, load(sums, LANES, LANES)))
    store(sums, 2 * LANES, load(sums, 2 * LANES, LANES) + row_x)
    store(sums, 3 * LANES, load(sums, 3 * LANES, LANES) + row_yj)
    store(sums, 4 * LANES, fma(down_by, row_y, load(sums, 4 * LANES, LANES)))
    store(sums, 5 * LANES, load(sums, 5 * LANES, LANES) + row_y)


@njit(cache=True, nogil=True)
def _backward(
    counter: Array, tasks: int, grad_image: Array, theta_sums: Array, cotangent: Array, image: Array, coefficients: Array,
    shape: Shape, padding: int, bands: int,
) -> None:  # fmt: skip
    """Write grad_image and theta_sums float64 [N x bands, 6]: (g j', g i', g) along x, then along y; C = 1, H and W above 1.

    A lane's j' is that of its group's first output: its own way from there is added last.
    """
    _, _, H, W, Ho, Wo = shape
    marks, numbers, sums = (
        np.empty(3 * LANES, np.int32),
        np.empty(6 * LANES, image.dtype),
        np.empty(6 * LANES),
    )
    whole, part, spots, amounts = (
        pointer(marks),
        pointer(numbers),
        pointer(marks[2 * LANES :]),
        pointer(numbers[2 * LANES :]),
    )
    gradients, images, cotangents = pointer(grad_image), pointer(image), pointer(cotangent)
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            break
        n, band = task // bands, task % bands
        top, end = band * H // bands, (band + 1) * H // bands
        at = (n * H + top) * W
        split_steps(pointer(coefficients), n, whole, part)
        reach = rows_of(coefficients[6 * n], coefficients[6 * n + 3], image.size) if picks(part) else 0
        inverse = reciprocal(coefficients[6 * n + 3])
        grad_image[at : at + (end - top) * W] = 0
        sums[:] = 0
        for i in range(Ho):
            _scatter_row(
                gradients, images, image.size, reach, inverse, at, top, end, cotangents, (n * Ho + i) * Wo,
                pointer(coefficients), n, i, shape, padding, whole, part, spots, amounts, pointer(sums),
            )  # fmt: skip
        for k in range(6):
            total = 0.0
            for lane in range(LANES):
                total += sums[k * LANES + lane]
                if k % 3 == 0:
                    total += lane * sums[(k + 2) * LANES + lane]
            theta_sums[6 * task + k] = total
        fetch_add(counter[1:], 1)
    keep(marks)
    keep(numbers)
    keep(sums)


@njit(cache=True, nogil=True)
def backward(parallel: int, threads: int, *arguments: Any) -> None:
    """Do all tasks in `threads` threads, or in this one if parallel is 0: see `_backward` for the arguments."""
    if parallel:
        in_parallel(parallel, threads, _backward, arguments)
    else:
        _backward(*arguments)
