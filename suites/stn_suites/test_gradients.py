"""Gradients with respect to grid, input and theta, against the oracle and exact differences of the target's own forward."""

import pytest

from stn_suites import checks, differenced, kernels
from stn_verify.cases import grids, thetas
from stn_verify.cases.strategies import generate_cases, sample_cases, transform_cases
from stn_verify.exploration.examination import Examination

DIFFERENCED = ("float64", "float32", "float16")
"""In bfloat16 a coordinate is uncertain by a good part of a cell, and a slope between two of them says nothing."""


@pytest.mark.stn_check("sample", ("grad_input", "grad_grid"), interpolations=kernels.EVERY)
def test_sample_reference(examination: Examination) -> None:
    """Against the closed form, on generic grids."""
    cases = sample_cases(examination.dtype, examination.convention, grids.GENERIC)
    examination.explore(cases, checks.gradients, share=kernels.share(examination))


@pytest.mark.stn_check(
    "sample",
    ("output", "grad_input", "grad_grid"),
    differentiated=True,
    dtypes=DIFFERENCED,
    interpolations=kernels.EVERY,
)
def test_sample_differences(examination: Examination) -> None:
    """Against exact differences of the target's own forward, on generic grids and on kinks."""
    cases = sample_cases(examination.dtype, examination.convention, grids.ALL)
    examination.explore(cases, differenced.sample, share=kernels.share(examination, many=True))


@pytest.mark.stn_check("sample", ("output", "grad_input"), differentiated=True)
def test_sample_lattice(examination: Examination) -> None:
    """grad_input, asked for alone, against the target's own weights: in bfloat16 slopes say nothing."""
    cases = sample_cases(examination.dtype, examination.convention, grids.ALL)
    examination.explore(cases, checks.lattice_differences)


@pytest.mark.stn_check("transform", ("grad_input", "grad_theta"), interpolations=kernels.EVERY)
def test_transform_reference(examination: Examination) -> None:
    """Against the closed form, each asked for alone and both together, on general thetas, near-identities and resizes."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.GENERIC)
    examination.explore(cases, checks.gradient_subsets, share=kernels.share(examination))


@pytest.mark.stn_check(
    "transform",
    ("output", "grad_input", "grad_theta"),
    differentiated=True,
    dtypes=DIFFERENCED,
    interpolations=kernels.EVERY,
)
def test_transform_differences(examination: Examination) -> None:
    """Against exact differences of the target's own forward, which need no grid."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.ALL)
    examination.explore(cases, differenced.transform, share=kernels.share(examination, many=True))


@pytest.mark.stn_check("generate", ("grad_theta",), padded=False)
def test_generate_reference(examination: Examination) -> None:
    """The chain grad_theta = J^T grad_grid."""
    cases = generate_cases(examination.dtype, examination.convention, thetas.ALL)
    examination.explore(cases, checks.gradients)
