"""The constants of every bound, each with the analysis that it rests on.

Notation: u is the unit roundoff of the arithmetic that an implementation claims, s that of the format that its results are
stored in, W the size of an axis, x a coordinate in pixels. All bounds are worst cases of first order (Higham, Accuracy and
Stability of Numerical Algorithms, 2002, section 3); sums of n terms in any order lose at most n u sum|term| (Jeannerod and
Rump, Improved error bounds for inner products in floating-point arithmetic, 2013), without a restriction on n u.
"""

from dataclasses import dataclass

from stn_verify.formats import FLOAT64, Format

COORDINATE = 4.0
"""Roundings, each of at most u (|x| + W), from a normalised coordinate to weights.

x = g (W-1)/2 + (W-1)/2, ((g+1)/2)(W-1), ((g+1) W - 1)/2 and g W/2 + (W-1)/2 take at most three roundings, of terms
no larger than |x| + W/2; the weights x - floor(x) and 1 - (x - floor(x)) take one of at most 1 <= W each."""

REFLECTION = 4.0
"""More roundings of the same size for folding: the subtraction of the mirror point, the division by the period, its
multiple, and the subtraction from the period. fmod itself is exact."""

THETA = 8.0
"""Roundings, each of at most u (|t11| + |t12| + |t13|), of a normalised coordinate made from theta.

The target coordinate (2j - Wo + 1)/Wo or a linspace carries at most three (of size at most 1), the products one, the two sums
two, storing the grid one; one is left for forming linspace from both ends."""

VALUE = 8.0
"""Roundings of size u sum|weight pixel|: a product of two weights (1), with the pixel (1), sums of four terms (3), in the form
of nested lerps at most two more; the error of lerp's difference is u |p1 - p0| f, which the coordinate term covers."""

VOLUME_VALUE = 12.0
"""The same in a volume: a product of three weights (2), with the pixel (1), sums of eight terms (7), two more for lerps."""

CUBIC_VALUE = 17.0
"""Roundings of size u sum|weight pixel|: as VALUE, in sums of sixteen terms (15). Rows first, or by dense matrices, are fewer."""

POLYNOMIAL = 1.5
"""Of the sums in a polynomial of four terms c t^i, of size u (sum|c t^i| + |sum|): each of three additions rounds a partial sum,
and no partial sum exceeds half of that. The terms themselves take i products and the rounding of c, i + 1 in all."""

POLYNOMIAL_SLOPE = 1.0
"""The same of its derivative's three terms, whose coefficients take two roundings: i + 2."""

SLOPE = 8.0
"""As VALUE for a weighted difference of pixels, with the cotangent (1) and the scale to normalised units (2); the sums over
channels and corners are counted apart (`slope_roundings`). In a volume there is one more weight (1), for which it has room."""

SCATTER = 8.0
"""Roundings of size u |weight cotangent| in one contribution to grad_input: two weights' product (three's in a volume), the
cotangent's, one lane's store and reload."""

TANGENT = 16.0
"""Roundings of size u sum|weight pixel| in a tangent: a product of two weights or of one and a weight's derivative (2), with the
pixel (1), the direction and the scale to normalised units (3), sums of the twelve terms of pixels, x and y (at most 10)."""

TWIST = 12.0
"""As SLOPE for a second difference of pixels: three differences (3), the cotangent and the direction (2), two scales (4), the sum
with the gradient of the other image (2)."""

SCATTER_SLOPE = 12.0
"""As SCATTER for a weight's derivative: one scale and the direction (3) and the sum of both axes' parts (1) more."""

STORES = 3.0
"""Of the size of all parts together: of each part where they are worked out apart, of the partial sum, of the sum."""

SUBNORMALS = 8.0
"""Smallest positive numbers that sixteen roundings below the normal range may lose, half of one each."""


def value_roundings(axes: int) -> float:
    """VALUE in an image of two axes or a volume of three."""
    return VALUE if axes == 2 else VOLUME_VALUE


def slope_roundings(axes: int, channels: int) -> float:
    """SLOPE, and one rounding for each term of the sum over channels and the corners of a cell."""
    return SLOPE + float(2**axes * channels)


@dataclass(frozen=True)
class Arithmetic:
    """The arithmetic that a result is judged by: computed in one format, stored in another."""

    compute: Format
    storage: Format
    converted: bool = False
    """Whether the harness converted the coordinates to other units before it stored them (contract/dialect.py)."""

    @property
    def u(self) -> float:
        """Unit roundoff of the computation, with that of the float64 oracle it is compared with."""
        return self.compute.unit_roundoff + FLOAT64.unit_roundoff

    @property
    def s(self) -> float:
        """Unit roundoff of one store; nothing where the result is computed in the format it is stored in."""
        return self.storage.unit_roundoff if self.storage.precision < self.compute.precision else 0.0

    @property
    def c(self) -> float:
        """Unit roundoff of a converted coordinate, beyond the roundings that COORDINATE has room for.

        x = g W/2 + (W-1)/2 and the like take two roundings in float64, and one more, of at most (|x| + W), to the storage dtype.
        The target then takes none but that of its weights: with computation no finer than storage that is three of COORDINATE's
        four. A finer computation claims roundings that are too small for the one that the storage dtype forces upon it.
        """
        return self.s if self.converted else 0.0

    @property
    def tiny(self) -> float:
        """What gradual underflow may lose."""
        return SUBNORMALS * max(self.compute.smallest, self.storage.smallest)
