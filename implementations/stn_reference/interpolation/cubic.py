"""The bicubic kernel (Keys 1981, "Cubic convolution interpolation for digital image processing", equation 4).

    W(s) = (a + 2) |s|^3 - (a + 3) |s|^2 + 1         0 <= |s| <= 1
    W(s) = a |s|^3 - 5 a |s|^2 + 8 a |s| - 4 a       1 <= |s| <= 2

W and W' are continuous, so that neither value nor slope has a kink over the extended image, at no integer and in no padding.
"""

from dataclasses import dataclass

import numpy as np

from stn_reference.arguments import Array
from stn_reference.interpolation.kernel import Tap, distances

CUBIC = -0.75
"""The parameter a in torch, ONNX and OpenCV. -0.5 (Catmull-Rom; TensorFlow, Pillow) is the one that Keys derives: third order."""


@dataclass(frozen=True)
class Cubic:
    """Keys' kernel, four taps an axis.

    Attributes:
        a: W'(1), the slope at the neighbours.
    """

    a: float = CUBIC

    def cell(self, x: Array) -> Array:
        """The integer at or left of x."""
        return np.asarray(np.floor(x))

    def weights(self, x: Array, cell: Array) -> tuple[Tap, ...]:
        """W at distances 1 + t, t, 1 - t and 2 - t."""
        t, rest = distances(x, cell)
        return (
            Tap(-1, self._outer(t, rest)),
            Tap(0, self._inner(t, rest)),
            Tap(1, self._inner(rest, t)),
            Tap(2, self._outer(rest, t)),
        )

    def slopes(self, x: Array, cell: Array) -> tuple[Tap, ...]:
        """The derivatives of those: seen from the right end, x falls where t rises."""
        t, rest = distances(x, cell)
        return (
            Tap(-1, self._outer_slope(t, rest)),
            Tap(0, self._inner_slope(t)),
            Tap(1, -self._inner_slope(rest)),
            Tap(2, -self._outer_slope(rest, t)),
        )

    def _outer(self, t: Array, rest: Array) -> Array:
        """W(1 + t) = a t (1 - t)^2."""
        return np.asarray(self.a * t * rest * rest)

    def _inner(self, t: Array, rest: Array) -> Array:
        """W(t) = (1 - t) (1 + t - (a + 2) t^2)."""
        return np.asarray(rest * (1 + t - (self.a + 2) * t * t))

    def _outer_slope(self, t: Array, rest: Array) -> Array:
        """W'(1 + t) = a (1 - t) (1 - 3 t), whose last factor is (1 - t) - 2 t."""
        return np.asarray(self.a * rest * (rest - 2 * t))

    def _inner_slope(self, t: Array) -> Array:
        """W'(t) = t (3 (a + 2) t - 2 (a + 3))."""
        return np.asarray(t * (3 * (self.a + 2) * t - 2 * (self.a + 3)))
