"""Planes to pixels and back: K channels of NCHW side by side, in the type that is computed in."""

from typing import Any

import numpy as np
from numba import njit

from stn_production.cpu.memory import load_scalar, store_scalar
from stn_production.cpu.shuffles import transpose, transpose_back
from stn_production.cpu.vector_type import LANES
from stn_production.cpu.vectors import element_of

Array = np.ndarray[Any, Any]


@njit(cache=True, nogil=True)
def pack(block: Array, planes: Array, at: int, plane: int, pixels: int, valid: int, width: Any) -> None:
    """Write block[pixel, c] = planes[at + plane c + pixel]; zeros from channel `valid` on."""
    K = len(width)
    pixel = 0
    while pixel + LANES <= pixels:
        transpose(block, pixel * K, K, planes, at + pixel, plane, valid, width)
        pixel += LANES
    while pixel < pixels:
        for c in range(K):
            value = load_scalar(planes, at + plane * c + pixel) if c < valid else element_of(0.0, block)
            store_scalar(block, pixel * K + c, value)
        pixel += 1


@njit(cache=True, nogil=True)
def unpack(planes: Array, at: int, plane: int, block: Array, pixels: int, valid: int, width: Any) -> None:
    """Write planes[at + plane c + pixel] = block[pixel, c] for c < valid."""
    K = len(width)
    pixel = 0
    while pixel + LANES <= pixels:
        transpose_back(planes, at + pixel, plane, block, pixel * K, K, valid, width)
        pixel += LANES
    if pixel == pixels:
        return
    if pixels >= LANES:  # once more what overlaps, to the same values
        pixel = pixels - LANES
        transpose_back(planes, at + pixel, plane, block, pixel * K, K, valid, width)
        return
    while pixel < pixels:
        for c in range(valid):
            store_scalar(planes, at + plane * c + pixel, load_scalar(block, pixel * K + c))
        pixel += 1
