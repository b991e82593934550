"""Pixel and normalised coordinates against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stn_reference import pixel_scale, target_axis, to_normalised, to_pixels

COORDINATES = st.floats(-1e6, 1e6, allow_subnormal=False)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 64, 225])
def test_the_ends_are_pixel_centres_or_edges(size):
    np.testing.assert_array_equal(
        to_pixels(np.array([-1.0, 0.0, 1.0]), size, True), [0, (size - 1) / 2, size - 1]
    )
    np.testing.assert_array_equal(to_pixels(np.array([-1.0, 1.0]), size, False), [-0.5, size - 0.5])


@settings(deadline=None)
@given(COORDINATES, st.integers(1, 1000), st.booleans())
def test_to_pixels_rounds_twice(budget, g, size, align_corners):
    product = Fraction(g) * Fraction(pixel_scale(size, align_corners))
    centre = Fraction(size - 1, 2)
    # The scale and the centre are exact: one product and one sum.
    assert budget(to_pixels(g, size, align_corners), product + centre, abs(product) + centre, 2) <= 1


@settings(deadline=None)
@given(COORDINATES, st.integers(2, 1000), st.booleans())
def test_to_normalised_rounds_twice(budget, x, size, align_corners):
    exact = (Fraction(x) - Fraction(size - 1, 2)) / Fraction(pixel_scale(size, align_corners))
    # A difference of exact numbers, then a quotient: both errors are relative to the result.
    assert budget(to_normalised(x, size, align_corners), exact, abs(exact), 2) <= 1


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", range(65))
def test_the_target_axis_is_the_nearest_float(size, align_corners):
    scale = Fraction(pixel_scale(max(size, 1), align_corners)) or Fraction(1)
    exact = [(j - Fraction(size - 1, 2)) / scale for j in range(size)]
    # Numerator and scale are exact, so the quotient is rounded once; float(Fraction) rounds correctly.
    np.testing.assert_array_equal(target_axis(size, align_corners), [float(x) for x in exact])


def test_one_aligned_pixel_spans_no_length():
    assert pixel_scale(1, True) == 0
    np.testing.assert_array_equal(to_pixels(np.array([-3.0, 5.0]), 1, True), [0, 0])
    np.testing.assert_array_equal(to_normalised(np.array([-3.0, 5.0]), 1, True), [0, 0])
