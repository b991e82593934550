"""Cases to be asked twice: where additions meet in one place, and where an operation is large enough to be split."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stn_verify.cases import grids, thetas
from stn_verify.cases.case import Case, GenerateCase, SampleCase, TransformCase
from stn_verify.cases.images import cotangents
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Call
from stn_verify.formats import Array, named

SMALL = (2, 3, (5, 7), (9, 8))
"""(N, C, (H, W), (Ho, Wo))"""

COLLIDING = (2, 2, (2, 3), (24, 23))
"""A hundred outputs read each pixel."""

SPLIT = (4, 4, (6, 5), (90, 80))
"""115,200 outputs, a thousand for each pixel: frameworks split work from some 2^15 numbers on."""


def sample_repeats(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """Points that meet, points anywhere, and points on kinks."""
    for shape, kind in ((COLLIDING, "inside"), (SMALL, "around"), (SMALL, "integers")):
        yield sample_case(Frame(*shape, convention, dtype), kind, grids.ALL[kind], 0)


def transform_repeats(dtype: str, convention: Convention) -> Iterator[TransformCase]:
    """The same of `transform`: degenerate thetas read one line or point of the image."""
    for shape, kind in ((COLLIDING, "zoom"), (COLLIDING, "degenerate"), (SMALL, "identity")):
        yield transform_case(Frame(*shape, convention, dtype), kind, thetas.ALL[kind], 0)


def generate_repeats(dtype: str, convention: Convention) -> Iterator[GenerateCase]:
    """Thousands of points, all added up in theta's gradient."""
    yield _generate_case(dtype, convention, 2, (40, 41))


def sample_split(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """One large case."""
    yield sample_case(Frame(*SPLIT, convention, dtype), "inside", grids.inside, 0)


def transform_split(dtype: str, convention: Convention) -> Iterator[TransformCase]:
    """One large case."""
    yield transform_case(Frame(*SPLIT, convention, dtype), "zoom", thetas.zoom, 0)


def generate_split(dtype: str, convention: Convention) -> Iterator[GenerateCase]:
    """One large case: 120,000 numbers."""
    yield _generate_case(dtype, convention, 6, (100, 100))


def between(case: Case) -> tuple[Call, ...]:
    """Other calls, of other shapes and numbers, that no later reply may depend on."""
    doubled = replace(
        case.call(tuple(case.arrays), **{name: _doubled(array) for name, array in case.arrays.items()}),
        cotangent=_doubled(case.cotangent),
    )
    if isinstance(case, GenerateCase):
        return (doubled,)
    taller = case.call(tuple(case.arrays), image=np.concatenate([-case.image, case.image], axis=2))
    return (doubled, taller)


def _doubled(array: Array) -> Array:
    return np.concatenate([array[::-1], -array])


def _generate_case(dtype: str, convention: Convention, batch: int, size: tuple[int, int]) -> GenerateCase:
    frame = Frame(batch, 1, size, size, convention, dtype)
    random = np.random.default_rng(0)
    theta = named(dtype).round(thetas.general(frame, random))
    cotangent = cotangents((batch, *size, 2), named(dtype), random)
    return GenerateCase(theta, size, cotangent, dtype, convention, "general")
