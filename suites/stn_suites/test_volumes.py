"""Volumes: the trilinear sampler on [N,C,D,H,W], its values, gradients and kinks."""

import pytest

from stn_suites import checks
from stn_verify.cases import grids, thetas, volumes
from stn_verify.exploration.examination import Examination


@pytest.mark.stn_check("sample", ("output",), spatial=3)
def test_sample(examination: Examination) -> None:
    """Grids inside, around and outside the volume."""
    cases = volumes.samples(examination.dtype, examination.convention, grids.GENERIC)
    examination.explore(cases, checks.values)


@pytest.mark.stn_check("transform", ("output",), spatial=3)
def test_transform(examination: Examination) -> None:
    """General thetas, near-identities and resizes."""
    cases = volumes.transforms(examination.dtype, examination.convention, thetas.GENERIC)
    examination.explore(cases, checks.values)


@pytest.mark.stn_check("generate", ("grid",), padded=False, spatial=3)
def test_generate(examination: Examination) -> None:
    """Grids made from every kind of theta."""
    cases = volumes.generates(examination.dtype, examination.convention, volumes.ALL_THETAS)
    examination.explore(cases, checks.grid)
