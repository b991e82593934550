"""Square windows that slide over an image."""

import numpy as np

from stn_reference.arguments import Array
from stn_reference.errors import ReferenceArgumentError


def windows(image: Array, kernel: int, stride: int) -> Array:
    """A view [N, C, Ho, Wo, kernel, kernel] of an image [N, C, H, W]: each window's pixels.

    Raises:
        ReferenceArgumentError: a window larger than the image.
    """
    if min(image.shape[2:]) < kernel:
        raise ReferenceArgumentError(f"image has shape {image.shape}; known: H >= {kernel} and W >= {kernel}")
    every = np.lib.stride_tricks.sliding_window_view(image, (kernel, kernel), axis=(2, 3))
    return every[:, :, ::stride, ::stride]


def overlapped(shares: Array, shape: tuple[int, ...], stride: int) -> Array:
    """The transpose of `windows`: each window's shares [N, C, Ho, Wo, K, K] added up in an image of that shape."""
    image = np.zeros(shape)
    rows, columns, kernel = shares.shape[2], shares.shape[3], shares.shape[4]
    for i in range(kernel):
        for j in range(kernel):
            bottom, right = i + stride * (rows - 1) + 1, j + stride * (columns - 1) + 1
            image[:, :, i:bottom:stride, j:right:stride] += shares[..., i, j]
    return image
