"""Cases whose pixel coordinates are exact in every usual formula, so that a kink is hit and not merely neared."""

from collections.abc import Iterator

import numpy as np

from stn_reference import to_normalised
from stn_verify.cases.case import SampleCase
from stn_verify.cases.images import contrasts, cotangents
from stn_verify.contract.convention import Convention
from stn_verify.formats import named


def exact_cases(dtype: str, convention: Convention, count: int = 4) -> Iterator[SampleCase]:
    """Grids of integer times quarter coordinates, over sizes whose scale is a power of two: (W-1)/2 or W/2."""
    height, width = (5, 9) if convention.align_corners else (4, 8)
    aligned = convention.align_corners
    storage = named(dtype)
    columns, rows = np.arange(-2.0, width + 2), np.arange(-2.0, height + 2)
    for seed in range(count):
        random = np.random.default_rng(seed)
        across = np.meshgrid(columns, rows + 0.25 * random.integers(0, 4), indexing="xy")
        down = np.meshgrid(columns + 0.25 * random.integers(0, 4), rows, indexing="xy")
        x, y = (np.stack([a, b]) for a, b in zip(across, down, strict=True))
        grid = np.stack([to_normalised(x, width, aligned), to_normalised(y, height, aligned)], axis=-1)
        image = storage.round(contrasts((2, 1, height, width), random))
        cotangent = cotangents((2, 1, *grid.shape[1:3]), storage, random)
        yield SampleCase(image, storage.round(grid), cotangent, dtype, convention, "exact integers")
