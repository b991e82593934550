"""The sampler at a grid's points for channels-last images: K channels of a pixel are one vector, pixels are read where they lie.

Forward, a task is a band of outputs of one image; backward, an image: both gradients come in one pass over its outputs.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.grid_planes import outputs_of
from stn_production.cpu.grid_points import grid_coordinates
from stn_production.cpu.memory import (
    fetch_add,
    keep,
    load_scalar,
    load_some,
    pointer,
    store,
    store_scalar,
    store_some,
)
from stn_production.cpu.openmp import in_parallel
from stn_production.cpu.points import Shape
from stn_production.cpu.vector_type import LANES
from stn_production.cpu.vectors import element_of, fma, splat, total

Array = np.ndarray[Any, Any]


@njit(cache=True, nogil=True, forceinline=True)
def _place(
    grid: Any,
    at: int,
    count: int,
    padding: int,
    align_corners: bool,
    W: int,
    H: int,
    columns: Any,
    rows: Any,
    parts: Any,
) -> None:
    """Write the points' pixels, up and left, and parts [4, LANES]: p, q and both slopes."""
    column, p, slope_x, row, q, slope_y, _ = grid_coordinates(
        grid, at, count, padding, align_corners, W, H, parts
    )  # fmt: skip
    store(columns, 0, column)
    store(rows, 0, row)
    store(parts, 0, p)
    store(parts, LANES, q)
    store(parts, 2 * LANES, slope_x)
    store(parts, 3 * LANES, slope_y)


@njit(cache=True, nogil=True)
def _forward(
    counter: Array, tasks: int, output: Array, image: Array, grid: Array, shape: Shape, align_corners: bool, padding: int,
    bands: int, like: Array, width: Any,
) -> None:  # fmt: skip
    """Write the output of all tasks, N x bands; like: of the type to compute in."""
    _, C, H, W, Ho, Wo = shape
    K, points = len(width), Ho * Wo
    marks, numbers = np.empty(2 * LANES, np.int32), np.empty(4 * LANES, like.dtype)
    columns, rows, parts = pointer(marks), pointer(marks[LANES:]), pointer(numbers)
    outputs, images, grids = pointer(output), pointer(image), pointer(grid)
    nothing = splat(element_of(0.0, like), width)
    one = element_of(1.0, like)
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            break
        n, band = task // bands, task % bands
        begin, end = outputs_of(points, band, bands)
        for group in range(begin, end, LANES):
            count = min(LANES, end - group)
            _place(grids, n * points + group, count, padding, align_corners, W, H, columns, rows, parts)
            for lane in range(count):
                ix, iy = np.int64(load_scalar(columns, lane)), np.int64(load_scalar(rows, lane))
                p, q = load_scalar(parts, lane), load_scalar(parts, LANES + lane)
                left, right = (ix >= 0) & (ix < W), (ix >= -1) & (ix < W - 1)
                up, down = (iy >= 0) & (iy < H), (iy >= -1) & (iy < H - 1)
                at, to = ((n * H + iy) * W + ix) * C, (n * points + group + lane) * C
                w00, w01 = splat((one - p) * (one - q), width), splat(p * (one - q), width)
                w10, w11 = splat((one - p) * q, width), splat(p * q, width)
                for c in range(0, C, K):
                    valid, result = min(K, C - c), nothing
                    if left & up:
                        result = w00 * load_some(images, at + c, valid, width)
                    if right & up:
                        result = fma(w01, load_some(images, at + C + c, valid, width), result)
                    if left & down:
                        result = fma(w10, load_some(images, at + W * C + c, valid, width), result)
                    if right & down:
                        result = fma(w11, load_some(images, at + W * C + C + c, valid, width), result)
                    store_some(outputs, to + c, valid, result)
        fetch_add(counter[1:], 1)
    keep(marks)
    keep(numbers)


@njit(cache=True, nogil=True, forceinline=True)
def _add(gradient: Any, at: int, valid: int, weight: float, g: Any, width: Any) -> None:
    store_some(gradient, at, valid, fma(splat(weight, width), g, load_some(gradient, at, valid, width)))


@njit(cache=True, nogil=True)
def _backward(  # noqa: PLR0912, PLR0915 # one pass over the outputs
    counter: Array, tasks: int, grad_image: Array, grad_grid: Array, cotangent: Array, image: Array, grid: Array,
    shape: Shape, align_corners: bool, padding: int, need_image: bool, need_grid: bool, width: Any,
) -> None:  # fmt: skip
    """Write grad_image (of the type to compute in) and grad_grid for all tasks, N."""
    _, C, H, W, Ho, Wo = shape
    K, points = len(width), Ho * Wo
    marks, numbers = np.empty(2 * LANES, np.int32), np.empty(4 * LANES, grad_image.dtype)
    columns, rows, parts = pointer(marks), pointer(marks[LANES:]), pointer(numbers)
    gradients, point_gradients, cotangents, images, grids = (
        pointer(grad_image), pointer(grad_grid), pointer(cotangent), pointer(image), pointer(grid)
    )  # fmt: skip
    nothing = splat(element_of(0.0, numbers), width)
    one, zero = element_of(1.0, numbers), element_of(0.0, numbers)
    less = 1 if align_corners else 0
    while True:
        n = fetch_add(counter, 1)
        if n >= tasks:
            break
        if need_image:
            grad_image[n * H * W * C : (n + 1) * H * W * C] = 0
        for group in range(0, points, LANES):
            count = min(LANES, points - group)
            _place(grids, n * points + group, count, padding, align_corners, W, H, columns, rows, parts)
            for lane in range(count):
                ix, iy = np.int64(load_scalar(columns, lane)), np.int64(load_scalar(rows, lane))
                p, q = load_scalar(parts, lane), load_scalar(parts, LANES + lane)
                slope_x, slope_y = load_scalar(parts, 2 * LANES + lane), load_scalar(parts, 3 * LANES + lane)
                left, right = (ix >= 0) & (ix < W), (ix >= -1) & (ix < W - 1)
                up, down = (iy >= 0) & (iy < H), (iy >= -1) & (iy < H - 1)
                at, here = ((n * H + iy) * W + ix) * C, (n * points + group + lane) * C
                sum_x, sum_y = 0.0, 0.0
                touched = (left | right) & (up | down)
                for c in range(0, C if touched else 0, K):
                    valid = min(K, C - c)
                    g = load_some(cotangents, here + c, valid, width)
                    upper, lower = at + c, at + W * C + c
                    if need_image and not math.isnan(p):
                        if left & up:
                            _add(gradients, upper, valid, (one - p) * (one - q), g, width)
                        if right & up:
                            _add(gradients, upper + C, valid, p * (one - q), g, width)
                        if left & down:
                            _add(gradients, lower, valid, (one - p) * q, g, width)
                        if right & down:
                            _add(gradients, lower + C, valid, p * q, g, width)
                    if need_grid:
                        v00 = load_some(images, upper, valid, width) if left & up else nothing
                        v01 = load_some(images, upper + C, valid, width) if right & up else nothing
                        v10 = load_some(images, lower, valid, width) if left & down else nothing
                        v11 = load_some(images, lower + C, valid, width) if right & down else nothing
                        across = v01 - v00
                        mixed = (v11 - v10) - across
                        sum_x += np.float64(total(g * fma(splat(q, width), mixed, across)))
                        sum_y += np.float64(total(g * fma(splat(p, width), mixed, v10 - v00)))
                if need_grid:
                    to = 2 * (n * points + group + lane)
                    sum_x = sum_x * ((W - less) / 2) if slope_x != zero else 0.0
                    sum_y = sum_y * ((H - less) / 2) if slope_y != zero else 0.0
                    store_scalar(point_gradients, to, element_of(sum_x, point_gradients))
                    store_scalar(point_gradients, to + 1, element_of(sum_y, point_gradients))
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


@njit(cache=True, nogil=True)
def backward(parallel: int, threads: int, *arguments: Any) -> None:
    """Do all tasks in `threads` threads, or in this one if parallel is 0: see `_backward` for the arguments."""
    if parallel:
        in_parallel(parallel, threads, _backward, arguments)
    else:
        _backward(*arguments)
