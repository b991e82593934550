"""Rational numbers that carry more: what rounding may do to them, or a derivative.

A formula written once, over any of them, gives its exact value, the bound of its float64 result, and its exact slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stn_reference import pixel_scale

U = Fraction(1, 2**53)
SUBNORMAL = Fraction(1, 2**1075)
"""Half the least float64: what underflow loses."""


@dataclass(frozen=True)
class Rounded:
    """A value, and a bound of its float64 result's error (running error analysis, Higham 2002, section 3.3)."""

    value: Fraction
    error: Fraction = Fraction(0)

    @classmethod
    def once(cls, value: Fraction, error: Fraction = Fraction(0)) -> Rounded:
        """The operands' part of the error is given; one rounding of the result is added."""
        return cls(value, error + U * (abs(value) + error) + SUBNORMAL)

    def __add__(self, other: Rounded) -> Rounded:
        return Rounded.once(self.value + other.value, self.error + other.error)

    def __neg__(self) -> Rounded:
        return Rounded(-self.value, self.error)

    def __mul__(self, other: Rounded) -> Rounded:
        cross = abs(self.value) * other.error + abs(other.value) * self.error
        return Rounded.once(self.value * other.value, cross + self.error * other.error)

    def __truediv__(self, other: Rounded) -> Rounded:
        """ZeroDivisionError where rounding may take the divisor to 0: then nothing is known."""
        least = abs(other.value) - other.error
        if least <= 0:
            raise ZeroDivisionError("no bound")
        quotient = self.value / other.value
        return Rounded.once(quotient, (self.error + abs(quotient) * other.error) / least)

    @classmethod
    def total(cls, terms: list[Rounded]) -> Rounded:
        """The sum in any order: gamma_(n-1) of the magnitudes (Higham 2002, section 4.2)."""
        gamma = (len(terms) - 1) * U / (1 - (len(terms) - 1) * U)
        error = sum((t.error for t in terms), Fraction(0))
        magnitude = sum((abs(t.value) + t.error for t in terms), Fraction(0))
        return cls(sum((t.value for t in terms), Fraction(0)), error + gamma * magnitude)

    def used(self, result: float) -> float:
        """error / bound."""
        off = abs(Fraction(float(result)) - self.value)
        return float(off / self.error) if self.error else float(off > 0)


@dataclass(frozen=True)
class Dual:
    """value + slope e with e^2 = 0: a formula's exact derivative along with its value."""

    value: Fraction
    slope: Fraction = Fraction(0)

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: Dual) -> Dual:
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)

    def __truediv__(self, other: Dual) -> Dual:
        quotient = self.value / other.value
        return Dual(quotient, (self.slope - quotient * other.slope) / other.value)


def exact_axis(size: int, align_corners: bool) -> list[Fraction]:
    """x^t_j as rationals."""
    scale = Fraction(pixel_scale(size, align_corners)) or Fraction(1)
    return [(j - Fraction(size - 1, 2)) / scale for j in range(size)]
