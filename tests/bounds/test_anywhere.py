"""What holds of a point that may read anywhere: every place in the image keeps the rules, and what breaks one is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_reference import sample, sample_vjp
from stn_verify.bounds.anywhere import slopes_anywhere, values_anywhere, written_where_read
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.cases import grids
from stn_verify.cases.case import SampleCase
from stn_verify.cases.strategies import sample_cases
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import FLOAT64, Array

EXACT = Arithmetic(FLOAT64, FLOAT64)
CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())


@st.composite
def cases(draw: st.DrawFn) -> SampleCase:
    return draw(sample_cases("float64", draw(CONVENTIONS), grids.ALL))


def _results(case: SampleCase) -> tuple[Array, Array, Array]:
    chosen = {"padding": case.convention.padding, "align_corners": case.convention.align_corners}
    output = sample(case.image, case.grid, **chosen)
    return (output, *sample_vjp(case.image, case.grid, case.cotangent, **chosen))


@given(cases())
def test_every_place_keeps_the_rules(case: SampleCase) -> None:
    output, grad_input, grad_grid = _results(case)
    values = values_anywhere(case.scene, EXACT)
    assert np.all(values.budget_used(output) <= 1)
    slopes = slopes_anywhere(case.scene, case.cotangent, EXACT)
    assert np.all(slopes.budget_used(grad_grid) <= 1)
    written = written_where_read(case.scene, case.cotangent, output, grad_input, EXACT)
    assert np.all(written.budget_used((grad_input * case.image).sum(axis=(2, 3))) <= 1)


@given(cases(), st.sampled_from([-1.0, 1.0]))
def test_values_beyond_the_pixels_are_told(case: SampleCase, sign: float) -> None:
    beyond = sign * (1.001 * np.abs(case.image).max(axis=(2, 3), keepdims=True) + 0.001)
    assert np.all(values_anywhere(case.scene, EXACT).budget_used(beyond) > 1)


@given(cases())
def test_slopes_that_no_pixels_have_are_told(case: SampleCase) -> None:
    slopes = slopes_anywhere(case.scene, case.cotangent, EXACT)
    assert np.all(slopes.budget_used(slopes.high * 1.001 + 0.001) > 1)


@pytest.mark.parametrize("moved", [(0, 1), (1, 0)])
def test_writing_beside_what_was_read_is_told(moved: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    image, cotangent = random.standard_normal((2, 3, 5, 7)), np.ones((2, 3, 1, 1))
    case = SampleCase(image, np.full((2, 1, 1, 2), 0.3), cotangent, "float64", Convention())
    output, grad_input, _ = _results(case)
    elsewhere = np.roll(grad_input, moved, axis=(2, 3))
    written = written_where_read(case.scene, cotangent, output, elsewhere, EXACT)
    assert np.all(written.budget_used((elsewhere * image).sum(axis=(2, 3))) > 1)
