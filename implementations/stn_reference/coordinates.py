"""Pixel and normalised coordinates of one axis.

-1 and 1 are the centres of the outer pixels with align_corners, and their outer edges without.
"""

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_length, as_real, check_align_corners


def pixel_scale(size: int, align_corners: bool) -> float:
    """d pixel / d normalised: (S-1)/2 with align_corners, else S/2; exact.

    Raises:
        ReferenceArgumentError: a size below 1 or an align_corners that is no bool.
    """
    check_align_corners(align_corners)
    size = as_length("size", size, least=1)
    return (size - 1) / 2 if align_corners else size / 2


def to_pixels(g: npt.ArrayLike, size: int, align_corners: bool) -> Array:
    """Pixel coordinates (0 is the first pixel's centre) of normalised ones, float64, of g's shape.

    Raises:
        ReferenceArgumentError: a size below 1, an align_corners that is no bool, a g that is not real.
    """
    scale = pixel_scale(size, align_corners)
    # x = g s + (S-1)/2 for either s: the centre of the image is 0 in both conventions.
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(as_real("g", g) * scale + (size - 1) / 2)


def to_normalised(x: npt.ArrayLike, size: int, align_corners: bool) -> Array:
    """Normalised coordinates of pixel ones, float64, of x's shape; 0 where one pixel spans no length.

    Raises:
        ReferenceArgumentError: a size below 1, an align_corners that is no bool, an x that is not real.
    """
    scale = pixel_scale(size, align_corners)
    pixels = as_real("x", x)
    if scale == 0:
        return np.zeros_like(pixels)
    return np.asarray((pixels - (size - 1) / 2) / scale)


def target_axis(size: int, align_corners: bool) -> Array:
    """The regular target coordinates x^t_j of an output axis, normalised, float64 [S]; S may be 0.

    A single point lies at 0, also with align_corners, as torch's affine_grid has it since version 1.3.

    Raises:
        ReferenceArgumentError: a size below 0 or an align_corners that is no bool.
    """
    check_align_corners(align_corners)
    length = as_length("size", size, least=0)
    return to_normalised(np.arange(length, dtype=np.float64), max(length, 1), align_corners)
