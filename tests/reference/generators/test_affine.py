"""The affine grid generator and its gradient against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from exact_numbers import exact_axis
from hypothesis import given, settings, target
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import affine_grid, affine_grid_vjp, affine_pixels, pixel_scale, target_axis

NUMBERS = st.floats(-4, 4, allow_subnormal=False)
SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))
THETAS = st.one_of(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 2), st.just(2), st.just(3)), elements=NUMBERS),
    hnp.arrays(np.float64, st.tuples(st.integers(1, 2), st.just(2)), elements=NUMBERS),
)


def matrix(theta):
    """[N, 2, 3] of either kind of theta."""
    if theta.ndim == 3:
        return theta
    return np.stack([np.array([[1, 0, tx], [0, 1, ty]]) for tx, ty in theta])


def exact_points(theta, size, align_corners):
    """((n, i, j, axis), [t1 x^t, t2 y^t, t3]) of equation 1."""
    xs, ys = exact_axis(size[1], align_corners), exact_axis(size[0], align_corners)
    for n, i, j, axis in np.ndindex(len(theta), *size, 2):
        a, b, c = map(Fraction, map(float, matrix(theta)[n, axis]))
        yield (n, i, j, axis), [a * xs[j], b * ys[i], c]


@settings(deadline=None)
@given(THETAS, SIZES, st.booleans())
def test_the_grid_is_equation_1(budget, theta, size, align_corners):
    grid = affine_grid(theta, size, align_corners=align_corners)
    assert grid.shape == (len(theta), *size, 2)
    # The first terms: x^t, product, two sums.
    worst = max(
        budget(grid[at], sum(terms), sum(map(abs, terms)), 4)
        for at, terms in exact_points(theta, size, align_corners)
    )
    target(worst)
    assert worst <= 1


@settings(deadline=None)
@given(THETAS, SIZES, st.tuples(st.integers(1, 6), st.integers(1, 6)), st.booleans())
def test_the_pixels_are_equation_1_in_pixels(budget, theta, size, image_size, align_corners):
    pixels = affine_pixels(theta, size, image_size, align_corners=align_corners)
    worst = 0.0
    for (n, i, j, axis), terms in exact_points(theta, size, align_corners):
        length = image_size[1 - axis]
        parts = [Fraction(length - 1, 2), *(t * Fraction(pixel_scale(length, align_corners)) for t in terms)]
        # The x^t term: quotient of the scales, two products, three sums.
        worst = max(worst, budget(pixels[axis][n, i, j], sum(parts), sum(map(abs, parts)), 6))
    target(worst)
    assert worst <= 1


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", range(1, 65))
def test_the_identity_is_exact(size, align_corners):
    shape = (size, 65 - size)
    identity = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    for theta in (identity, np.zeros((1, 2))):
        x, y = affine_pixels(theta, shape, shape, align_corners=align_corners)
        np.testing.assert_array_equal(y[0], np.indices(shape)[0])
        np.testing.assert_array_equal(x[0], np.indices(shape)[1])
        grid = affine_grid(theta, shape, align_corners=align_corners)
        np.testing.assert_array_equal(grid[0, 0, :, 0], target_axis(shape[1], align_corners))
        np.testing.assert_array_equal(grid[0, :, 0, 1], target_axis(shape[0], align_corners))


@settings(deadline=None)
@given(THETAS, SIZES, st.booleans(), st.data())
def test_the_gradient_is_the_exact_difference(budget, theta, size, align_corners, data):
    shape = (len(theta), *size, 2)
    cotangent = data.draw(hnp.arrays(np.float64, shape, elements=NUMBERS))
    gradient = affine_grid_vjp(theta, size, cotangent, align_corners=align_corners)
    assert gradient.shape == theta.shape
    # x^t, product, and at most Ho Wo - 1 sums.
    roundings = 2 + size[0] * size[1]
    worst = 0.0
    for index in np.ndindex(theta.shape):
        # Equation 1 is affine in theta: a step of 1 in one parameter, the others 0, is its derivative.
        step, base = np.zeros((len(theta), 2, 3)), np.zeros((len(theta), 2, 3))
        step[index if theta.ndim == 3 else (*index, 2)] = 1
        moved, still = exact_points(step, size, align_corners), exact_points(base, size, align_corners)
        terms = [
            Fraction(float(cotangent[at])) * (sum(there) - sum(here))
            for (at, there), (_, here) in zip(moved, still, strict=True)
        ]
        worst = max(worst, budget(gradient[index], sum(terms), sum(map(abs, terms)), roundings))
    target(worst)
    assert worst <= 1


def test_empty_sizes():
    theta = np.ones((2, 2, 3))
    assert affine_grid(theta, (0, 3), align_corners=False).shape == (2, 0, 3, 2)
    assert affine_grid(theta[:0], (2, 3), align_corners=True).shape == (0, 2, 3, 2)
    np.testing.assert_array_equal(
        affine_grid_vjp(theta, (0, 3), np.ones((2, 0, 3, 2)), align_corners=True), 0
    )
