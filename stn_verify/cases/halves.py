"""Grids on and beside half-integer pixel coordinates, where nearest jumps from one pixel to the next."""

from collections.abc import Iterator
from math import prod

import numpy as np

from stn_reference import pixel_scale, to_normalised
from stn_verify.cases import grids
from stn_verify.cases.case import SampleCase
from stn_verify.cases.images import cotangents
from stn_verify.cases.strategies import Frame
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array, named


def half_integers(frame: Frame, random: np.random.Generator) -> Array:
    """A few samples half-way between two pixels along one axis or more, the others anywhere."""
    halves = _moved_by_half(grids.integers(frame, random), frame)
    return np.where(random.random(halves.shape) < 0.5, halves, grids.around(frame, random))


def beside_half_integers(frame: Frame, random: np.random.Generator) -> Array:
    """One unit in the last place, and every order of magnitude above, on either side of them."""
    storage = named(frame.dtype)
    exact = storage.round(_moved_by_half(grids.integers(frame, random), frame))
    up = random.random(exact.shape) < 0.5
    ulp = np.where(up, storage.neighbour(exact, 1.0), storage.neighbour(exact, -1.0))
    wider = _moved_by_half(grids.beside_integers(frame, random), frame)
    return np.where(random.random(exact.shape) < 0.5, ulp, wider)


def tie_cases(dtype: str, convention: Convention, axes: int = 2) -> Iterator[SampleCase]:
    """Along each axis of an image, or of a volume, every tie of the image and those just outside, exact in every usual formula.

    No two pixels are alike, and each holds a small whole number, so that the one that was taken is known.
    """
    aligned = convention.align_corners
    size = ((3, 5, 9) if aligned else (4, 4, 8))[-axes:]
    storage = named(dtype)
    image = np.arange(1.0, prod(size) + 1).reshape(1, 1, *size)
    for halved in reversed(range(axes)):
        lines = [
            to_normalised(
                np.arange(-2.0, length + 1) + 0.5 if number == halved else np.arange(float(length)),
                length,
                aligned,
            )
            for number, length in enumerate(size)
        ]
        points = np.meshgrid(*lines, indexing="ij")
        grid = storage.round(np.stack(points[::-1], axis=-1)[None])
        cotangent = cotangents((1, 1, *grid.shape[1:-1]), storage, np.random.default_rng(0))
        yield SampleCase(image, grid, cotangent, dtype, convention, "exact half-integers")


def _moved_by_half(grid: Array, frame: Frame) -> Array:
    """By half a pixel along each axis; a single pixel under align_corners has no scale, and stays."""
    scales = [pixel_scale(size, frame.convention.align_corners) for size in reversed(frame.image_size)]
    return np.asarray(grid + np.array([0.5 / scale if scale else 0.0 for scale in scales]))
