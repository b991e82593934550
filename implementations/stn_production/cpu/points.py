"""Where an output samples, in pixels: from theta or from a grid, in float64, by the rules of each padding."""

from typing import Any

import numpy as np
import torch
from numba import njit

ZEROS, BORDER, REFLECTION = 0, 1, 2
PADDINGS = {"zeros": ZEROS, "border": BORDER, "reflection": REFLECTION}


def pixel_scales(of: tuple[int, int], size: tuple[int, int], align_corners: bool) -> np.ndarray[Any, Any]:
    """Return d (x, y) / d (what theta multiplies), [2, 3]: theta times this maps centred output pixels to input pixels.

    W / Wo is divided once, so that it is 1 where the sizes are equal.
    """
    H, W = of
    Ho, Wo = size

    def ratio(length: int, steps: int) -> float:
        if not align_corners:
            return length / steps
        return (length - 1) / (steps - 1) if steps > 1 else 0.0

    def half(length: int) -> float:
        return ((length - 1) if align_corners else length) / 2

    return np.array([[ratio(W, Wo), ratio(W, Ho), half(W)], [ratio(H, Wo), ratio(H, Ho), half(H)]])


def pixel_coefficients(theta: torch.Tensor, of: tuple[int, int], scales: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return float64 [N, 6]: x = a j' + b i' + c and y = d j' + e i' + f, for pixels j', i' from the output's centre."""
    H, W = of
    coefficients = theta.detach().to(torch.float64).numpy() * scales
    coefficients[:, 0, 2] += (W - 1) / 2
    coefficients[:, 1, 2] += (H - 1) / 2
    return coefficients.reshape(-1, 6)


@njit(cache=True, nogil=True)
def settled(x: float, length: int, align_corners: bool, padding: int) -> tuple[float, float]:
    """Return where on one axis a finite coordinate reads, and the derivative of that.

    zeros: anything beyond the outermost cells becomes -2, which touches no pixel.
    """
    if padding == 0:
        return (x, 1.0) if -1.0 <= x < length else (-2.0, 0.0)
    slope = 1.0
    if padding == 2:
        low = 0.0 if align_corners else -0.5
        span = float(length - 1) if align_corners else float(length)
        if span == 0.0:
            return 0.0, 0.0
        x -= low
        if x < 0.0:
            x, slope = -x, -slope
        x = np.fmod(x, 2.0 * span)
        if x >= span:
            x, slope = 2.0 * span - x, -slope
        x += low
    if x < 0.0:
        return 0.0, 0.0
    if x >= length - 1:
        return float(length - 1), 0.0
    return x, slope
