"""Cases without elements, and with a single one: what is left of a batch, a detector that found nothing, a crop of no size."""

from collections.abc import Iterator, Sequence

from stn_verify.cases import grids, thetas
from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.cases.strategies import Frame, generate_case, sample_case, transform_case
from stn_verify.contract.convention import Convention

Shape = tuple[int, int, tuple[int, int], tuple[int, int]]
"""N, C, (H, W), (Ho, Wo)"""

NO_IMAGES: Sequence[Shape] = ((0, 2, (3, 4), (2, 5)), (0, 1, (1, 1), (1, 1)))
NO_CHANNELS: Sequence[Shape] = ((2, 0, (3, 4), (2, 5)),)
NO_OUTPUTS: Sequence[Shape] = ((2, 3, (3, 4), (0, 5)), (2, 3, (3, 4), (5, 0)), (1, 1, (2, 2), (0, 0)))
SINGLE: Sequence[Shape] = ((1, 1, (1, 1), (1, 1)), (1, 1, (1, 5), (3, 1)), (1, 1, (5, 1), (1, 3)))
"""One pixel, and one row or column."""


def samples(shapes: Sequence[Shape], dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """One case of each shape."""
    for seed, shape in enumerate(shapes):
        yield sample_case(Frame(*shape, convention, dtype), "around", grids.around, seed)


def transforms(shapes: Sequence[Shape], dtype: str, convention: Convention) -> Iterator[TransformCase]:
    """The same through theta."""
    for seed, shape in enumerate(shapes):
        yield transform_case(Frame(*shape, convention, dtype), "general", thetas.general, seed)


def generators(shapes: Sequence[Shape], dtype: str, convention: Convention) -> Iterator[GenerateCase]:
    """The grids alone."""
    for seed, shape in enumerate(shapes):
        yield generate_case(Frame(*shape, convention, dtype), "general", thetas.general, seed)
