"""The transform's output, a block of K channels at a time: one pixel's channels are one vector.

NCHW images are packed first, so many rows as the task's outputs can touch; channels-last ones are read where they lie. A task is
a band of output rows of one image, for NCHW of one block.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.lanes import place, split_steps
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
from stn_production.cpu.vectors import element_of, fma, splat

Array = np.ndarray[Any, Any]


@njit(cache=True, nogil=True)
def touched_rows(
    coefficients: Array, n: int, first: int, end: int, shape: Shape, padding: int
) -> tuple[int, int]:
    """Return the image rows from which outputs in rows first to end may read."""
    _, _, H, _, Ho, Wo = shape
    d, e, f = coefficients[6 * n + 3], coefficients[6 * n + 4], coefficients[6 * n + 5]
    reach = abs(d) * (Wo - 1) / 2
    one, other = e * (first - (Ho - 1) / 2) + f, e * (end - 1 - (Ho - 1) / 2) + f
    low, high = min(one, other) - reach, max(one, other) + reach
    if padding == 1:
        low, high = min(low, H - 1.0), max(high, 0.0)
    low, high = min(max(low - 1, 0.0), float(H)), min(max(high + 3, 0.0), float(H))
    return math.floor(low), math.floor(high)


@njit(cache=True, nogil=True)
def _careful(
    source: Array, at: int, row: int, col: int, ix: int, iy: int, W: int, top: int, end: int, weights: Array, lane: int,
    valid: int, width: Any,
) -> Any:  # fmt: skip
    """Blend those of the four pixels that are in the image."""
    result = splat(element_of(0.0, weights), width)
    for corner in range(4):
        right, down = corner & 1, corner >> 1
        if 0 <= ix + right < W and top <= iy + down < end:
            pixel = load_some(source, at + down * row + right * col, valid, width)
            result = fma(splat(load_scalar(weights, LANES * corner + lane), width), pixel, result)
    return result


@njit(cache=True, nogil=True)
def _sample_rows(
    target: Array, to: int, to_row: int, to_col: int, source: Array, start: int, row: int, col: int, top: int, end: int,
    first: int, last: int, channels: int, sure: int, coefficients: Array, n: int, shape: Shape, padding: int,
    whole: Array, part: Array, columns: Array, rows: Array, weights: Array, width: Any,
) -> None:  # fmt: skip
    """Write target rows first to last from source rows top to end; where both begin, to and start are.

    sure: the end of the rows in which a whole vector may be read at any pixel.
    """
    _, _, H, W, Ho, Wo = shape
    K = len(width)
    a, d = coefficients[6 * n], coefficients[6 * n + 3]
    for i in range(first, last):
        v = i - (Ho - 1) / 2
        x0 = coefficients[6 * n + 1] * v + coefficients[6 * n + 2]
        y0 = coefficients[6 * n + 4] * v + coefficients[6 * n + 5]
        for j in range(0, Wo, LANES):
            u = j - (Wo - 1) / 2
            full, some = place(
                a * u + x0, d * u + y0, whole, part, padding, W, H, top, end, columns, rows, weights
            )  # fmt: skip
            count = min(LANES, Wo - j)
            for lane in range(count):
                iy, ix = np.int64(load_scalar(rows, lane)), np.int64(load_scalar(columns, lane))
                out = to + (i - first) * to_row + (j + lane) * to_col
                if (full >> lane) & 1 and iy + 1 < sure:
                    at = start + (iy - top) * row + ix * col
                    w00 = splat(load_scalar(weights, lane), width)
                    w01 = splat(load_scalar(weights, LANES + lane), width)
                    w10 = splat(load_scalar(weights, 2 * LANES + lane), width)
                    w11 = splat(load_scalar(weights, 3 * LANES + lane), width)
                    for c in range(0, channels, K):
                        result = w00 * load(source, at + c, width)
                        result = fma(w01, load(source, at + c + col, width), result)
                        result = fma(w10, load(source, at + c + row, width), result)
                        result = fma(w11, load(source, at + c + row + col, width), result)
                        if c + K <= channels:
                            store(target, out + c, result)
                        else:
                            store_some(target, out + c, channels - c, result)
                    continue
                for c in range(0, channels, K):
                    valid = min(K, channels - c)
                    result = splat(element_of(0.0, part), width)
                    if (some >> lane) & 1:
                        at = start + (iy - top) * row + ix * col + c
                        result = _careful(
                            source, at, row, col, ix, iy, W, top, end, weights, lane, valid, width
                        )
                    store_some(target, out + c, valid, result)


@njit(cache=True, nogil=True)
def _forward(
    counter: Array, tasks: int, output: Array, image: Array, coefficients: Array, shape: Shape, padding: int, planar: bool,
    bands: int, like: Array, width: Any,
) -> None:  # fmt: skip
    """Write the output of all tasks: N x blocks x bands where planar, else N x bands. like: of the type to compute in."""
    N, C, H, W, Ho, Wo = shape
    K = len(width)
    blocks = (C + K - 1) // K if planar else 1
    chunk = max(1, 256 // Wo)
    marks, numbers = np.empty(4 * LANES, np.int32), np.empty(10 * LANES, like.dtype)
    whole, part = pointer(marks), pointer(numbers)
    columns, rows, weights = (
        pointer(marks[2 * LANES :]),
        pointer(marks[3 * LANES :]),
        pointer(numbers[2 * LANES :]),
    )
    packed, results = np.empty(0, like.dtype), np.empty(chunk * Wo * K if planar else 0, like.dtype)
    images, outputs, thetas = pointer(image), pointer(output), pointer(coefficients)
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            break
        n, block, band = task // (blocks * bands), task // bands % blocks, task % bands
        first, last = band * Ho // bands, (band + 1) * Ho // bands
        split_steps(coefficients, n, whole, part)
        if planar:
            top, end = touched_rows(coefficients, n, first, last, shape, padding)
            valid = min(K, C - block * K)
            if packed.size < (end - top) * W * K:
                packed = np.empty((end - top) * W * K, like.dtype)
            at = (n * C + block * K) * H * W + top * W
            pack(pointer(packed), images, at, H * W, (end - top) * W, valid, width)
            for i in range(first, last, chunk):
                until = min(i + chunk, last)
                _sample_rows(
                    pointer(results), 0, Wo * K, K, pointer(packed), 0, W * K, K, top, end, i, until, K, end,
                    thetas, n, shape, padding,
                    whole, part, columns, rows, weights, width,
                )  # fmt: skip
                to = ((n * C + block * K) * Ho + i) * Wo
                unpack(outputs, to, Ho * Wo, pointer(results), (until - i) * Wo, valid, width)
        else:
            sure = H - 1 if C % K and n == N - 1 else H
            _sample_rows(
                outputs, (n * Ho + first) * Wo * C, Wo * C, C, images, n * H * W * C, W * C, C, 0, H, first, last, C, sure,
                thetas, n, shape, padding, whole, part, columns, rows, weights, width,
            )  # fmt: skip
        fetch_add(counter[1:], 1)
    keep(marks)
    keep(numbers)
    keep(packed)
    keep(results)


@njit(cache=True, nogil=True)
def forward(parallel: int, threads: int, *arguments: Any) -> None:
    """Do all tasks in `threads` threads, or in this one if parallel is 0: see `_forward` for the arguments."""
    if parallel:
        in_parallel(parallel, threads, _forward, arguments)
    else:
        _forward(*arguments)
