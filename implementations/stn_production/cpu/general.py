"""Every padding, every grid, every size, in float64: what the fast kernels leave over.

Forward: a task is an image's band of output rows. grad_image: an image's group of channels, so that no two tasks add to one
pixel. Gradients of points: bands again; each keeps its own sums for theta, added in order afterwards.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.memory import fetch_add, load_scalar, store_scalar
from stn_production.cpu.openmp import in_parallel
from stn_production.cpu.points import Shape, settled
from stn_production.cpu.vectors import element_of

Array = np.ndarray[Any, Any]
Strides = tuple[int, int, int, int]  # of n, c, row, column, in elements

BAND = 16  # output rows
GROUP = 4  # channels


@njit(cache=True, nogil=True)
def point(
    fused: bool, coefficients: Array, grid: Array, n: int, i: int, j: int, shape: Shape, align_corners: bool
) -> tuple[float, float]:
    """Return the pixel coordinates (x, y) that output (i, j) of image n asks for; any float64."""
    _, _, H, W, Ho, Wo = shape
    if fused:
        k = 6 * n
        u, v = j - (Wo - 1) / 2, i - (Ho - 1) / 2
        x = coefficients[k] * u + (coefficients[k + 1] * v + coefficients[k + 2])
        y = coefficients[k + 3] * u + (coefficients[k + 4] * v + coefficients[k + 5])
        return x, y
    at = 2 * ((n * Ho + i) * Wo + j)
    x, y = np.float64(load_scalar(grid, at)), np.float64(load_scalar(grid, at + 1))
    if align_corners:
        return (x + 1) * ((W - 1) / 2), (y + 1) * ((H - 1) / 2)
    return x * (W / 2) + (W - 1) / 2, y * (H / 2) + (H - 1) / 2


@njit(cache=True, nogil=True)
def value(image: Array, at: int, strides: Strides, ix: int, iy: int, H: int, W: int) -> float:
    """Return a pixel of the image extended by zeros."""
    if 0 <= ix < W and 0 <= iy < H:
        return np.float64(load_scalar(image, at + iy * strides[2] + ix * strides[3]))
    return 0.0


@njit(cache=True, nogil=True)
def _forward(
    counter: Array, tasks: int, output: Array, out: Strides, image: Array, strides: Strides, fused: bool,
    coefficients: Array, grid: Array, shape: Shape, align_corners: bool, padding: int,
) -> None:  # fmt: skip
    """Write the output of bands of rows."""
    _, C, H, W, Ho, Wo = shape
    bands = (Ho + BAND - 1) // BAND
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            return
        n, first = task // bands, task % bands * BAND
        for i in range(first, min(first + BAND, Ho)):
            for j in range(Wo):
                to = n * out[0] + i * out[2] + j * out[3]
                x, y = point(fused, coefficients, grid, n, i, j, shape, align_corners)
                if not (math.isfinite(x) and math.isfinite(y)):
                    for c in range(C):
                        store_scalar(output, to + c * out[1], element_of(math.nan, output))
                    continue
                ix, p, _ = settled(x, W, align_corners, padding)
                iy, q, _ = settled(y, H, align_corners, padding)
                for c in range(C):
                    at = n * strides[0] + c * strides[1]
                    result = 0.0
                    v00 = value(image, at, strides, ix, iy, H, W)
                    v01 = value(image, at, strides, ix + 1, iy, H, W)
                    v10 = value(image, at, strides, ix, iy + 1, H, W)
                    v11 = value(image, at, strides, ix + 1, iy + 1, H, W)
                    result = (1 - q) * ((1 - p) * v00 + p * v01) + q * ((1 - p) * v10 + p * v11)
                    store_scalar(output, to + c * out[1], element_of(result, output))
        fetch_add(counter[1:], 1)


@njit(cache=True, nogil=True)
def _add(target: Array, at: int, strides: Strides, ix: int, iy: int, H: int, W: int, amount: float) -> None:
    if 0 <= ix < W and 0 <= iy < H:
        target[at + iy * strides[2] + ix * strides[3]] += amount


@njit(cache=True, nogil=True)
def _backward_image(
    counter: Array, tasks: int, grad_image: Array, strides: Strides, cotangent: Array, out: Strides, fused: bool,
    coefficients: Array, grid: Array, shape: Shape, align_corners: bool, padding: int,
) -> None:  # fmt: skip
    """Add to grad_image (zeros before, float32 or float64) what groups of channels receive."""
    _, C, H, W, Ho, Wo = shape
    groups = (C + GROUP - 1) // GROUP
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            return
        n, first = task // groups, task % groups * GROUP
        for i in range(Ho):
            for j in range(Wo):
                x, y = point(fused, coefficients, grid, n, i, j, shape, align_corners)
                if not (math.isfinite(x) and math.isfinite(y)):
                    continue
                ix, p, _ = settled(x, W, align_corners, padding)
                iy, q, _ = settled(y, H, align_corners, padding)
                for c in range(first, min(first + GROUP, C)):
                    at = n * strides[0] + c * strides[1]
                    g = np.float64(load_scalar(cotangent, n * out[0] + c * out[1] + i * out[2] + j * out[3]))
                    _add(grad_image, at, strides, ix, iy, H, W, (1 - p) * (1 - q) * g)
                    _add(grad_image, at, strides, ix + 1, iy, H, W, p * (1 - q) * g)
                    _add(grad_image, at, strides, ix, iy + 1, H, W, (1 - p) * q * g)
                    _add(grad_image, at, strides, ix + 1, iy + 1, H, W, p * q * g)
        fetch_add(counter[1:], 1)


@njit(cache=True, nogil=True)
def _backward_points(
    counter: Array, tasks: int, sums: Array, grad_grid: Array, cotangent: Array, out: Strides, image: Array,
    strides: Strides, fused: bool, coefficients: Array, grid: Array, shape: Shape, align_corners: bool, padding: int,
) -> None:  # fmt: skip
    """Write grad_grid, or where fused each band's sums for theta: float64 [tasks, 6] of (g j', g i', g) for x and y."""
    _, C, H, W, Ho, Wo = shape
    bands = (Ho + BAND - 1) // BAND
    scale_x, scale_y = (W - 1) / 2 if align_corners else W / 2, (H - 1) / 2 if align_corners else H / 2
    while True:
        task = fetch_add(counter, 1)
        if task >= tasks:
            return
        n, first = task // bands, task % bands * BAND
        for i in range(first, min(first + BAND, Ho)):
            for j in range(Wo):
                x, y = point(fused, coefficients, grid, n, i, j, shape, align_corners)
                gx, gy = math.nan, math.nan
                if math.isfinite(x) and math.isfinite(y):
                    gx, gy = 0.0, 0.0
                    ix, p, slope_x = settled(x, W, align_corners, padding)
                    iy, q, slope_y = settled(y, H, align_corners, padding)
                    for c in range(C):
                        at = n * strides[0] + c * strides[1]
                        g = np.float64(
                            load_scalar(cotangent, n * out[0] + c * out[1] + i * out[2] + j * out[3])
                        )
                        v00 = value(image, at, strides, ix, iy, H, W)
                        v01 = value(image, at, strides, ix + 1, iy, H, W)
                        v10 = value(image, at, strides, ix, iy + 1, H, W)
                        v11 = value(image, at, strides, ix + 1, iy + 1, H, W)
                        if slope_x != 0.0:
                            gx += slope_x * g * ((1 - q) * (v01 - v00) + q * (v11 - v10))
                        if slope_y != 0.0:
                            gy += slope_y * g * ((1 - p) * (v10 - v00) + p * (v11 - v01))
                if fused:
                    u, v = j - (Wo - 1) / 2, i - (Ho - 1) / 2
                    for k, part in enumerate((gx * u, gx * v, gx, gy * u, gy * v, gy)):
                        sums[6 * task + k] += part
                else:
                    to = 2 * ((n * Ho + i) * Wo + j)
                    store_scalar(grad_grid, to, element_of(gx * scale_x, grad_grid))
                    store_scalar(grad_grid, to + 1, element_of(gy * scale_y, grad_grid))
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
