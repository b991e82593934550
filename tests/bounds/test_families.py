"""Bounds of grid generators: right arithmetic stays inside in any order, and what is claimed too high does not."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_reference import target_axis
from stn_reference.generators import FAMILIES, square_lattice
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.families import family_gradient, family_grid
from stn_verify.bounds.rounded import Rounding
from stn_verify.bounds.uncertain import Uncertain, known
from stn_verify.cases.case import GenerateCase
from stn_verify.cases.families import BESIDE_AFFINE, family_cases
from stn_verify.contract.convention import Convention
from stn_verify.formats import BFLOAT16, FLOAT32, FLOAT64, Array

EXACT, COARSE = Arithmetic(FLOAT64, FLOAT64), Arithmetic(FLOAT32, FLOAT32)


def cases(family: str) -> st.SearchStrategy[GenerateCase]:
    conventions = st.sampled_from([Convention("zeros", False), Convention("zeros", True)])
    return conventions.flatmap(lambda convention: family_cases(family, "float32", convention))


def grid_used(case: GenerateCase, values: Array, arithmetic: Arithmetic) -> float:
    aligned = case.convention.align_corners
    allowed = family_grid(case.family, case.theta, case.grid, case.size, aligned, arithmetic)
    return float(allowed.budget_used(values).max(initial=0))


def exactly(case: GenerateCase) -> Array:
    """A projective grid in rational numbers."""
    grid = np.zeros_like(case.grid)
    axes = [
        [Fraction(2 * k - (n - 1), max(n - 1, 1) if case.convention.align_corners else n) for k in range(n)]
        for n in case.size
    ]
    for n, theta in enumerate(case.theta):
        h = [Fraction(float(value)) for value in theta]
        for i, y in enumerate(axes[0]):
            for j, x in enumerate(axes[1]):
                depth = h[6] * x + h[7] * y + 1
                grid[n, i, j] = (
                    float((h[0] * x + h[1] * y + h[2]) / depth),
                    float((h[3] * x + h[4] * y + h[5]) / depth),
                )
    return grid


@given(case=cases("projective"))
def test_the_reference_is_within_float64_of_rational_numbers(case: GenerateCase) -> None:
    assert grid_used(case, exactly(case), EXACT) <= 1


@pytest.mark.parametrize("family", BESIDE_AFFINE)
@given(data=st.data())
def test_a_grid_off_by_a_thousandth_is_outside(family: str, data: st.DataObject) -> None:
    case = data.draw(cases(family))
    moved = case.grid * (1 + 2.0**-10) + 2.0**-10
    assert grid_used(case, moved, EXACT) > 1
    assert grid_used(case, case.grid, EXACT) == 0


@pytest.mark.parametrize("family", BESIDE_AFFINE)
@given(data=st.data())
def test_a_gradient_whose_largest_part_is_dropped_is_outside(family: str, data: st.DataObject) -> None:
    case = data.draw(cases(family))
    aligned = case.convention.align_corners
    gradient = FAMILIES[family].vjp(case.theta, case.size, case.cotangent, align_corners=aligned)
    allowed = family_gradient(family, case.theta, case.cotangent, case.size, aligned, COARSE)
    assert allowed.budget_used(gradient).max() <= 1
    wrong = gradient.copy()
    wrong.flat[np.argmax(np.abs(gradient))] = 0
    assert allowed.budget_used(wrong).max() > 1


def test_nothing_is_claimed_of_a_system_that_cannot_be_solved() -> None:
    theta, size = square_lattice(16)[None], (2, 3)
    grid = FAMILIES["thin_plate"].grid(theta, size, align_corners=False)
    allowed = family_grid("thin_plate", theta, grid, size, False, Arithmetic(BFLOAT16, BFLOAT16))
    assert np.isinf(allowed.bound).all()
    assert target_axis(3, False)[1] == 0


@given(
    values=st.lists(st.floats(-8, 8, width=16), min_size=4, max_size=4),
    errors=st.lists(st.floats(0, 1, width=16), min_size=4, max_size=4),
    signs=st.lists(st.sampled_from([-1, 1]), min_size=4, max_size=4),
)
def test_an_operation_on_uncertain_numbers_holds_whatever_they_are(
    values: list[float], errors: list[float], signs: list[int]
) -> None:
    a, b = (Uncertain(np.array([v]), np.array([e])) for v, e in zip(values[:2], errors[:2], strict=True))
    x, y = (v + s * e for v, e, s in zip(values[:2], errors[:2], signs[:2], strict=True))
    rounding = Rounding(2.0**-50)
    for made, right in ((rounding.sum(a, b), x + y), (rounding.product(a, b), x * y)):
        assert abs(made.value[0] - right) <= made.radius[0] * (1 + 2.0**-40) + 2.0**-60
    quotient = rounding.quotient(a, b)
    if abs(values[1]) > errors[1]:
        assert abs(quotient.value[0] - x / y) <= quotient.radius[0] * (1 + 2.0**-40) + 2.0**-60
    else:
        assert np.isinf(quotient.radius[0])
    assert rounding.product(known(np.zeros(1)), Uncertain(np.ones(1), np.full(1, np.inf))).radius[0] == np.inf
