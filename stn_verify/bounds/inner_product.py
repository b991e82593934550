"""An inner product of a result with exact numbers: what identities between derivatives compare."""

import numpy as np

from stn_verify.bounds.interval import Interval, point
from stn_verify.formats import FLOAT64, Array


def paired(result: Interval, weights: Array) -> Interval:
    """<result, weights>, of shape (); the sum itself is taken in float64."""
    ends = weights * result.low, weights * result.high
    size = np.abs(weights) * (np.maximum(np.abs(result.low), np.abs(result.high)) + result.bound)
    rounding = (weights.size + 1) * FLOAT64.unit_roundoff * size.sum()
    bound = (np.abs(weights) * result.bound).sum() + rounding
    return Interval(
        np.asarray(np.minimum(*ends).sum()), np.asarray(np.maximum(*ends).sum()), np.asarray(bound)
    )


def known(values: Array, expected: Interval) -> Interval:
    """A result that came back, as evidence: right values lie within the hull's width and the bound of it."""
    wide = expected.high - expected.low
    if not wide.any():
        return point(values, expected.bound)
    return Interval(values - wide, values + wide, expected.bound)


def total(*parts: Interval) -> Interval:
    """Their sum."""
    low, high, bound = (
        np.sum([getattr(part, name) for part in parts], axis=0) for name in ("low", "high", "bound")
    )
    return Interval(np.asarray(low), np.asarray(high), np.asarray(bound))
