"""Grids and gradients of every family in exact arithmetic lie within the bounds of float64; at the line at infinity they end."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from exact_numbers import Dual, exact_axis
from exact_spline import Spline
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stn_reference.generators import square_lattice
from stn_verify.bounds.affine import target_base
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.families import claimed_alone, family_gradient, family_grid
from stn_verify.bounds.splines import lattice_inverse
from stn_verify.cases.case import GenerateCase
from stn_verify.cases.families import CONTROL_POINTS, family_cases, horizon_cases
from stn_verify.contract.convention import Convention
from stn_verify.formats import FLOAT16, FLOAT32, FLOAT64, Array, Format

DOUBLE = Arithmetic(FLOAT64, FLOAT64)
CONVENTIONS = st.sampled_from([Convention("zeros", False), Convention("zeros", True)])

FORMULAS: dict[str, Callable[..., tuple[Dual, ...]]] = {
    "translation": lambda t, x, y: (x + t[0], y + t[1]),
    "attention": lambda t, x, y: (t[0] * x + t[1], t[0] * y + t[2]),
    "similarity": lambda t, x, y: (t[0] * x + MINUS * t[1] * y + t[2], t[1] * x + t[0] * y + t[3]),
    "projective": lambda t, x, y: tuple(
        (t[k] * x + t[k + 1] * y + t[k + 2]) / (t[6] * x + t[7] * y + ONE) for k in (0, 3)
    ),
}
"""Of rational numbers with a slope: written once, they give the grid and its derivatives."""
ONE, MINUS = Dual(Fraction(1)), Dual(Fraction(-1))


def _exact(case: GenerateCase) -> tuple[Array, Array]:
    """Grid and gradient in rational numbers. Raises: ZeroDivisionError: a point at infinity."""
    formula, aligned = FORMULAS[case.family], case.convention.align_corners
    rows, columns = (exact_axis(length, aligned) for length in case.size)
    grid = np.empty(case.cotangent.shape, dtype=object)
    gradient = np.full(case.theta.shape, Fraction(0), dtype=object)
    for image, i, j in np.ndindex(grid.shape[:3]):
        for moved in range(case.theta.shape[1]):
            theta = [Dual(Fraction(float(t)), Fraction(k == moved)) for k, t in enumerate(case.theta[image])]
            for axis, coordinate in enumerate(formula(theta, Dual(columns[j]), Dual(rows[i]))):
                grid[image, i, j, axis] = coordinate.value
                received = Fraction(float(case.cotangent[image, i, j, axis]))
                gradient[image, moved] += received * coordinate.slope
    return grid.astype(np.float64), gradient.astype(np.float64)


def _used(case: GenerateCase, grid: Array, gradient: Array, arithmetic: Arithmetic = DOUBLE) -> float:
    aligned = case.convention.align_corners
    values = family_grid(case.family, case.theta, case.grid, case.size, aligned, arithmetic)
    slopes = family_gradient(case.family, case.theta, case.cotangent, case.size, aligned, arithmetic)
    return max(
        float(claimed_alone(allowed, found).budget_used(found).max())
        for allowed, found in ((values, grid), (slopes, gradient))
    )


@pytest.mark.parametrize("family", FORMULAS)
@settings(max_examples=25)
@given(data=st.data(), convention=CONVENTIONS)
def test_rational_numbers_lie_within_the_bounds(
    family: str, data: st.DataObject, convention: Convention
) -> None:
    case = data.draw(family_cases(family, "float64", convention, (1, 2, 3, 4)))
    assert _used(case, *_exact(case)) <= 1


@settings(max_examples=25)
@given(data=st.data(), convention=CONVENTIONS)
def test_rational_numbers_lie_within_the_bounds_beyond_the_horizon(
    data: st.DataObject, convention: Convention
) -> None:
    case = data.draw(horizon_cases("float64", convention))
    assume(case.cotangent.size <= 80)
    try:
        grid, gradient = _exact(case)
    except ZeroDivisionError:
        assume(False)
    assert _used(case, grid, gradient) <= 1


@pytest.mark.parametrize("points", CONTROL_POINTS[:3])
@pytest.mark.parametrize("aligned", [False, True])
def test_exact_splines_lie_within_the_bounds(points: int, aligned: bool) -> None:
    """At 60 digits, at the float64 points that the oracle has."""
    size, random = (2, 3), np.random.default_rng(points)
    places = target_base(size, aligned)[..., :2].reshape(-1, 2)
    exact = Spline.of(square_lattice(points), places).basis.astype(np.float64)
    theta, cotangent = random.standard_normal((1, points, 2)), random.standard_normal((1, *size, 2))
    case = GenerateCase(theta, size, cotangent, "float64", Convention("zeros", aligned), family="thin_plate")
    grid, gradient = (exact @ theta[0]).reshape(cotangent.shape), (exact.T @ cotangent.reshape(-1, 2))[None]
    assert _used(case, grid, gradient) <= 1


@pytest.mark.parametrize("points", CONTROL_POINTS)
def test_the_worst_solve_uses_up_its_part(points: int) -> None:
    """A system that is off most unluckily moves B by what the bound has for the solve, and no more."""
    inverse, stray = lattice_inverse(points, DOUBLE.u)
    random, system = np.random.default_rng(points), np.linalg.inv(inverse)
    for k in (0, points // 2, points - 1):
        row = random.standard_normal(points + 3)
        z, column = row @ inverse, inverse[:, k]
        size = np.linalg.norm(z) * np.linalg.norm(column)
        # In steps that float64 tells from its own roundings.
        worst = 1e3 * stray * np.outer(z, column) / size
        moved = np.abs(row @ (np.linalg.inv(system + worst)[:, k] - column))
        assert 0.99 <= moved / (1e3 * stray * size) <= 1.01


def _narrow(case: GenerateCase, dtype: Any) -> tuple[Array, Array]:
    """A projective grid and its gradient, every operation in the dtype, sums one term after the other."""
    theta, cotangent = case.theta.astype(dtype), case.cotangent.astype(dtype)

    def axis(length: int) -> Any:
        steps = np.arange(length, dtype=dtype)
        if not case.convention.align_corners:
            return (2 * steps + 1) / dtype(length) - 1
        return 2 * steps / dtype(max(length - 1, 1)) - dtype(length > 1)

    x, y = np.meshgrid(axis(case.size[1]), axis(case.size[0]))
    with np.errstate(all="ignore"):
        h = theta.T[:, :, None, None]
        by = h[6] * x + h[7] * y + 1
        across, down = (h[0] * x + h[1] * y + h[2]) / by, (h[3] * x + h[4] * y + h[5]) / by
        cx, cy = cotangent[..., 0] / by, cotangent[..., 1] / by
        last = -(cx * across + cy * down)
        terms = np.stack([cx * x, cx * y, cx, cy * x, cy * y, cy, last * x, last * y], axis=-1)
        total = np.zeros((len(theta), 8), dtype)
        for term in np.moveaxis(terms.reshape(len(theta), -1, 8), 1, 0):
            total = total + term
    return np.stack([across, down], axis=-1).astype(np.float64), total.astype(np.float64)


@pytest.mark.parametrize("format_", [FLOAT32, FLOAT16], ids=lambda each: each.name)
@given(data=st.data(), convention=CONVENTIONS)
def test_narrow_projections_lie_within_the_bounds(
    format_: Format, data: st.DataObject, convention: Convention
) -> None:
    """Computed and stored so, and computed so and stored in 16 bits, which hold no more than 65,504."""
    case = data.draw(horizon_cases("float16", convention) | family_cases("projective", "float16", convention))
    grid, gradient = _narrow(case, getattr(np, format_.name))
    assert _used(case, grid, gradient, Arithmetic(format_, format_)) <= 1
    stored = FLOAT16.round(grid), FLOAT16.round(gradient)
    assert _used(case, *stored, Arithmetic(format_, FLOAT16)) <= 1


def test_the_bound_grows_with_the_square_of_the_distance_and_ends_at_the_line() -> None:
    """At X = 1/2 of two columns: d = 1 + h31 / 2."""
    convention, cotangent = Convention("zeros", False), np.ones((1, 1, 2, 2))

    def case(distance: float) -> GenerateCase:
        theta = np.array([[0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 2 * (distance - 1), 0.0]])
        return GenerateCase(theta, (1, 2), cotangent, "float64", convention, family="projective")

    def allowed(case: GenerateCase) -> Any:
        return family_grid("projective", case.theta, case.grid, (1, 2), False, DOUBLE)

    distances = 2.0 ** -np.array([8, 12, 16])
    bounds = [allowed(case(d)).bound[0, 0, 1, 0] * d**2 for d in distances]
    assert np.ptp(bounds) < 0.02 * max(bounds)
    at_infinity = case(0.0)
    grid = allowed(at_infinity)
    assert np.isinf(grid.bound[0, 0, 1]).all()
    assert np.isfinite(grid.bound[0, 0, 0]).all()
    for value in (np.nan, np.inf, 0.0):
        values = np.where(np.isinf(grid.bound), value, grid.low)
        assert np.all(claimed_alone(grid, values).budget_used(values) == 0)
    harmed = np.full_like(grid.low, np.nan)
    assert np.array_equal(claimed_alone(grid, harmed).budget_used(harmed) > 1, np.isfinite(grid.bound))
    gradient = family_gradient("projective", at_infinity.theta, cotangent, (1, 2), False, DOUBLE)
    assert np.isinf(gradient.bound[0, :3]).all()
    assert np.isinf(gradient.bound[0, 6]).all()
