"""Number formats: what a stored or computed number can hold (IEEE 754-2019; bfloat16 and tf32 by their field widths)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class UnknownFormatError(ValueError):
    """A number format that the harness does not know was named."""


@dataclass(frozen=True)
class Format:
    """A binary floating-point format: `precision` bits of significand, exponents `min_exponent` to `max_exponent`."""

    name: str
    precision: int
    min_exponent: int
    max_exponent: int

    @property
    def unit_roundoff(self) -> float:
        """u = 2^-p: the largest relative error of one rounding to nearest."""
        return 2.0**-self.precision

    @property
    def smallest(self) -> float:
        """The smallest positive number; one rounding below the normal range loses at most half of it."""
        return float(np.ldexp(1.0, self.min_exponent - self.precision + 1))

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float(np.ldexp(2.0 - 2.0 ** (1 - self.precision), self.max_exponent))

    def round(self, values: Array) -> Array:
        """Round float64 values to the nearest of this format (ties to even, overflow to infinity), as float64."""
        values = np.asarray(values, dtype=np.float64)
        if self.precision >= FLOAT64.precision:
            return values.copy()
        with np.errstate(invalid="ignore", over="ignore"):
            _, exponent = np.frexp(values)
            # The spacing at |v| in [2^(e-1), 2^e) is 2^(e-p), and that of the smallest normal number below it.
            spacing = np.maximum(exponent, self.min_exponent + 1) - self.precision
            rounded = np.ldexp(np.rint(np.ldexp(values, -spacing)), spacing)
        rounded = np.where(np.isfinite(values), rounded, values)
        return np.where(np.abs(rounded) > self.largest, np.copysign(np.inf, rounded), rounded)

    def neighbour(self, values: Array, direction: float) -> Array:
        """The next number of this format above (`direction` > 0) or below each value, which must lie in the format."""
        values = np.asarray(values, dtype=np.float64)
        mantissa, exponent = np.frexp(values)
        exponent = np.where(values == 0, self.min_exponent + 1, np.maximum(exponent, self.min_exponent + 1))
        spacing = np.ldexp(1.0, exponent - self.precision)
        step = np.copysign(1.0, direction)
        # Towards zero from a power of two the spacing is half as wide.
        at_power = (np.abs(mantissa) == 0.5) & (np.sign(values) == -step)
        at_power &= exponent > self.min_exponent + 1
        return np.asarray(values + step * np.where(at_power, spacing / 2, spacing))

    def steps(self, one: Array, other: Array) -> Array:
        """How many steps lead from one value of this format to another: 1 between neighbours, and between -0 and 0.

        Zero for the same number and for two NaN; infinite where only one is NaN.
        """
        below, above = self._ordinal(one), self._ordinal(other)
        apart = np.signbit(one) != np.signbit(other)
        # Unsigned: two float64 may be almost 2^64 steps apart.
        larger, smaller = np.maximum(below, above), np.minimum(below, above)
        count = np.where(apart, larger + smaller + np.uint64(1), larger - smaller).astype(np.float64)
        nan = np.isnan(one), np.isnan(other)
        return np.where(nan[0] & nan[1], 0.0, np.where(nan[0] | nan[1], np.inf, count))

    def _ordinal(self, values: Array) -> npt.NDArray[np.uint64]:
        """How many numbers of this format lie from 0 to |value|; infinity follows the largest, NaN counts as 0."""
        size = np.nan_to_num(np.abs(values), nan=0.0, posinf=0.0)
        _, exponent = np.frexp(size)
        binade = np.where(size == 0, self.min_exponent + 1, np.maximum(exponent, self.min_exponent + 1))
        # Twice, because 2^(p - e) of the smallest numbers overflows.
        significand = np.ldexp(np.ldexp(size, -binade), self.precision)
        numbers = (binade - (self.min_exponent + 1)).astype(np.uint64) << np.uint64(self.precision - 1)
        last = np.uint64(self.max_exponent - self.min_exponent + 1) << np.uint64(self.precision - 1)
        infinite = last + np.uint64(1 << (self.precision - 1))
        return np.where(np.isinf(values), infinite, numbers + significand.astype(np.uint64))


FLOAT64 = Format("float64", 53, -1022, 1023)
FLOAT32 = Format("float32", 24, -126, 127)
TF32 = Format("tf32", 11, -126, 127)
FLOAT16 = Format("float16", 11, -14, 15)
BFLOAT16 = Format("bfloat16", 8, -126, 127)

FORMATS = {f.name: f for f in (FLOAT64, FLOAT32, TF32, FLOAT16, BFLOAT16)}

STORAGE_DTYPES = ("float64", "float32", "float16", "bfloat16")
"""What an array can be stored in, finest first; tf32 is a format of computation only."""


def named(name: str) -> Format:
    """The format of that name.

    Raises:
        UnknownFormatError: there is none.
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise UnknownFormatError(f"unknown number format {name!r}; known: {', '.join(FORMATS)}") from None
