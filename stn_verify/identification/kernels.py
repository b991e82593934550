"""Interpolation kernels, as functions of the distance from a pixel, and the rounding rules of the nearest one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from stn_verify.bounds.probing import CUBIC
from stn_verify.formats import Array

Rounding = Callable[[Array], Array]

ROUNDINGS: Mapping[str, Rounding] = MappingProxyType(
    {
        "half to even": np.rint,
        "half up": lambda x: np.floor(x + 0.5),
        "half down": lambda x: np.ceil(x - 0.5),
        "half away from zero": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
        "half towards zero": lambda x: np.copysign(np.ceil(np.abs(x) - 0.5), x),
    }
)


@dataclass(frozen=True)
class Kernel:
    """hat, box or cubic; `a` is the cubic's parameter, known to within `a_bound`."""

    name: Literal["bilinear", "nearest", "bicubic"]
    a: float = 0.0
    a_bound: float = 0.0

    def __str__(self) -> str:
        if self.name != "bicubic":
            return self.name
        if self.a_bound >= 0.5:
            return f"{self.name} with any a"
        known = f"{self.a:g}" if self.a in NAMED_A else f"{self.a:.6g} ± {self.a_bound:.1g}"
        return f"bicubic with a = {known}"

    @property
    def simple_a(self) -> float:
        """The number of fewest decimals that is as good as what was measured, in [-1, 0]."""
        for decimals in range(1, 5):
            simple = round(self.a, decimals)
            if abs(simple - self.a) <= self.a_bound:
                return min(max(simple, -1.0), 0.0)
        return min(max(self.a, -1.0), 0.0)

    @property
    def uncertain(self) -> float:
        """How much sum |h| may be off along one axis: sum |dh/da| <= 4 * 4/27, times what is not known of a."""
        return 0.0 if self.a in NAMED_A else 16 / 27 * self.a_bound

    @property
    def steepness(self) -> float:
        """A bound of sum over pixels of |dh/dx|, times which a value moves with its coordinate."""
        if self.name == "nearest":
            return 0.0
        if self.name == "bilinear":
            return 2.0
        # |h'| <= (a+3)^2 / (3 (a+2)) on the inner taps and |a| on the outer ones, two of either.
        return 2 * ((self.a + 3) ** 2 / (3 * (self.a + 2)) + abs(self.a))

    @property
    def weighing(self) -> float:
        """A bound of sum |h| along one axis: of a cubic the outer weights add up to a f (1 - f), the inner to the rest."""
        return 1.0 + abs(self.a) if self.name == "bicubic" else 1.0

    @property
    def roundings(self) -> float:
        """Of its weights, beyond those of any sum, per axis."""
        return CUBIC if self.name == "bicubic" else 0.0

    def taps(self, x: Array) -> tuple[Array, Array]:
        """[M, T] whole coordinates around each of x [M], and their weights. Ties of the box are split to even."""
        if self.name == "nearest":
            return np.rint(x)[:, None], np.ones((len(x), 1))
        steps = np.arange(-1.0, 3.0) if self.name == "bicubic" else np.arange(2.0)
        taps = np.floor(x)[:, None] + steps
        distance = x[:, None] - taps
        return taps, hat(distance) if self.name == "bilinear" else cubic(distance, self.a)


NAMED_A = (-0.75, -0.5, -1.0, -0.6, 0.0)
"""Parameters in use: OpenCV and torch, Keys, the sharpest, a common middle, Hermite."""


def hat(d: Array) -> Array:
    """max(0, 1 - |d|)."""
    return np.maximum(0.0, 1.0 - np.abs(d))


def cubic(d: Array, a: float) -> Array:
    """Keys (1981), equation 4: cubic convolution with parameter a."""
    return cubic_without(d) + a * cubic_share(d)


def cubic_without(d: Array) -> Array:
    """The part that does not depend on a."""
    t = np.abs(d)
    return np.where(t < 1, (2 * t - 3) * t**2 + 1, 0.0)


def cubic_share(d: Array) -> Array:
    """dh/da."""
    t = np.abs(d)
    return np.where(t < 1, t**3 - t**2, np.where(t < 2, ((t - 5) * t + 8) * t - 4, 0.0))
