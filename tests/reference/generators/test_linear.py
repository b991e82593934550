"""The families whose grid is linear in theta, but for splines, against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from exact_numbers import Rounded, exact_axis
from hypothesis import given, target
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import FAMILIES

NUMBERS = st.floats(-4, 4, allow_subnormal=False)
SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))

FORMULAS = {
    "translation": lambda t, x, y: (x + t[0], y + t[1]),
    # Jaderberg et al. 2015, equation 2.
    "attention": lambda t, x, y: (t[0] * x + t[1], t[0] * y + t[2]),
    "similarity": lambda t, x, y: (t[0] * x + -t[1] * y + t[2], t[1] * x + t[0] * y + t[3]),
    "affine": lambda t, x, y: (t[0] * x + t[1] * y + t[2], t[3] * x + t[4] * y + t[5]),
    "displacement": lambda t, x, y: (x + t[0], y + t[1]),
}
"""x^s and y^s from the parameters that move one point, and its x^t and y^t."""


@st.composite
def calls(draw):
    """(name, theta, size, align_corners)."""
    name, size = draw(st.sampled_from(sorted(FORMULAS))), draw(SIZES)
    shape = FAMILIES[name].shape(draw(st.integers(1, 2)), size)
    return name, draw(hnp.arrays(np.float64, shape, elements=NUMBERS)), size, draw(st.booleans())


def parameters(name, theta, at):
    """The flat parameters of point (n, i, j)."""
    return [float(t) for t in (theta[at] if name == "displacement" else theta[at[0]].ravel())]


@given(calls())
def test_the_grid_is_the_formula(call):
    name, theta, size, align_corners = call
    grid = FAMILIES[name].grid(theta, size, align_corners=align_corners)
    assert grid.shape == (len(theta), *size, 2)
    assert grid.dtype == np.float64
    xs, ys = exact_axis(size[1], align_corners), exact_axis(size[0], align_corners)
    worst = 0.0
    for n, i, j in np.ndindex(grid.shape[:3]):
        numbers = [Rounded(Fraction(t)) for t in parameters(name, theta, (n, i, j))]
        point = FORMULAS[name](numbers, Rounded.once(xs[j]), Rounded.once(ys[i]))
        worst = max(worst, *(exact.used(grid[n, i, j, axis]) for axis, exact in enumerate(point)))
    target(worst)
    assert worst <= 1


@given(calls(), st.data())
def test_the_gradient_is_the_exact_difference(budget, call, data):
    name, theta, size, align_corners = call
    cotangent = data.draw(hnp.arrays(np.float64, (len(theta), *size, 2), elements=NUMBERS))
    gradient = FAMILIES[name].vjp(theta, size, cotangent, align_corners=align_corners)
    assert gradient.shape == theta.shape
    assert gradient.dtype == np.float64
    xs, ys = exact_axis(size[1], align_corners), exact_axis(size[0], align_corners)
    # x^t, product, a sum a point, and the sum of both coordinates.
    roundings = 3 + size[0] * size[1]
    worst = 0.0
    for index in np.ndindex(theta.shape):
        moved = theta.copy()
        # Linear: the difference is exact with any step, also with one that rounding has made.
        moved[index] += 1
        step = Fraction(float(moved[index])) - Fraction(float(theta[index]))
        terms = []
        for i, j in np.ndindex(size):
            at = (index[0], i, j)
            here, there = (
                FORMULAS[name]([Fraction(t) for t in parameters(name, of, at)], xs[j], ys[i])
                for of in (theta, moved)
            )
            terms += [
                Fraction(float(cotangent[(*at, axis)])) * (there[axis] - here[axis]) / step for axis in (0, 1)
            ]
        worst = max(worst, budget(gradient[index], sum(terms), sum(map(abs, terms)), roundings))
    target(worst)
    assert worst <= 1


WHOLE = st.integers(-8, 8).map(float)
DYADIC = st.one_of(
    st.tuples(st.sampled_from([(1, 2), (4, 2), (8, 4)]), st.just(False)),
    st.tuples(st.sampled_from([(1, 3), (5, 2), (3, 9)]), st.just(True)),
)
"""Sizes whose target coordinates float64 holds: with whole numbers nothing is rounded."""


@pytest.mark.parametrize("name", FORMULAS)
@given(DYADIC, st.data())
def test_the_gradient_is_the_adjoint(name, output, data):
    size, align_corners = output
    family = FAMILIES[name]
    shape = family.shape(2, size)
    theta = data.draw(hnp.arrays(np.float64, shape, elements=WHOLE))
    cotangent = data.draw(hnp.arrays(np.float64, (2, *size, 2), elements=WHOLE))
    grid = family.grid(theta, size, align_corners=align_corners)
    still = family.grid(np.zeros(shape), size, align_corners=align_corners)
    gradient = family.vjp(theta, size, cotangent, align_corners=align_corners)
    # <A theta, v> = <theta, A^T v>.
    assert np.sum((grid - still) * cotangent) == np.sum(theta * gradient)
