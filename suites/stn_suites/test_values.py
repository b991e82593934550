"""Values: outputs and grids against the float64 oracle."""

import pytest

from stn_suites import checks, kernels
from stn_verify.cases import grids, thetas
from stn_verify.cases.strategies import generate_cases, sample_cases, transform_cases
from stn_verify.exploration.examination import Examination


@pytest.mark.stn_check("sample", ("output",), interpolations=kernels.EVERY)
def test_sample(examination: Examination) -> None:
    """Grids inside, around and outside the image."""
    cases = sample_cases(examination.dtype, examination.convention, grids.GENERIC)
    examination.explore(cases, checks.values, share=kernels.share(examination))


@pytest.mark.stn_check("transform", ("output",), interpolations=kernels.EVERY)
def test_transform(examination: Examination) -> None:
    """General thetas, near-identities and resizes, to outputs larger and smaller than the image."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.GENERIC)
    examination.explore(cases, checks.values, share=kernels.share(examination))


@pytest.mark.stn_check("generate", ("grid",), padded=False)
def test_generate(examination: Examination) -> None:
    """Grids made from every kind of theta."""
    cases = generate_cases(examination.dtype, examination.convention, thetas.ALL)
    examination.explore(cases, checks.grid)
