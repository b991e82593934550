"""The transform's gradients, a block of K channels and a band of image rows at a time, both in one pass.

A task owns its band's pixels of grad_image, so that no two add to one, and walks all outputs that touch them. What the band's
pixels give to grad_theta is a sum of its own: the four neighbours of an output enter its slope one by one.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.lanes import columns_between, place, reciprocal, split_steps
from stn_production.cpu.memory import (
    fetch_add,
    keep,
    load,
    load_scalar,
    load_some,
    pointer,
    store,
    store_some,
)
from stn_production.cpu.openmp import in_parallel
from stn_production.cpu.packing import pack, unpack
from stn_production.cpu.points import Shape
from stn_production.cpu.vector_type import LANES
from stn_production.cpu.vectors import as_double, element_of, fma, splat

Array = np.ndarray[Any, Any]

SHORT = 4  # outputs whose slopes are summed in the type that is computed in, before float64


@njit(cache=True, nogil=True)
def _careful(
    gradient: Array, to: int, wide_row: int, wide_col: int, source: Array, at: int, row: int, col: int, ix: int, iy: int,
    W: int, top: int, end: int, weights: Array, lane: int, g: Any, valid: int, width: Any,
) -> Any:  # fmt: skip
    """Add to those of the four pixels that are in the band, and return their part of the slopes times g."""
    along_x = splat(element_of(0.0, weights), width)
    along_y = along_x
    p, q = load_scalar(weights, 4 * LANES + lane), load_scalar(weights, 5 * LANES + lane)
    slope_x, slope_y = load_scalar(weights, 6 * LANES + lane), load_scalar(weights, 7 * LANES + lane)
    one = element_of(1.0, weights)
    for corner in range(4):
        right, down = corner & 1, corner >> 1
        if 0 <= ix + right < W and top <= iy + down < end:
            spot = to + down * wide_row + right * wide_col
            weight = splat(load_scalar(weights, LANES * corner + lane), width)
            store(gradient, spot, fma(weight, g, load(gradient, spot, width)))
            pixel = g * load_some(source, at + down * row + right * col, valid, width)
            to_x = (q if down else one - q) * (slope_x if right else -slope_x)
            to_y = (p if right else one - p) * (slope_y if down else -slope_y)
            if slope_x != 0:
                along_x = fma(splat(element_of(to_x, weights), width), pixel, along_x)
            if slope_y != 0:
                along_y = fma(splat(element_of(to_y, weights), width), pixel, along_y)
    return along_x, along_y


@njit(cache=True, nogil=True)
def _scatter_rows(  # noqa: PLR0912, PLR0915 # one pass over the outputs
    gradient: Array, wide_row: int, wide_col: int, source: Array, start: int, row: int, col: int, top: int, end: int,
    sure: int, cotangent: Array, size: int, out: int, out_plane: int, out_row: int, out_col: int, planar: bool, valid: int,
    coefficients: Array, n: int, shape: Shape, padding: int, whole: Array, part: Array, columns: Array, rows: Array,
    weights: Array, chunk: Array, sums: Array, width: Any,
) -> None:  # fmt: skip
    """Add one block's share to gradient [end - top, W, K] and to sums [6, K]: (g j', g i', g) along x, then along y."""
    _, _, H, W, Ho, Wo = shape
    K = len(width)
    a, d = coefficients[6 * n], coefficients[6 * n + 3]
    inverse = reciprocal(d)
    lowest = -math.inf if padding == 1 and top == 0 else top - 2.0
    highest = math.inf if padding == 1 and end == H else end + 1.0
    none = splat(0.0, width)
    for i in range(Ho):
        v = i - (Ho - 1) / 2
        x0 = coefficients[6 * n + 1] * v + coefficients[6 * n + 2]
        y0 = coefficients[6 * n + 4] * v + coefficients[6 * n + 5]
        row_x, row_xj, row_y, row_yj = none, none, none, none
        first_column, end_column = columns_between(y0, d, inverse, Wo, lowest, highest)
        for j in range(first_column, end_column, LANES):
            u = j - (Wo - 1) / 2
            y = d * u + y0
            full, some = place(a * u + x0, y, whole, part, padding, W, H, top, end, columns, rows, weights)
            count = min(LANES, Wo - j)
            some &= (1 << count) - 1
            if some == 0:
                continue
            here = out + i * out_row + j * out_col
            if planar:
                if here + (valid - 1) * out_plane + LANES <= size:
                    pack(chunk, cotangent, here, out_plane, LANES, valid, width)
                else:
                    pack(chunk, cotangent, here, out_plane, count, valid, width)
            zero = splat(element_of(0.0, part), width)
            group_xj, group_yj = zero, zero
            for beginning in range(0, count, SHORT):
                group_x, group_y = zero, zero
                for lane in range(beginning, min(beginning + SHORT, count)):
                    if not (some >> lane) & 1:
                        continue
                    iy, ix = np.int64(load_scalar(rows, lane)), np.int64(load_scalar(columns, lane))
                    at = start + (iy - top) * row + ix * col
                    to = (iy - top) * wide_row + ix * wide_col
                    if planar:
                        g = load(chunk, lane * K, width)
                    elif valid == K:
                        g = load(cotangent, here + lane * out_col, width)
                    else:
                        g = load_some(cotangent, here + lane * out_col, valid, width)
                    if (full >> lane) & 1 and iy + 1 < sure:
                        w00 = splat(load_scalar(weights, lane), width)
                        w01 = splat(load_scalar(weights, LANES + lane), width)
                        w10 = splat(load_scalar(weights, 2 * LANES + lane), width)
                        w11 = splat(load_scalar(weights, 3 * LANES + lane), width)
                        store(gradient, to, fma(w00, g, load(gradient, to, width)))
                        right, below = to + wide_col, to + wide_row
                        store(gradient, right, fma(w01, g, load(gradient, right, width)))
                        store(gradient, below, fma(w10, g, load(gradient, below, width)))
                        store(
                            gradient, below + wide_col, fma(w11, g, load(gradient, below + wide_col, width))
                        )
                        v00, v01 = load(source, at, width), load(source, at + col, width)
                        v10, v11 = load(source, at + row, width), load(source, at + row + col, width)
                        across, down = v01 - v00, v10 - v00
                        mixed = (v11 - v10) - across
                        along_x = g * fma(splat(load_scalar(weights, 5 * LANES + lane), width), mixed, across)
                        along_y = g * fma(splat(load_scalar(weights, 4 * LANES + lane), width), mixed, down)
                    else:
                        along_x, along_y = _careful(
                            gradient, to, wide_row, wide_col, source, at, row, col, ix, iy, W, top, end, weights, lane, g,
                            valid, width,
                        )  # fmt: skip
                    group_x, group_y = group_x + along_x, group_y + along_y
                    steps = splat(element_of(lane - beginning, part), width)
                    group_xj, group_yj = fma(steps, along_x, group_xj), fma(steps, along_y, group_yj)
                from_centre = splat(u + beginning, width)
                wide_x, wide_y = as_double(group_x), as_double(group_y)
                row_x, row_y = row_x + wide_x, row_y + wide_y
                row_xj, row_yj = fma(from_centre, wide_x, row_xj), fma(from_centre, wide_y, row_yj)
            row_xj, row_yj = row_xj + as_double(group_xj), row_yj + as_double(group_yj)
        down_by = splat(v, width)
        store(sums, 0, load(sums, 0, width) + row_xj)
        store(sums, K, fma(down_by, row_x, load(sums, K, width)))
        store(sums, 2 * K, load(sums, 2 * K, width) + row_x)
        store(sums, 3 * K, load(sums, 3 * K, width) + row_yj)
        store(sums, 4 * K, fma(down_by, row_y, load(sums, 4 * K, width)))
        store(sums, 5 * K, load(sums, 5 * K, width) + row_y)


@njit(cache=True, nogil=True)
def _backward(
    counter: Array, tasks: int, grad_image: Array, theta_sums: Array, cotangent: Array, image: Array, coefficients: Array,
    shape: Shape, padding: int, planar: bool, bands: int, like: Array, width: Any,
) -> None:  # fmt: skip
    """Write grad_image, and theta_sums float64 [tasks, 6], for N x blocks x bands tasks. like: of the type to compute in."""
    N, C, H, W, Ho, Wo = shape
    K = len(width)
    blocks = (C + K - 1) // K
    height = (H + bands - 1) // bands
    marks, numbers = np.empty(4 * LANES, np.int32), np.empty((10 + K) * LANES, like.dtype)
    whole, part = pointer(marks), pointer(numbers)
    columns, rows, weights = (
        pointer(marks[2 * LANES :]),
        pointer(marks[3 * LANES :]),
        pointer(numbers[2 * LANES :]),
    )
    chunk = pointer(numbers[10 * LANES :])
    packed = np.empty(height * W * K if planar else 0, like.dtype)
    gradient, sums = np.empty(height * W * K, like.dtype), np.empty(6 * K)
    images, cotangents, thetas = pointer(image), pointer(cotangent), pointer(coefficients)
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            break
        n, block, band = task // (blocks * bands), task // bands % blocks, task % bands
        top, end = band * H // bands, (band + 1) * H // bands
        pixels = (end - top) * W
        valid = min(K, C - block * K)
        split_steps(coefficients, n, whole, part)
        gradient[: pixels * K] = 0
        sums[:] = 0
        if planar:
            pack(pointer(packed), images, (n * C + block * K) * H * W + top * W, H * W, pixels, valid, width)
            _scatter_rows(
                pointer(gradient), W * K, K, pointer(packed), 0, W * K, K, top, end, end, cotangents, cotangent.size,
                (n * C + block * K) * Ho * Wo, Ho * Wo, Wo,
                1, True, valid, thetas, n, shape, padding, whole, part, columns, rows, weights, chunk, pointer(sums), width,
            )  # fmt: skip
            unpack(
                pointer(grad_image),
                (n * C + block * K) * H * W + top * W,
                H * W,
                pointer(gradient),
                pixels,
                valid,
                width,
            )
        else:
            start = (n * H + top) * W * C + block * K
            sure = H - 1 if valid < K and n == N - 1 else H
            _scatter_rows(
                pointer(gradient), W * K, K, images, start, W * C, C, top, end, sure, cotangents, cotangent.size,
                n * Ho * Wo * C + block * K, 0, Wo * C,
                C, False, valid, thetas, n, shape, padding, whole, part, columns, rows, weights, chunk, pointer(sums), width,
            )  # fmt: skip
            for pixel in range(pixels):
                store_some(
                    pointer(grad_image), start + pixel * C, valid, load(pointer(gradient), pixel * K, width)
                )
        for k in range(6):
            total = 0.0
            for c in range(valid):
                total += sums[k * K + c]
            theta_sums[6 * task + k] = total
        fetch_add(counter[1:], 1)
    keep(marks)
    keep(numbers)
    keep(packed)
    keep(gradient)
    keep(sums)


@njit(cache=True, nogil=True)
def backward(parallel: int, threads: int, *arguments: Any) -> None:
    """Do all tasks in `threads` threads, or in this one if parallel is 0: see `_backward` for the arguments."""
    if parallel:
        in_parallel(parallel, threads, _backward, arguments)
    else:
        _backward(*arguments)
