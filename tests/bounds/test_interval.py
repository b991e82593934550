"""Intervals: distance to a hull, in units of the bound."""

import sys

import numpy as np
import pytest

from stn_verify.bounds.interval import Interval, point


def test_inside_the_hull_costs_nothing() -> None:
    hull = Interval(np.array([-1.0]), np.array([2.0]), np.array([0.5]))
    for value, used in ((-1.0, 0.0), (0.3, 0.0), (2.0, 0.0), (2.25, 0.5), (-2.0, 2.0)):
        assert hull.budget_used(np.array([value])) == pytest.approx(used)


def test_exact_and_unbounded() -> None:
    assert point(np.array([1.0]), np.array([0.0])).budget_used(np.array([1.0])) == 0.0
    assert point(np.array([1.0]), np.array([0.0])).budget_used(np.array([1.1])) == sys.float_info.max
    assert point(np.array([1.0]), np.array([np.inf])).budget_used(np.array([9.0])) == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_is_never_within(value: float) -> None:
    assert point(np.array([1.0]), np.array([1e300])).budget_used(np.array([value])) == sys.float_info.max


def test_nan_where_nan_is_right() -> None:
    expected = point(np.array([np.nan, 1.0]), np.array([1.0, 1.0]))
    assert expected.budget_used(np.array([np.nan, 1.0])).tolist() == [0.0, 0.0]
    assert expected.budget_used(np.array([1.0, np.nan])).tolist() == [sys.float_info.max] * 2


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
def test_an_infinity_where_it_is_right(infinity: float) -> None:
    """A target's own other result may overflow where this one does; the other infinity is as wrong as a number."""
    expected = point(np.array([infinity, infinity, infinity]), np.array([1.0, 1.0, 1.0]))
    used = expected.budget_used(np.array([infinity, -infinity, 0.0]))
    assert used.tolist() == [0.0, sys.float_info.max, sys.float_info.max]
