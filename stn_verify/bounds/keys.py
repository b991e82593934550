"""The kernel of cubic convolution (Keys 1981), its derivatives, and what rounding does to them.

k(t) = (a+2) t^3 - (a+3) t^2 + 1 up to a distance of 1, a (t^3 - 5 t^2 + 8 t - 4) up to 2, and 0 beyond, -1 <= a <= 0. It is once
continuously differentiable; its second derivative jumps by |8a + 6| at 1 and by 2|a| at 2.
"""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import POLYNOMIAL, POLYNOMIAL_SLOPE
from stn_verify.formats import Array

SUPPORT = 2.0
"""Pixels to either side."""


def weights(d: Array, a: float) -> Array:
    """k at signed distances in pixels."""
    t = np.abs(d)
    outer = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, ((a + 2) * t - (a + 3)) * t * t + 1, np.where(t < SUPPORT, outer, 0.0))


def slopes(d: Array, a: float) -> Array:
    """dk/dd."""
    t = np.abs(d)
    outer = a * ((3 * t - 10) * t + 8)
    slope = np.where(t <= 1, (3 * (a + 2) * t - 2 * (a + 3)) * t, np.where(t < SUPPORT, outer, 0.0))
    return np.copysign(1.0, d) * slope


def curvatures(d: Array, a: float) -> Array:
    """d2k/dd2, where it jumps that of the inner side."""
    t = np.abs(d)
    outer = a * (6 * t - 10)
    return np.where(t <= 1, 6 * (a + 2) * t - 2 * (a + 3), np.where(t <= SUPPORT, outer, 0.0))


@dataclass(frozen=True)
class Extent:
    """The largest magnitudes of the kernel with a parameter a."""

    a: float

    @property
    def weight_sum(self) -> float:
        """Of sum |k| over all taps: the outer ones add up to a f (1 - f), no more than |a|/4, the inner to the rest of 1."""
        return 1 + abs(self.a) / 2

    @property
    def slope(self) -> float:
        """Of |k'|: inside at t = (a+3) / (3 (a+2)), or at 1 as outside, |a|."""
        return max((self.a + 3) ** 2 / (3 * (self.a + 2)), abs(self.a))

    @property
    def slope_sum(self) -> float:
        """Of sum |k'|: two inner taps and two outer ones."""
        return 2 * (self.slope + abs(self.a))

    @property
    def curvature(self) -> float:
        """Of |k''|, linear on either side of 1."""
        return max(2 * (self.a + 3), abs(4 * self.a + 6), 4 * abs(self.a))

    @property
    def roundings(self) -> float:
        """Of the sum of an axis' errors of weights over u: two taps up to a distance of 1, two up to 2, where |k'| <= |a|."""
        one, two = np.array([1.0]), np.array([SUPPORT])
        inner = _terms(one, (1.0, 0.0, self.a + 3, self.a + 2), 1, POLYNOMIAL, one)
        outer = _terms(
            two, (4 * self.a, 8 * self.a, 5 * self.a, self.a), 1, POLYNOMIAL, abs(self.a) * one / 4
        )
        return float(2 * inner[0] + 2 * (outer[0] + SUPPORT * abs(self.a)))

    @property
    def jerk(self) -> float:
        """Of |k'''|."""
        return 6 * max(self.a + 2, abs(self.a))


@dataclass(frozen=True)
class Reached:
    """How large the kernel and its derivatives may be within some distance of a tap's own place, [T, M] each."""

    weight: Array
    slope: Array
    curvature: Array


def reached(d: Array, delta: Array, a: float) -> Reached:
    """By Taylor's theorem, from the third derivative down; no more than anywhere, and nothing out of reach."""
    t = np.abs(d)
    most = Extent(a)
    curvature = np.abs(curvatures(d, a)) + delta * most.jerk
    curvature += np.where(np.abs(t - 1) <= delta, abs(8 * a + 6), 0.0)
    curvature += np.where(np.abs(t - SUPPORT) <= delta, 2 * abs(a), 0.0)
    curvature = np.minimum(curvature, most.curvature)
    slope = np.minimum(np.abs(slopes(d, a)) + delta * curvature, most.slope)
    weight = np.minimum(np.abs(weights(d, a)) + delta * slope, 1.0)
    there = t - delta < SUPPORT
    return Reached(*(np.where(there, each, 0.0) for each in (weight, slope, curvature)))


def weight_roundings(d: Array, delta: Array, a: float) -> Array:
    """The error of a weight over u, by Horner's rule or by powers; 1 + f and 2 - f are rounded too."""
    t = np.minimum(np.abs(d), SUPPORT)
    inner = _terms(t, (1.0, 0.0, a + 3, a + 2), 1, POLYNOMIAL, np.abs(weights(d, a)))
    outer = _terms(t, (4 * a, 8 * a, 5 * a, a), 1, POLYNOMIAL, np.abs(weights(d, a)))
    return _chosen(d, delta, inner, outer + t * np.abs(slopes(d, a)))


def slope_roundings(d: Array, delta: Array, a: float) -> Array:
    """The same of a weight's derivative."""
    t = np.minimum(np.abs(d), SUPPORT)
    inner = _terms(t, (0.0, 2 * (a + 3), 3 * (a + 2)), 2, POLYNOMIAL_SLOPE, np.abs(slopes(d, a)))
    outer = _terms(t, (8 * a, 10 * a, 3 * a), 2, POLYNOMIAL_SLOPE, np.abs(slopes(d, a)))
    return _chosen(d, delta, inner, outer + t * np.abs(curvatures(d, a)))


def _terms(t: Array, coefficients: tuple[float, ...], own: int, sums: float, value: Array) -> Array:
    """The roundings of a polynomial's terms, `own` of which are the coefficient's, and of their sums."""
    error = sums * value
    for power, coefficient in enumerate(coefficients):
        error = error + (power + own + sums) * abs(coefficient) * t**power
    return error


def _chosen(d: Array, delta: Array, inner: Array, outer: Array) -> Array:
    """That of the polynomials within reach."""
    t = np.abs(d)
    error = np.where(t - delta < 1, inner, 0.0)
    error = np.where((t + delta >= 1) & (t - delta < SUPPORT), np.maximum(error, outer), error)
    return np.asarray(error)
