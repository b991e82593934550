"""Padding as an infinitely extended image, so that no interpolation needs a case for the border.

Interpolating the extended image bilinearly equals the usual "fold or clip the coordinate, then interpolate" in all three
paddings, and leaves the integers as the only kinks (design notes 3.4). Of bicubic, extending each tap is the rule.
"""

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import (
    Array,
    Indices,
    Mask,
    as_length,
    as_real,
    check_align_corners,
    check_choice,
)
from stn_reference.errors import ReferenceArgumentError

PADDINGS = ("zeros", "border", "reflection")


def extend_index(
    k: npt.ArrayLike, size: int, padding: str, align_corners: bool, *, offset: int | Indices = 0
) -> tuple[Indices, Mask]:
    """Which pixel of one axis the extended image has at k + offset.

    Args:
        k: integer values as float64, any shape and any magnitude, in pixels.
        size: the axis' length S, at least 1.
        padding: one of PADDINGS.
        align_corners: only reflection depends on it.
        offset: small whole steps from k, added where they cannot be rounded away (above 2^53, k + 1 == k).

    Returns:
        index: int64 in [0, S-1], of k's shape.
        inside: False where the extended image is zero whatever the pixels; only `zeros` has such places.

    Raises:
        ReferenceArgumentError: an unknown padding, a size below 1, a k that is no finite integer.
    """
    check_choice("padding", padding, PADDINGS)
    check_align_corners(align_corners)
    size = as_length("size", size, least=1)
    whole = as_real("k", k)
    strays = whole[~(np.isfinite(whole) & (whole == np.floor(whole)))]
    if strays.size:
        raise ReferenceArgumentError(f"k={float(strays[0])!r}; known: finite integer values")
    line = line_at(whole, offset, size, padding, align_corners)
    index = np.clip(line, 0, size - 1)
    return index, np.asarray(index == line)


def line_at(whole: Array, offset: int | Indices, size: int, padding: str, align_corners: bool) -> Indices:
    """extend_index of arguments that were checked, with -1 or S where the extended image is zero."""
    if padding == "reflection":
        return _reflected(whole, offset, size, align_corners).astype(np.int64)
    # zeros: P~[k] = P[k] inside, 0 elsewhere. border: P~[k] = P[clip(k, 0, S-1)].
    low, high = (-1, size) if padding == "zeros" else (0, size - 1)
    # Clamped as float64: a cast of what int64 cannot hold is undefined.
    return np.clip(whole + offset, low, high).astype(np.int64)


def _reflected(whole: Array, offset: int | Indices, size: int, align_corners: bool) -> Array:
    if align_corners and size == 1:
        return np.zeros_like(whole)
    # Mirrors at 0 and S-1, period 2(S-1); or at -1/2 and S-1/2, period 2S.
    period = 2 * (size - 1) if align_corners else 2 * size
    mirrored_zero = period if align_corners else period - 1
    # The remainder of integers is exact in float64 whatever their magnitude.
    place = np.remainder(np.remainder(whole, period) + offset, period)
    return np.asarray(np.minimum(place, mirrored_zero - place))
