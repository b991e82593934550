"""Cases of given sizes, where index arithmetic and number formats run out."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.formats import named

LONG_AXES = (((255, 3), (2, 257)), ((2, 256), (3, 256)), ((257, 2), (255, 2)), ((3, 257), (256, 3)))
"""(H, W), (Ho, Wo)"""

LARGE_AREAS = ((151, 217), (128, 256), (181, 182), (255, 257), (257, 256))
"""(H, W) of 2^15 - 1, 2^15, a little more; 2^16 - 1, and a little more than 2^16 pixels."""


def long_axes(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """Axes of 255, 256 and 257."""
    for seed, (image, output) in enumerate(LONG_AXES):
        yield sample_case(Frame(2, 2, image, output, convention, dtype), "around", grids.around, seed)


def large_areas(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """Images of about 2^15 and 2^16 pixels, read at few points."""
    for seed, image in enumerate(LARGE_AREAS):
        yield _gentle(
            sample_case(Frame(2, 2, image, (7, 9), convention, dtype), "inside", grids.inside, seed)
        )


def _gentle(case: SampleCase) -> SampleCase:
    """The case with ramps of either sign: a narrow format's coordinates are uncertain by pixels, but no wrong row looks right."""
    count, channels, height, width = case.image.shape
    ramp = 1.0 + 4.0 * np.arange(height)[:, None] / height + 2.0 * np.arange(width) / width
    signs = np.where(np.arange(count * channels) % 2, -1.0, 1.0).reshape(count, channels, 1, 1)
    return replace(case, image=named(case.dtype).round(signs * ramp))


def ordinary_area(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """256 x 256 pixels, read at few points."""
    yield _gentle(sample_case(Frame(2, 1, (256, 256), (7, 9), convention, dtype), "inside", grids.inside, 0))


def many_outputs(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """67,860 outputs of a small image."""
    yield sample_case(Frame(1, 2, (9, 7), (260, 261), convention, dtype), "around", grids.around, 0)


def many_channels(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """More channels than any block or limit of 1,024."""
    yield sample_case(Frame(1, 1100, (3, 5), (2, 3), convention, dtype), "around", grids.around, 0)


def many_images(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """More images than 16 bits count."""
    yield sample_case(Frame(65_600, 1, (2, 2), (1, 2), convention, dtype), "around", grids.around, 0)


def more_images(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """1,025 images: one more than a block has threads."""
    yield sample_case(Frame(1025, 2, (3, 4), (2, 3), convention, dtype), "around", grids.around, 0)


def more_fused_images(dtype: str, convention: Convention) -> Iterator[TransformCase]:
    """The same through theta."""
    yield transform_case(Frame(1025, 2, (3, 4), (2, 3), convention, dtype), "general", thetas.general, 0)


def many_fused_outputs(dtype: str, convention: Convention) -> Iterator[TransformCase]:
    """As many_outputs, through theta."""
    yield transform_case(Frame(1, 2, (9, 7), (260, 261), convention, dtype), "general", thetas.general, 0)


def wide(dtype: str, convention: Convention, width: int) -> Iterator[SampleCase]:
    """One very wide image, read at few points."""
    yield sample_case(Frame(1, 1, (1, width), (4, 16), convention, dtype), "inside", grids.inside, 0)
