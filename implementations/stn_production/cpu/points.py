"""Where an output samples, in pixels: from theta or from a grid, in float64, by the rules of each padding."""

import math
from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.memory import load_scalar, store_scalar
from stn_production.cpu.vectors import element_of

Array = np.ndarray[Any, Any]
Shape = tuple[int, int, int, int, int, int]  # N, C, H, W, Ho, Wo

STEEPEST = 2.0**20  # pixels from one output to the next, up to which LANES of them stay within an int32
LARGEST = 1e30  # pixels, of what a coordinate is the sum of
ZEROS, BORDER, REFLECTION = 0, 1, 2
PADDINGS = {"zeros": ZEROS, "border": BORDER, "reflection": REFLECTION}


@njit(cache=True, nogil=True)
def _scale(k: int, shape: Shape, align_corners: bool) -> float:
    """Return what theta's number k of six is multiplied by: from output pixels to input pixels, or half the input's length.

    W / Wo is divided once, so that it is 1 where the sizes are equal.
    """
    _, _, H, W, Ho, Wo = shape
    less = 1 if align_corners else 0
    length = (W if k < 3 else H) - less
    if k % 3 == 2:
        return length / 2
    steps = (Wo if k % 3 == 0 else Ho) - less
    return length / steps if steps > 0 else 0.0


@njit(cache=True, nogil=True)
def pixel_coefficients(coefficients: Array, theta: Array, shape: Shape, align_corners: bool) -> bool:
    """Write float64 [N, 6]: x = a j' + b i' + c and y = d j' + e i' + f, for pixels j', i' from the output's centre.

    Returned: whether all images are regular.
    """
    N, _, H, W, _, _ = shape
    good = True
    for n in range(N):
        for k in range(6):
            coefficient = np.float64(load_scalar(theta, 6 * n + k)) * _scale(k, shape, align_corners)
            if k % 3 == 2:
                coefficient += ((W if k < 3 else H) - 1) / 2
            coefficients[6 * n + k] = coefficient
        good &= regular(coefficients, n)
    return good


@njit(cache=True, nogil=True)
def regular(coefficients: Array, n: int) -> bool:
    """Whether the fast kernels can hold an image's coordinates: finite, and an output row no steeper than STEEPEST."""
    good = True
    for k in range(6):
        good &= abs(coefficients[6 * n + k]) <= (STEEPEST if k % 3 == 0 else LARGEST)  # never of NaN
    return good


@njit(cache=True, nogil=True)
def theta_gradient(grad_theta: Array, parts: Array, count: int, shape: Shape, align_corners: bool) -> None:
    """Write grad_theta [N, 6] from float64 parts [N, count, 6], which are added in their order."""
    for n in range(shape[0]):
        for k in range(6):
            total = 0.0
            for part in range(count):
                total += parts[6 * (n * count + part) + k]
            scaled = total * _scale(k, shape, align_corners)
            store_scalar(grad_theta, 6 * n + k, element_of(scaled, grad_theta))


@njit(cache=True, nogil=True)
def settled(x: float, length: int, align_corners: bool, padding: int) -> tuple[int, float, float]:
    """Return the cell of one axis that a finite coordinate reads, where in it, and the derivative of that.

    zeros: anything beyond the outermost cells becomes -2, which touches no pixel.
    """
    if padding == 0:
        if not -1.0 <= x < length:
            return -2, 0.0, 0.0
        return math.floor(x), x - math.floor(x), 1.0
    slope = 1.0
    if padding == 2:
        low = 0.0 if align_corners else -0.5
        span = float(length - 1) if align_corners else float(length)
        if span == 0.0:
            return 0, 0.0, 0.0
        x -= low
        if x < 0.0:
            x, slope = -x, -slope
        x = np.fmod(x, 2.0 * span)
        if x > span:
            x, slope = 2.0 * span - x, -slope
        # Right of a mirror point: upwards from the first, downwards from the last.
        if x in (0.0, span):
            slope = 1.0 if x == 0.0 else -1.0
        x += low
    x = min(max(x, -1.0), float(length))
    # Right of a point that is mirrored is left of where it reads.
    cell = math.ceil(x) - 1 if slope < 0.0 else math.floor(x)
    if cell < 0:
        return 0, 0.0, 0.0
    if cell >= length - 1:
        return length - 1, 0.0, 0.0
    return cell, x - cell, slope
