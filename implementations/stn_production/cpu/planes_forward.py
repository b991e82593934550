"""The transform's output for NCHW images of few channels: LANES pixels of a row are one vector, planes are read where they lie.

A task is a band of output rows of one image.
"""

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
    load_scalar,
    pointer,
    select,
    splat,
    store,
    store_some,
)

Array = np.ndarray[Any, Any]

ALL = (1 << LANES) - 1


@njit(cache=True, nogil=True)
def _sample_row(
    output: Any, to: int, image: Any, at: int, coefficients: Any, n: int, i: int, shape: Shape, padding: int, whole: Any,
    part: Any,
) -> None:  # fmt: skip
    _, C, H, W, Ho, Wo = shape
    a, d = load_scalar(coefficients, 6 * n), load_scalar(coefficients, 6 * n + 3)
    v = i - (Ho - 1) / 2
    x0 = load_scalar(coefficients, 6 * n + 1) * v + load_scalar(coefficients, 6 * n + 2)
    y0 = load_scalar(coefficients, 6 * n + 4) * v + load_scalar(coefficients, 6 * n + 5)
    nothing = splat(element_of(0.0, part), LANES)
    one = splat(element_of(1.0, part), LANES)
    zero, last_column, last_row = (
        splat(np.int32(0), LANES), splat(np.int32(W - 1), LANES), splat(np.int32(H - 1), LANES)
    )  # fmt: skip
    for j in range(0, Wo, LANES):
        u = j - (Wo - 1) / 2
        column, p, _, row, q, _ = coordinates(a * u + x0, d * u + y0, whole, part, padding, W, H)
        count = min(LANES, Wo - j)
        inside = (column >= zero) & (column < last_column) & (row >= zero) & (row < last_row)
        if count == LANES and bits(inside) == ALL:
            left, up = one - p, one - q
            w00, w01, w10, w11 = left * up, p * up, left * q, p * q
            where = row * splat(np.int32(W), LANES) + column
            for c in range(C):
                v00, v01 = gather_pairs(image, at + c * H * W, where)
                v10, v11 = gather_pairs(image, at + c * H * W + W, where)
                store(output, to + c * Ho * Wo + j, fma(w11, v11, fma(w10, v10, fma(w01, v01, w00 * v00))))
            continue
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
            store_some(output, to + c * Ho * Wo + j, count, result)


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
        for i in range(band * Ho // bands, (band + 1) * Ho // bands):
            to, at = (n * C * Ho + i) * Wo, n * C * H * W
            _sample_row(outputs, to, images, at, thetas, n, i, shape, padding, whole, part)
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
