"""The sampler at a grid's points: LANES outputs are one vector, and the outputs of an image one row.

Forward and for the gradients of the points, a task is a band of outputs of one image; for the image's, a plane.
"""

from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.grid_points import grid_coordinates
from stn_production.cpu.memory import (
    fetch_add,
    keep,
    load,
    load_scalar,
    load_some,
    pointer,
    store,
    store_scalar,
    store_some,
)
from stn_production.cpu.openmp import in_parallel
from stn_production.cpu.pixels import ALL, MOST_ROWS, in_rows, one_by_one, read_pixels, read_windows
from stn_production.cpu.points import Shape
from stn_production.cpu.shuffles import picks, together
from stn_production.cpu.vector_type import LANES
from stn_production.cpu.vectors import as_double, bits, element_of, extremes, fma, select, splat, vector_of

Array = np.ndarray[Any, Any]


@njit(cache=True, nogil=True, forceinline=True)
def _window(column: Any, row: Any, size: int) -> tuple[int, int, int]:
    """Return the first column and row of a group's cells, and how many rows of 2 LANES pixels hold them: 0 for too many."""
    (left, right), (first, last) = extremes(column), extremes(row)
    near = (right - left <= 2 * LANES - 2) & (last - first <= MOST_ROWS - 2) & (size >= 2 * LANES)
    return left, first, last - first + 2 if near else 0


@njit(cache=True, nogil=True)
def outputs_of(points: int, band: int, bands: int) -> tuple[int, int]:
    """Return a band's first output and its end; all but the last are whole groups."""
    groups = (points + LANES - 1) // LANES
    return band * groups // bands * LANES, min((band + 1) * groups // bands * LANES, points)


@njit(cache=True, nogil=True)
def _forward(
    counter: Array, tasks: int, output: Array, image: Array, grid: Array, shape: Shape, align_corners: bool, padding: int,
    bands: int,
) -> None:  # fmt: skip
    """Write the output of all tasks, N x bands; the images have two rows and columns at least and fewer than 2^31 pixels."""
    _, C, H, W, Ho, Wo = shape
    points, size = Ho * Wo, image.size
    outputs, images, grids = pointer(output), pointer(image), pointer(grid)
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            break
        n, band = task // bands, task % bands
        begin, end = outputs_of(points, band, bands)
        count = min(LANES, end - begin)
        for group in range(begin, end, LANES):
            j = max(begin, min(group, end - LANES))  # the last group writes some outputs once more
            column, p, _, row, q, _, _ = grid_coordinates(
                grids, n * points + j, count, padding, align_corners, W, H, images
            )  # fmt: skip
            to, at = n * C * points + j, n * C * H * W
            start, first, reach = _window(column, row, size) if picks(images) else (0, 0, 0)
            if picks(images) and reach:
                read_windows(
                    outputs, to, count, images, size, at, shape, column, p, row, q, start, first, reach, images
                )  # fmt: skip
            else:
                read_pixels(outputs, to, count, images, at, shape, column, p, row, q, images)
        fetch_add(counter[1:], 1)


@njit(cache=True, nogil=True, forceinline=True)
def _add(gradient: Any, at: int, amount: float) -> None:
    store_scalar(gradient, at, load_scalar(gradient, at) + amount)


@njit(cache=True, nogil=True)
def _backward_image(
    counter: Array, tasks: int, grad_image: Array, cotangent: Array, grid: Array, shape: Shape, align_corners: bool,
    padding: int,
) -> None:  # fmt: skip
    """Write grad_image for all tasks, N x C."""
    _, C, H, W, Ho, Wo = shape
    points = Ho * Wo
    count = min(LANES, points)
    marks, numbers = np.empty(4 * LANES, np.int32), np.empty(4 * LANES, grad_image.dtype)
    spots, amounts = pointer(marks), pointer(numbers)
    gradients, cotangents, grids = pointer(grad_image), pointer(cotangent), pointer(grid)
    zero, minus, one_down = splat(np.int32(0), LANES), splat(np.int32(-1), LANES), splat(np.int32(W), LANES)
    last_column, last_row = splat(np.int32(W - 1), LANES), splat(np.int32(H - 1), LANES)
    nothing, one = splat(element_of(0.0, numbers), LANES), splat(element_of(1.0, numbers), LANES)
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            break
        n, at = task // C, task * H * W
        grad_image[at : at + H * W] = 0
        for group in range(0, points, LANES):
            j = max(0, min(group, points - LANES))
            column, p, _, row, q, _, finite = grid_coordinates(
                grids, n * points + j, count, padding, align_corners, W, H, gradients
            )  # fmt: skip
            has_left, has_right = (
                (column >= zero) & (column <= last_column),
                (column >= minus) & (column < last_column),
            )
            has_up, has_low = (row >= zero) & (row <= last_row), (row >= minus) & (row < last_row)
            here = task * points + j
            g = load(cotangents, here, LANES) if count == LANES else load_some(cotangents, here, count, LANES)
            left, right, up = (one - p) * g, p * g, one - q
            where = row * one_down + column
            inside = finite & has_left & has_right & has_up & has_low
            if bits(inside) == ALL:
                store(amounts, 0, left * up)
                store(amounts, LANES, right * up)
                store(amounts, 2 * LANES, left * q)
                store(amounts, 3 * LANES, right * q)
                store(spots, 0, where)
                for lane in range(group - j, count):
                    spot = at + np.int64(load_scalar(spots, lane))
                    _add(gradients, spot, load_scalar(amounts, lane))
                    _add(gradients, spot + 1, load_scalar(amounts, LANES + lane))
                    _add(gradients, spot + W, load_scalar(amounts, 2 * LANES + lane))
                    _add(gradients, spot + W + 1, load_scalar(amounts, 3 * LANES + lane))
                continue
            # What is not in the image adds nothing to the plane's first pixel.
            store(amounts, 0, select(finite & has_left & has_up, left * up, nothing))
            store(amounts, LANES, select(finite & has_right & has_up, right * up, nothing))
            store(amounts, 2 * LANES, select(finite & has_left & has_low, left * q, nothing))
            store(amounts, 3 * LANES, select(finite & has_right & has_low, right * q, nothing))
            store(spots, 0, select(has_left & has_up, where, zero))
            store(spots, LANES, select(has_right & has_up, where - minus, zero))
            store(spots, 2 * LANES, select(has_left & has_low, where + one_down, zero))
            store(spots, 3 * LANES, select(has_right & has_low, where + one_down - minus, zero))
            for lane in range(group - j, count):
                for corner in range(4):
                    spot = at + np.int64(load_scalar(spots, LANES * corner + lane))
                    _add(gradients, spot, load_scalar(amounts, LANES * corner + lane))
        fetch_add(counter[1:], 1)
    keep(marks)
    keep(numbers)


@njit(cache=True, nogil=True)
def _backward_points(
    counter: Array, tasks: int, grad_grid: Array, cotangent: Array, image: Array, grid: Array, shape: Shape,
    align_corners: bool, padding: int, bands: int,
) -> None:  # fmt: skip
    """Write grad_grid for all tasks, N x bands; channels are added in their order, in float64."""
    _, C, H, W, Ho, Wo = shape
    points, size = Ho * Wo, image.size
    less = 1 if align_corners else 0
    scale_x, scale_y = splat((W - less) / 2, LANES), splat((H - less) / 2, LANES)
    cotangents, images, grids, gradients = (
        pointer(cotangent),
        pointer(image),
        pointer(grid),
        pointer(grad_grid),
    )
    zero, minus, last_column = (
        splat(np.int32(0), LANES),
        splat(np.int32(-1), LANES),
        splat(np.int32(W - 1), LANES),
    )
    nothing = splat(element_of(0.0, image), LANES)
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            break
        n, band = task // bands, task % bands
        begin, end = outputs_of(points, band, bands)
        count = min(LANES, end - begin)
        for group in range(begin, end, LANES):
            j = max(begin, min(group, end - LANES))
            column, p, slope_x, row, q, slope_y, _ = grid_coordinates(
                grids, n * points + j, count, padding, align_corners, W, H, images
            )  # fmt: skip
            has_left, has_right = (
                (column >= zero) & (column <= last_column),
                (column >= minus) & (column < last_column),
            )
            touched = (has_left | has_right) & (row >= minus) & (row <= splat(np.int32(H - 1), LANES))
            start, first, reach = _window(column, row, size) if picks(images) else (0, 0, 0)
            sum_x, sum_y = splat(0.0, LANES), splat(0.0, LANES)
            for c in range(C):
                at, here = (n * C + c) * H * W, (n * C + c) * points + j
                g = (
                    load(cotangents, here, LANES)
                    if count == LANES
                    else load_some(cotangents, here, count, LANES)
                )
                if picks(images) and reach:
                    v00, v01, v10, v11 = in_rows(
                        images, size, at, 0, H, W, column, row, has_left, has_right, start, first, reach, images
                    )  # fmt: skip
                else:
                    v00, v01, v10, v11 = one_by_one(
                        images, at, 0, H, W, column, row, has_left, has_right, images
                    )
                across, down = v01 - v00, v10 - v00
                mixed = (v11 - v10) - across
                sum_x = sum_x + as_double(g * fma(q, mixed, across))
                sum_y = sum_y + as_double(g * fma(p, mixed, down))
            sloped_x, sloped_y = touched & (slope_x > nothing), touched & (slope_y > nothing)
            sum_x = select(sloped_x, sum_x * scale_x, splat(0.0, LANES))
            sum_y = select(sloped_y, sum_y * scale_y, splat(0.0, LANES))
            one, other = together(vector_of(sum_x, gradients), vector_of(sum_y, gradients))
            to = 2 * (n * points + j)
            if count == LANES:
                store(gradients, to, one)
                store(gradients, to + LANES, other)
            else:
                store_some(gradients, to, min(2 * count, LANES), one)
                store_some(gradients, to + LANES, 2 * count - LANES, other)
        fetch_add(counter[1:], 1)


@njit(cache=True, nogil=True)
def forward(parallel: int, threads: int, *arguments: Any) -> None:
    """Do all tasks in `threads` threads, or in this one if parallel is 0: see `_forward` for the arguments."""
    if parallel:
        in_parallel(parallel, threads, _forward, arguments)
    else:
        _forward(*arguments)


@njit(cache=True, nogil=True)
def backward_image(parallel: int, threads: int, *arguments: Any) -> None:
    """Do all tasks in `threads` threads, or in this one if parallel is 0: see `_backward_image` for the arguments."""
    if parallel:
        in_parallel(parallel, threads, _backward_image, arguments)
    else:
        _backward_image(*arguments)


@njit(cache=True, nogil=True)
def backward_points(parallel: int, threads: int, *arguments: Any) -> None:
    """Do all tasks in `threads` threads, or in this one if parallel is 0: see `_backward_points` for the arguments."""
    if parallel:
        in_parallel(parallel, threads, _backward_points, arguments)
    else:
        _backward_points(*arguments)
