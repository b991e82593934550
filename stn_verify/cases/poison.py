"""Grids with a few coordinates that no pixel answers to."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from stn_verify.cases.case import SampleCase
from stn_verify.cases.grids import around
from stn_verify.cases.strategies import Frame
from stn_verify.formats import Array, named

Mask = npt.NDArray[np.bool_]

TOO_FAR = 1e4
"""Beyond this normalised coordinate a sample counts as poisoned; every other kind of grid stays well within."""


def nan(frame: Frame, random: np.random.Generator) -> Array:
    """A fifth of the coordinates NaN."""
    return _spoiled(frame, random, np.array([np.nan]))


def infinite(frame: Frame, random: np.random.Generator) -> Array:
    """A fifth of the coordinates infinite."""
    return _spoiled(frame, random, np.array([-np.inf, np.inf]))


def large(frame: Frame, random: np.random.Generator) -> Array:
    """A fifth of the coordinates huge, but finite."""
    largest = named(frame.dtype).largest
    magnitudes = np.minimum(np.array([1e10, 1e20, largest]), largest)
    return _spoiled(frame, random, np.concatenate([-magnitudes, magnitudes]))


def poisoned(case: SampleCase) -> tuple[Mask, SampleCase]:
    """Which points are poisoned, [N, Ho, Wo], and the case with those moved to the centre."""
    with np.errstate(invalid="ignore"):
        bad: Mask = np.any(~(np.abs(case.grid) <= TOO_FAR), axis=-1)
    return bad, replace(case, grid=np.where(bad[..., None], 0.0, case.grid))


def _spoiled(frame: Frame, random: np.random.Generator, values: Array) -> Array:
    grid = around(frame, random)
    return np.where(random.random(grid.shape) < 0.2, random.choice(values, grid.shape), grid)
