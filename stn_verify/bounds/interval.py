"""A set of right answers: a hull, and how far rounding may carry a result out of it."""

import sys
from dataclasses import dataclass

import numpy as np

from stn_verify.formats import Array


@dataclass(frozen=True)
class Interval:
    """Right values lie in [low, high], computed ones within `bound` of it; NaN in `low` means that NaN is right there."""

    low: Array
    high: Array
    bound: Array

    def widened(self, more: Array) -> "Interval":
        """The same hull with a larger bound."""
        return Interval(self.low, self.high, self.bound + more)

    def budget_used(self, values: Array) -> Array:
        """Error over bound, entry by entry; the largest float where a value is not finite and should be."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            error = np.abs(values - self.low) if self.high is self.low else self._distance(values)
            used = np.divide(error, self.bound, out=np.zeros_like(error), where=error != 0.0)
        if np.isfinite(used).all():
            return used
        wrong = np.isnan(values) != np.isnan(self.low)
        # An infinity that is right differs from itself by NaN.
        right = (np.isnan(self.low) & np.isnan(values)) | (values == self.low) | (values == self.high)
        used = np.where(right, 0.0, used)
        return np.asarray(np.where(wrong | ~(used <= sys.float_info.max), sys.float_info.max, used))

    def _distance(self, values: Array) -> Array:
        return np.asarray(np.maximum(np.maximum(self.low - values, values - self.high), 0.0))


def point(value: Array, bound: Array) -> Interval:
    """One right value."""
    return Interval(value, value, bound)
