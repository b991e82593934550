"""Homographies: values and slopes in rational arithmetic, and the line at infinity."""

from fractions import Fraction

import numpy as np
import pytest
from exact_numbers import Dual, Rounded, exact_axis
from hypothesis import assume, given, target
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import ReferenceArgumentError, projective_grid, projective_grid_vjp

NUMBERS = st.floats(-4, 4, allow_subnormal=False)
SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4))
# With and without a line at infinity inside the output.
THETAS = hnp.arrays(np.float64, st.tuples(st.integers(1, 2), st.just(8)), elements=NUMBERS)


def projected(h, x, y, one):
    """(x, y, 1) ~ H (X, Y, 1), over any numbers."""
    denominator = h[6] * x + h[7] * y + one
    return (
        (h[0] * x + h[1] * y + h[2]) / denominator,
        (h[3] * x + h[4] * y + h[5]) / denominator,
        denominator,
    )


def rounded_point(theta, x, y):
    """x, y, their denominator, X and Y of one point."""
    place = Rounded.once(x), Rounded.once(y)
    return (*projected([Rounded(Fraction(float(t))) for t in theta], *place, Rounded(Fraction(1))), *place)


@given(THETAS, SIZES, st.booleans())
def test_the_grid_is_the_homography(theta, size, align_corners):
    grid = projective_grid(theta, size, align_corners=align_corners)
    assert grid.shape == (len(theta), *size, 2)
    xs, ys = exact_axis(size[1], align_corners), exact_axis(size[0], align_corners)
    used = []
    for n, i, j in np.ndindex(grid.shape[:3]):
        try:
            x, y, *_ = rounded_point(theta[n], xs[j], ys[i])
        except ZeroDivisionError:
            # So near the line that rounding may cross it.
            continue
        used += [x.used(grid[n, i, j, 0]), y.used(grid[n, i, j, 1])]
    assume(used)
    target(max(used))
    assert max(used) <= 1


@given(THETAS, SIZES, st.booleans(), st.data())
def test_the_gradient_is_the_exact_derivative(theta, size, align_corners, data):
    cotangent = data.draw(hnp.arrays(np.float64, (len(theta), *size, 2), elements=NUMBERS))
    gradient = projective_grid_vjp(theta, size, cotangent, align_corners=align_corners)
    assert gradient.shape == theta.shape
    xs, ys = exact_axis(size[1], align_corners), exact_axis(size[0], align_corners)
    worst = 0.0
    for n in range(len(theta)):
        bounds = [[] for _ in range(8)]
        slopes = [Fraction(0)] * 8
        for i, j in np.ndindex(size):
            along_x, along_y = (Fraction(float(v)) for v in cotangent[n, i, j])
            try:
                x, y, denominator, xt, yt = rounded_point(theta[n], xs[j], ys[i])
                # The reference's own steps, for their bound only.
                by_x, by_y = Rounded(along_x) / denominator, Rounded(along_y) / denominator
            except ZeroDivisionError:
                assume(False)
            by_d = -(by_x * x + by_y * y)
            terms = (by_x * xt, by_x * yt, by_x, by_y * xt, by_y * yt, by_y, by_d * xt, by_d * yt)
            for k in range(8):
                bounds[k].append(terms[k])
                h = [Dual(Fraction(float(t)), Fraction(int(k == m))) for m, t in enumerate(theta[n])]
                moved = projected(h, Dual(xs[j]), Dual(ys[i]), Dual(Fraction(1)))
                slopes[k] += along_x * moved[0].slope + along_y * moved[1].slope
        for k in range(8):
            bound = Rounded.total(bounds[k])
            worst = max(worst, Rounded(slopes[k], bound.error).used(gradient[n, k]))
    target(worst)
    assert worst <= 1


def test_a_worked_point():
    # At (1, 1): (1 + 2 + 3) / (0.25 + 0.25 + 1) = 4, (4 - 5 + 4) / 1.5 = 2.
    theta = np.array([[1.0, 2, 3, 4, -5, 4, 0.25, 0.25]])
    grid = projective_grid(theta, (2, 2), align_corners=True)
    np.testing.assert_array_equal(grid[0, 1, 1], [4, 2])
    cotangent = np.zeros((1, 2, 2, 2))
    cotangent[0, 1, 1] = 3, 6
    # 3 / 1.5 = 2 and 6 / 1.5 = 4; -(2 * 4 + 4 * 2) = -16.
    gradient = projective_grid_vjp(theta, (2, 2), cotangent, align_corners=True)
    np.testing.assert_array_equal(gradient, [[2, 2, 2, 4, 4, 4, -16, -16]])


@pytest.mark.filterwarnings("error")
def test_points_on_the_line_are_not_finite_and_those_beyond_are_computed():
    # Denominators 3, 1, -1 at x^t = -1, 0, 1, and 2, 1, 0.
    crossed = np.array([1.0, 0, 0, 0, 1, 1, -2, 0])
    touched = np.array([1.0, 0, 0, 0, 1, 0, -1, 0])
    grid = projective_grid(np.stack([crossed, touched]), (1, 3), align_corners=True)
    np.testing.assert_array_equal(grid[0, 0], [[-1 / 3, 1 / 3], [0, 1], [-1, -1]])
    # 1 / 0 is infinite, 0 / 0 is NaN.
    np.testing.assert_array_equal(grid[1, 0], [[-0.5, 0], [0, 0], [np.inf, np.nan]])
    gradient = projective_grid_vjp(
        np.stack([crossed, touched]), (1, 3), np.ones((2, 1, 3, 2)), align_corners=True
    )
    assert np.isfinite(gradient[0]).all()
    assert not np.isfinite(gradient[1, [0, 2, 6]]).any()


WEIGHTS = st.one_of(
    st.floats(-2, 2),
    st.sampled_from([0.0, 0.5, 1.0, 2.0**-53, 2.0**-54, float(np.nextafter(0.5, 0)), float(np.nextafter(1, 0))]),
)  # fmt: skip


@given(WEIGHTS, WEIGHTS, SIZES, st.booleans())
def test_a_refused_horizon_is_one_that_meets_the_square(h31, h32, size, align_corners):
    theta = np.array([[1.0, 0, 0, 0, 1, 0, 0, 0], [1.0, 0, 0, 0, 1, 0, h31, h32]])
    # The denominator is linear: its signs at the corners decide. It is 1 at the centre.
    corners = [1 + x * Fraction(h31) + y * Fraction(h32) for x in (-1, 1) for y in (-1, 1)]
    if min(corners) > 0:
        refused = projective_grid(theta, size, align_corners=align_corners, horizon="refused")
        allowed = projective_grid(theta, size, align_corners=align_corners)
        np.testing.assert_array_equal(refused, allowed)
        return
    with pytest.raises(ReferenceArgumentError) as raised:
        projective_grid(theta, size, align_corners=align_corners, horizon="refused")
    assert f"theta[1] has h31={h31!r} and h32={h32!r}" in str(raised.value)


@pytest.mark.parametrize("h31", [np.nan, np.inf])
def test_a_horizon_that_is_nowhere_is_refused(h31):
    theta = np.array([[1.0, 0, 0, 0, 1, 0, h31, 0]])
    with pytest.raises(ReferenceArgumentError, match="meets the output"):
        projective_grid(theta, (2, 2), align_corners=False, horizon="refused")
