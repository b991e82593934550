"""The kernels and the sampler in exact rational arithmetic, for images of any number of axes.

Each kernel knows its weights, its slope as an exact difference of values inside a cell, and what rounding errors of both
scale with; nothing of the reference's formulas.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, floor, prod
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Line = Callable[[int], Fraction]
"""The extended image along one axis."""

ONE, HALF = Fraction(1), Fraction(1, 2)


class ExactKernel(Protocol):
    """One axis; x is in pixels."""

    def weights(self, x: Fraction) -> dict[int, tuple[Fraction, Fraction]]:
        """At each pixel: the weight, and the magnitude that its rounding errors scale with."""
        ...

    def slope(self, value: Callable[[Fraction], Fraction], x: Fraction, rule: str) -> Fraction:
        """The derivative at x of a value that is this kernel's along that axis."""
        ...

    def steepness(self, line: Line, x: Fraction) -> Fraction:
        """The magnitude that the slope's rounding errors scale with."""
        ...


class Hat:
    """max(0, 1 - |s|)."""

    def weights(self, x: Fraction) -> dict[int, tuple[Fraction, Fraction]]:
        return {m: (w := 1 - abs(x - m), w) for m in (floor(x), floor(x) + 1)}

    def slope(self, value: Callable[[Fraction], Fraction], x: Fraction, rule: str) -> Fraction:
        cell = floor(x)
        right = value(Fraction(cell + 1)) - value(Fraction(cell))
        if x != cell or rule == "right":
            return right
        left = value(Fraction(cell)) - value(Fraction(cell - 1))
        return {"left": left, "zero": Fraction(0), "mean": (left + right) / 2}[rule]

    def steepness(self, line: Line, x: Fraction) -> Fraction:
        return sum((abs(line(m + 1) - line(m)) for m in {floor(x), ceil(x) - 1}), Fraction(0))


@dataclass(frozen=True)
class Box:
    """The nearest pixel."""

    ties: str

    def weights(self, x: Fraction) -> dict[int, tuple[Fraction, Fraction]]:
        up, down = floor(x + HALF), ceil(x - HALF)
        away = up if x > 0 else down
        even = up if up % 2 == 0 else down
        return {{"up": up, "down": down, "away": away, "even": even}[self.ties]: (ONE, ONE)}

    def slope(self, value: Callable[[Fraction], Fraction], x: Fraction, rule: str) -> Fraction:
        return Fraction(0)

    def steepness(self, line: Line, x: Fraction) -> Fraction:
        return Fraction(0)


@dataclass(frozen=True)
class Keys:
    """Cubic convolution with the parameter a."""

    a: Fraction

    def weights(self, x: Fraction) -> dict[int, tuple[Fraction, Fraction]]:
        return {m: (self._at(abs(x - m)), self._size(abs(x - m))) for m in range(floor(x) - 1, floor(x) + 3)}

    def slope(self, value: Callable[[Fraction], Fraction], x: Fraction, rule: str) -> Fraction:
        """The derivative of the cubic through four values of the cell right of x."""
        nodes = [floor(x) + Fraction(k, 3) for k in range(4)]
        total = Fraction(0)
        for node in nodes:
            others = [other for other in nodes if other != node]
            scale = prod(node - other for other in others)
            through = sum(prod(x - kept for kept in others if kept != dropped) for dropped in others)
            total += value(node) * through / scale
        return total

    def steepness(self, line: Line, x: Fraction) -> Fraction:
        return sum(
            (self._slope_size(abs(x - m)) * abs(line(m)) for m in range(floor(x) - 1, floor(x) + 3)),
            Fraction(0),
        )

    def _at(self, s: Fraction) -> Fraction:
        a = self.a
        if s <= 1:
            return (a + 2) * s**3 - (a + 3) * s**2 + 1
        return a * s**3 - 5 * a * s**2 + 8 * a * s - 4 * a if s < 2 else Fraction(0)

    def _size(self, s: Fraction) -> Fraction:
        """The terms of (1 - s) (1 + s - (a + 2) s^2) and a (s - 1) (2 - s)^2, without signs."""
        if s <= 1:
            return (1 - s) * (1 + s + abs(self.a + 2) * s**2)
        return abs(self.a) * (s - 1) * (2 - s) ** 2

    def _slope_size(self, s: Fraction) -> Fraction:
        """Those of s (3 (a + 2) s - 2 (a + 3)) and a (2 - s) ((2 - s) - 2 (s - 1))."""
        if s <= 1:
            return s * (3 * abs(self.a + 2) * s + 2 * abs(self.a + 3))
        return abs(self.a) * (2 - s) * ((2 - s) + 2 * (s - 1))


@dataclass(frozen=True)
class ExactSampler:
    """One channel of one image, [H, W] or [D, H, W], under one convention; points are (x, y[, z])."""

    pixels: Array
    kernel: ExactKernel
    fold: Callable[[int, int], int | None]
    """Which pixel an axis of so many has at an extended index."""

    def pixel(self, at: Sequence[int]) -> Fraction:
        """The extended image at (m, n[, o]), x first."""
        inside = tuple(map(self.fold, reversed(at), self.pixels.shape))
        return Fraction(0) if None in inside else Fraction(float(self.pixels[inside]))

    def terms(self, point: Sequence[Fraction]) -> Iterator[tuple[Fraction, Fraction]]:
        """Each weighted pixel, and the magnitude of its errors."""
        for taps in product(*(self.kernel.weights(x).items() for x in point)):
            pixel = self.pixel([m for m, _ in taps])
            yield prod(w for _, (w, _) in taps) * pixel, prod(s for _, (_, s) in taps) * abs(pixel)

    def value(self, point: Sequence[Fraction]) -> Fraction:
        return sum((term for term, _ in self.terms(point)), Fraction(0))

    def magnitude(self, point: Sequence[Fraction]) -> Fraction:
        return sum((size for _, size in self.terms(point)), Fraction(0))

    def slope(self, point: Sequence[Fraction], along: int, rule: str = "right") -> Fraction:
        """dV/dx, dV/dy or dV/dz."""

        def value(x: Fraction) -> Fraction:
            return self.value([*point[:along], x, *point[along + 1 :]])

        return self.kernel.slope(value, point[along], rule)

    def steepness(self, point: Sequence[Fraction], along: int) -> Fraction:
        """What the errors of that slope scale with."""
        others = [x for axis, x in enumerate(point) if axis != along]
        total = Fraction(0)
        for taps in product(*(self.kernel.weights(x).items() for x in others)):
            rest = [m for m, _ in taps]

            def line(m: int, rest: list[int] = rest) -> Fraction:
                return self.pixel([*rest[:along], m, *rest[along:]])

            total += prod(s for _, (_, s) in taps) * self.kernel.steepness(line, point[along])
        return total

    def response(self, point: Sequence[Fraction], pixel: tuple[int, ...]) -> tuple[Fraction, Fraction]:
        """dV/dU of one pixel (row, column) or (slice, row, column), and the magnitude of its errors."""
        lit = np.zeros_like(self.pixels)
        lit[pixel] = 1
        terms = list(ExactSampler(lit, self.kernel, self.fold).terms(point))
        return sum((t for t, _ in terms), Fraction(0)), sum((s for _, s in terms), Fraction(0))
