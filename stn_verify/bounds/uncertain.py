"""A number that is not known exactly: a value, and how far from it a right implementation may be."""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.interval import Interval, point
from stn_verify.formats import Array


@dataclass(frozen=True)
class Uncertain:
    """Entries within `radius` of `value`, both of one shape."""

    value: Array
    radius: Array

    @property
    def largest(self) -> Array:
        """The largest magnitude that each entry may have."""
        return np.abs(self.value) + self.radius

    @property
    def interval(self) -> Interval:
        """What a result may be."""
        return point(self.value, self.radius)

    def widened(self, more: Array) -> "Uncertain":
        """The same with a larger radius."""
        return Uncertain(self.value, self.radius + more)


def known(value: Array) -> Uncertain:
    """Exactly."""
    return Uncertain(value, np.zeros_like(value))


def within(interval: Interval) -> Uncertain:
    """Anything that an interval allows."""
    half = (interval.high - interval.low) / 2
    return Uncertain(interval.low + half, half + interval.bound)
