"""Images of few channels, from addresses to results in one piece of compiled code: Python's share in small ones was a fifth.

Where that does not do, for thetas that are not regular or threads that are not OpenMP's, nothing has been written yet.
"""

from typing import Any

import numpy as np
from numba import carray, njit

from stn_production.cpu import planes_backward, planes_forward
from stn_production.cpu.memory import pointer_at
from stn_production.cpu.points import Shape, pixel_coefficients, theta_gradient

Array = np.ndarray[Any, Any]

DONE, IRREGULAR = 0, -1


@njit(cache=True, nogil=True)
def forward(
    parallel: int, threads: int, output: int, image: int, theta: int, shape: Shape, align_corners: bool, padding: int,
    bands: int, like: Array,
) -> int:  # fmt: skip
    """Do what `planes_forward` does, for dense tensors of one type at these addresses. like: of that type.

    Returned: DONE, IRREGULAR, or how many tasks had no room.
    """
    N, C, H, W, Ho, Wo = shape
    coefficients, counter = np.empty(6 * N), np.zeros(2, np.int64)
    if not pixel_coefficients(coefficients, carray(pointer_at(theta, like), 6 * N), shape, align_corners):
        return IRREGULAR
    planes_forward.forward(
        parallel, threads, counter, N * bands, carray(pointer_at(output, like), N * C * Ho * Wo),
        carray(pointer_at(image, like), N * C * H * W), coefficients, shape, padding, bands, like,
    )  # fmt: skip
    return N * bands - counter[1]


@njit(cache=True, nogil=True)
def backward(
    parallel: int, threads: int, grad_image: int, grad_theta: int, cotangent: int, image: int, theta: int, shape: Shape,
    align_corners: bool, padding: int, bands: int, like: Array,
) -> int:  # fmt: skip
    """Do what `planes_backward` does, and sum grad_theta from it; of one channel. Returned: as by `forward`."""
    N, _, H, W, Ho, Wo = shape
    coefficients, counter, parts = np.empty(6 * N), np.zeros(2, np.int64), np.empty(6 * N * bands)
    if not pixel_coefficients(coefficients, carray(pointer_at(theta, like), 6 * N), shape, align_corners):
        return IRREGULAR
    planes_backward.backward(
        parallel, threads, counter, N * bands, carray(pointer_at(grad_image, like), N * H * W), parts,
        carray(pointer_at(cotangent, like), N * Ho * Wo), carray(pointer_at(image, like), N * H * W), coefficients, shape,
        padding, bands,
    )  # fmt: skip
    missing = N * bands - counter[1]
    if missing:
        return missing
    theta_gradient(carray(pointer_at(grad_theta, like), 6 * N), parts, bands, shape, align_corners)
    return DONE
