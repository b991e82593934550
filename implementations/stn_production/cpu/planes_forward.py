"""The transform's output for NCHW images of few channels: LANES pixels of a row are one vector, planes are read where they lie.

A task is a band of output rows of one image.
"""

from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.lanes import coordinates, split_steps
from stn_production.cpu.memory import fetch_add, keep, load_scalar, pointer
from stn_production.cpu.openmp import in_parallel
from stn_production.cpu.pixels import least, read_pixels, read_windows, rows_of
from stn_production.cpu.points import Shape
from stn_production.cpu.shuffles import picks
from stn_production.cpu.vector_type import LANES

Array = np.ndarray[Any, Any]


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
                read_windows(
                    output, here, count, image, size, at, shape, column, p, row, q, least(column), least(row), reach, part
                )  # fmt: skip
            else:
                read_pixels(output, here, count, image, at, shape, column, p, row, q, part)


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
