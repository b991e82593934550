"""What rounding may do to a probe of a sampler that is not known yet: to where it reads, and to what it makes of that."""

import numpy as np

from stn_verify.bounds.arithmetic import COORDINATE, REFLECTION, THETA, VALUE, Arithmetic
from stn_verify.formats import Array

CUBIC = 640.0
"""Roundings of size u max|pixel| from the weights of a cubic kernel along one axis, |a| <= 1.

An outer weight is a t^3 - 5a t^2 + 8a t - 4a at t in [1, 2]: terms of 8 + 20 + 16 + 4 = 48, six roundings each in any order of
evaluation; an inner one (a+2) t^3 - (a+3) t^2 + 1 at t in [0, 1]: terms of 2 + 3 + 1 = 6, five roundings each. Two of either
make 2 (288 + 30) <= 640."""


def position_error(pixels: Array, size: int, arithmetic: Arithmetic, *, fused: bool) -> Array:
    """How far from `pixels` a right implementation may read along one axis, in pixels; `fused` adds the roundings of theta.

    Inside the image nothing is folded.
    """
    outside = (pixels < 0) | (pixels > size - 1)
    roundings = COORDINATE + np.where(outside, REFLECTION, 0.0) + (THETA if fused else 0.0)
    return np.asarray(arithmetic.u * roundings * (np.abs(pixels) + size))


def value_error(weighed: Array, moved: Array, arithmetic: Arithmetic, *, weights: float = 0.0) -> Array:
    """The error of a value: what its moved coordinates change, and the roundings of a sum.

    Args:
        weighed: a bound of sum |weight pixel|.
        moved: how much the value can change while the coordinates move.
        weights: further roundings of the size of `weighed`, from forming the weights.
    """
    roundings = (VALUE + weights) * arithmetic.u + arithmetic.s
    return np.asarray(moved + roundings * (weighed + moved) + arithmetic.tiny)
