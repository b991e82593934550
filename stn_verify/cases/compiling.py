"""Cases for compiled functions: of one shape, for which the compiler runs once; different numbers, for which it must not."""

from collections.abc import Iterator

from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention

SHAPE = (2, 3, (5, 7), (4, 6))
"""(N, C, (H, W), (Ho, Wo)): all different, so that no two can be taken for one another."""


def sample_shape(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """Points anywhere, and on kinks."""
    for seed, kind in enumerate(("around", "inside", "integers", "outside")):
        yield sample_case(Frame(*SHAPE, convention, dtype), kind, grids.ALL[kind], seed)


def transform_shape(dtype: str, convention: Convention) -> Iterator[TransformCase]:
    """Thetas of order one, near the identity, and the identity."""
    for seed, kind in enumerate(("general", "near identity", "identity")):
        yield transform_case(Frame(*SHAPE, convention, dtype), kind, thetas.ALL[kind], seed)
