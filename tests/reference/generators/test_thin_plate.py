"""Thin plate splines against decimal arithmetic, and what makes one: interpolation, and affine maps kept."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from exact_spline import DIGITS, Spline, decimals
from hypothesis import assume, given, settings, target
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import (
    FAMILIES,
    square_lattice,
    target_axis,
    thin_plate_family,
    thin_plate_grid,
    thin_plate_grid_vjp,
)

NUMBERS = st.floats(-4, 4, allow_subnormal=False)
SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4))
NOTHING = Decimal("1e-40")
"""What 60 digits leave of zero: the reference refuses conditions of 1e16, which would cost 16 of them."""


def target_points(size, align_corners):
    """(x^t, y^t) [Ho Wo, 2]."""
    x, y = np.meshgrid(target_axis(size[1], align_corners), target_axis(size[0], align_corners))
    return np.stack([x.ravel(), y.ravel()], axis=-1)


@st.composite
def controls(draw):
    """3 to 7 points on eighths, inside the output and around it, not all on one line."""
    eighth = st.integers(-12, 12)
    drawn = draw(st.lists(st.tuples(eighth, eighth), min_size=3, max_size=7, unique=True))
    points = np.array(drawn)
    assume(np.linalg.matrix_rank(points - points[0]) == 2)
    return points / 8


@settings(max_examples=40)
@given(controls(), SIZES, st.booleans(), st.data())
def test_the_grid_and_its_gradient_are_the_spline(control, size, align_corners, data):
    theta = data.draw(hnp.arrays(np.float64, (2, len(control), 2), elements=NUMBERS))
    cotangent = data.draw(hnp.arrays(np.float64, (2, *size, 2), elements=NUMBERS))
    grid = thin_plate_grid(theta, size, align_corners=align_corners, control=control)
    gradient = thin_plate_grid_vjp(theta, size, cotangent, align_corners=align_corners, control=control)
    assert grid.shape == (2, *size, 2)
    assert gradient.shape == theta.shape
    spline = Spline.of(control, target_points(size, align_corners))
    worst = max(
        max(
            spline.grid_used(grid[n].reshape(-1, 2), theta[n]),
            spline.gradient_used(gradient[n], cotangent[n].reshape(-1, 2)),
        )
        for n in range(2)
    )
    target(worst)
    assert worst <= 1


@pytest.mark.parametrize("side", [2, 3, 4])
def test_the_default_lattice_is_interpolated(side):
    size = (side, side)
    random = np.random.default_rng(side)
    theta = random.uniform(-1, 1, (1, side * side, 2))
    # Output (side, side) with align_corners has its points where the lattice has its own, in the same order.
    np.testing.assert_array_equal(square_lattice(side * side), target_points(size, True))
    grid = thin_plate_grid(theta, size, align_corners=True)
    spline = Spline.of(square_lattice(side * side), target_points(size, True))
    with localcontext(prec=DIGITS):
        assert abs(spline.basis - np.eye(side * side, dtype=int)).max() < NOTHING
    assert spline.grid_used(grid.reshape(-1, 2), theta[0]) <= 1


@settings(max_examples=25)
@given(controls(), st.lists(st.integers(-4, 4), min_size=6, max_size=6), SIZES, st.booleans())
def test_affine_maps_are_kept(control, numbers, size, align_corners):
    matrix = np.array(numbers, dtype=np.float64).reshape(2, 3) / 4
    # Eighths times quarters: exact.
    theta = control @ matrix[:, :2].T + matrix[:, 2]
    points = target_points(size, align_corners)
    grid = thin_plate_grid(theta[None], size, align_corners=align_corners, control=control)[0].reshape(-1, 2)
    spline = Spline.of(control, points)
    with localcontext(prec=DIGITS):
        exact = [[Decimal(float(p[0])), Decimal(float(p[1])), Decimal(1)] for p in points]
        kept = np.array(exact, dtype=object) @ decimals(matrix.T)
        off = abs(spline.basis @ decimals(theta) - kept)
        assert off.max() < NOTHING
    assert spline.grid_used(grid, theta) <= 1


def test_the_saddle_over_the_square():
    """Corners lifted by +1, -1, -1, +1: w = lift / (8 log 2) and no affine part, by symmetry."""
    lift = np.array([1.0, -1.0, -1.0, 1.0])
    theta = np.stack([lift, np.zeros(4)], axis=-1)
    # The four points of a 2 x 2 output without align_corners: (+-1/2, +-1/2).
    grid = thin_plate_grid(theta[None], (2, 2), align_corners=False)[0].reshape(4, 2)
    spline = Spline.of(square_lattice(4), target_points((2, 2), False))
    with localcontext(prec=DIGITS):
        half, far, beside = Decimal("0.5"), Decimal("4.5"), Decimal("2.5")
        saddle = (half * half.ln() + far * far.ln() - 2 * beside * beside.ln()) / (8 * Decimal(2).ln())
        values = spline.basis @ decimals(lift)
        assert max(abs(values - saddle * np.array([1, -1, -1, 1]))) < NOTHING
    assert spline.grid_used(grid, theta) <= 1


def test_a_family_with_control_points_of_its_own():
    control = np.array([[-1.0, -1], [1, -1], [0, 1], [0.25, 0.5], [2, 2]])
    family = thin_plate_family(control)
    kept = control.copy()
    control[:] = 0
    assert family.shape(3, (4, 5)) == (3, 5, 2)
    np.testing.assert_array_equal(family.identity(3, (4, 5))[2], kept)
    theta = np.arange(10.0).reshape(1, 5, 2)
    cotangent = np.ones((1, 4, 5, 2))
    np.testing.assert_array_equal(
        family.grid(theta, (4, 5), align_corners=True),
        thin_plate_grid(theta, (4, 5), align_corners=True, control=kept),
    )
    np.testing.assert_array_equal(
        family.vjp(theta, (4, 5), cotangent, align_corners=True),
        thin_plate_grid_vjp(theta, (4, 5), cotangent, align_corners=True, control=kept),
    )


@pytest.mark.parametrize("points", [4, 9, 16])
@pytest.mark.parametrize("align_corners", [False, True])
def test_the_control_points_themselves_are_the_identity(points, align_corners):
    size = (3, 5)
    theta = FAMILIES["thin_plate"].identity(2, size, points)
    places = target_points(size, align_corners)
    grid = thin_plate_grid(theta, size, align_corners=align_corners)
    spline = Spline.of(theta[0], places)
    for n in range(2):
        assert spline.grid_used(grid[n].reshape(-1, 2), theta[n]) <= 1
    # The exact spline is the regular grid.
    with localcontext(prec=DIGITS):
        exact = spline.basis @ decimals(theta[0])
        assert abs(exact - decimals(places)).max() < NOTHING
