"""How far two results of the same question may lie apart."""

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Expectation
from stn_verify.bounds.interval import Interval, point
from stn_verify.formats import Array


def apart(one: Array, other: Array) -> Array:
    """other - one; zero where both are the same number or both NaN, and for zeros of different signs the least number."""
    with np.errstate(invalid="ignore"):
        difference = other - one
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    signs = same & (one == 0) & (np.signbit(one) != np.signbit(other))
    return np.where(signs, np.finfo(np.float64).smallest_subnormal, np.where(same, 0.0, difference))


def within_bounds(difference: Array, either: Expectation) -> Expectation:
    """Both lie in the hull widened by the bound: they differ by its width and twice the bound at most."""

    def expected(arithmetic: Arithmetic) -> Interval:
        if not difference.any():
            # Nothing to be explained: the bounds, which cost more than the calls, are not needed.
            return identical(difference)(arithmetic).widened(np.array(arithmetic.tiny))
        allowed = either(arithmetic)
        width = allowed.high - allowed.low
        return Interval(0.0 - width, width, 2 * allowed.bound)

    return expected


def identical(difference: Array) -> Expectation:
    """Not a bit apart."""
    nothing = np.zeros_like(difference)
    return lambda _: point(nothing, nothing)
