"""Invariants: laws that every right sampler keeps, held against other results of the target itself wherever that can be."""

import pytest
from hypothesis import strategies as st

from stn_suites import independence, laws
from stn_suites.reproduced import reproduce_pixels
from stn_verify.cases import grids, thetas
from stn_verify.cases.reproduced import every_kind, sample_move, sample_moves, transform_move, transform_moves
from stn_verify.cases.shifted import shiftable_cases
from stn_verify.cases.strategies import BATCHES, sample_cases, transform_cases
from stn_verify.exploration.examination import Check, Examination

SAMPLE = ("output", "grad_input", "grad_grid")
TRANSFORM = ("output", "grad_input", "grad_theta")


TWO_OR_MORE = st.integers(2, 3)

SOME, FEW = 1 / 2, 1 / 4
"""Shares of a profile's examples: a law that is broken is broken at most points of most cases.

Laws that others nearly imply are left out where few examples are asked for (`large`)."""


Law = Check[laws.SampledCase]


def _sample(
    examination: Examination, law: Law, share: float = SOME, batches: st.SearchStrategy[int] = BATCHES
) -> None:
    cases = sample_cases(examination.dtype, examination.convention, grids.ALL, batches=batches)
    examination.explore(cases, law, share=share)


def _transform(
    examination: Examination, law: Law, share: float = SOME, batches: st.SearchStrategy[int] = BATCHES
) -> None:
    cases = transform_cases(examination.dtype, examination.convention, thetas.ALL, batches=batches)
    examination.explore(cases, law, share=share)


@pytest.mark.stn_check("sample", ("output",), alike="nearly")
def test_linear(examination: Examination) -> None:
    """The output is linear in the image, from tiny numbers to large ones."""
    _sample(examination, laws.linear)


@pytest.mark.stn_check("transform", ("output",), alike="nearly")
def test_linear_fused(examination: Examination) -> None:
    """The same through theta."""
    _transform(examination, laws.linear)


@pytest.mark.stn_check("sample", ("grad_input",), large=True)
def test_adjoint(examination: Examination) -> None:
    """grad_input is the adjoint of the forward pass: <u, A^T v> = <A u, v>."""
    _sample(examination, laws.adjoint, FEW)


@pytest.mark.stn_check("transform", ("grad_input",), large=True)
def test_adjoint_fused(examination: Examination) -> None:
    """The same through theta."""
    _transform(examination, laws.adjoint, FEW)


@pytest.mark.stn_check("sample", ("output",), alike="nearly")
def test_constant(examination: Examination) -> None:
    """The weights add up to 1: a constant image stays constant."""
    _sample(examination, laws.constant, FEW)


@pytest.mark.stn_check("transform", ("output",), alike="nearly")
def test_constant_fused(examination: Examination) -> None:
    """The same through theta."""
    _transform(examination, laws.constant, FEW)


@pytest.mark.stn_check("sample", ("grad_grid",), alike="nearly")
def test_added_constant(examination: Examination) -> None:
    """A constant added to the image leaves the gradient of the grid as it is, on kinks too."""
    _sample(examination, laws.steady)


@pytest.mark.stn_check("transform", ("grad_theta",), alike="nearly")
def test_added_constant_fused(examination: Examination) -> None:
    """A constant added to the image leaves the gradient of theta as it is, on kinks too."""
    _transform(examination, laws.steady)


@pytest.mark.stn_check("sample", ("output",), alike="nearly")
def test_hull(examination: Examination) -> None:
    """An output lies between the pixels that it is made of."""
    _sample(examination, laws.between)


@pytest.mark.stn_check("transform", ("output",), large=True)
def test_hull_fused(examination: Examination) -> None:
    """The same through theta."""
    _transform(examination, laws.between)


@pytest.mark.stn_check("sample", ("grad_input",), alike="nearly")
def test_mass(examination: Examination) -> None:
    """grad_input gives away the whole cotangent, and nothing else."""
    _sample(examination, laws.conserved, FEW)


@pytest.mark.stn_check("transform", ("grad_input",), alike="nearly")
def test_mass_fused(examination: Examination) -> None:
    """The same through theta."""
    _transform(examination, laws.conserved, FEW)


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly")
def test_independence(examination: Examination) -> None:
    """What is wrong with one image or channel reaches no other."""
    _sample(examination, independence.others_unspoilt, batches=TWO_OR_MORE)


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly")
def test_independence_fused(examination: Examination) -> None:
    """The same through theta."""
    _transform(examination, independence.others_unspoilt, batches=TWO_OR_MORE)


@pytest.mark.stn_check("sample", SAMPLE, large=True)
def test_permutation(examination: Examination) -> None:
    """Images, channels and points in another order bring the same results in that order."""
    _sample(examination, independence.permuted, FEW, batches=TWO_OR_MORE)


@pytest.mark.stn_check("transform", TRANSFORM, large=True)
def test_permutation_fused(examination: Examination) -> None:
    """The same for images and channels through theta."""
    _transform(examination, independence.permuted, FEW, batches=TWO_OR_MORE)


@pytest.mark.stn_check("sample", ("output",), alike="nearly")
def test_pixels(examination: Examination) -> None:
    """The identity, shifts by whole pixels, flips, quarter turns and resizes that leave out pixels bring out pixels."""
    dtype, convention = examination.dtype, examination.convention
    check = reproduce_pixels(examination)
    examination.judge((sample_move(plan, dtype, convention) for plan in every_kind(convention)), check)
    examination.explore(sample_moves(dtype, convention), check, share=SOME)


@pytest.mark.stn_check("transform", ("output",), alike="nearly")
def test_pixels_fused(examination: Examination) -> None:
    """The same through theta."""
    dtype, convention = examination.dtype, examination.convention
    check = reproduce_pixels(examination)
    examination.judge((transform_move(plan, dtype, convention) for plan in every_kind(convention)), check)
    examination.explore(transform_moves(dtype, convention), check, share=SOME)


@pytest.mark.stn_check("transform", ("output",), large=True)
def test_composition(examination: Examination) -> None:
    """theta composed with a shift of the output by a pixel brings the shifted output."""
    cases = shiftable_cases(examination.dtype, examination.convention)
    examination.explore(cases, laws.composed, share=SOME)
