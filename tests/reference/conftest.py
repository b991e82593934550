"""The sampler in exact rational arithmetic, and the scenes in which the reference is held to it.

A finite float is a rational number, and so are the bilinear value and every gradient at it. The oracle knows
only the value; its slopes are exact differences of values inside a cell, its weights the response to a
lit pixel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import PADDINGS

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Oracle:
    """One plane of pixels [H][W] under one convention; coordinates in pixels."""

    pixels: list[list[Fraction]]
    padding: str
    align_corners: bool

    @classmethod
    def of(cls, plane: Array, padding: str, align_corners: bool) -> "Oracle":
        return cls([[Fraction(float(p)) for p in row] for row in plane], padding, align_corners)

    def lit(self, row: int, column: int) -> "Oracle":
        """The same plane with ones at that pixel and zeros elsewhere."""
        pixels = [
            [Fraction(int((i, j) == (row, column))) for j in range(self.width)] for i in range(self.height)
        ]
        return Oracle(pixels, self.padding, self.align_corners)

    @property
    def height(self) -> int:
        return len(self.pixels)

    @property
    def width(self) -> int:
        return len(self.pixels[0])

    def pixel(self, column: int, row: int) -> Fraction:
        i = folded(row, self.height, self.padding, self.align_corners)
        j = folded(column, self.width, self.padding, self.align_corners)
        return Fraction(0) if i is None or j is None else self.pixels[i][j]

    def terms(self, x: Fraction, y: Fraction) -> list[Fraction]:
        """The four weighted pixels of equation 5."""
        columns, rows = (floor(x), floor(x) + 1), (floor(y), floor(y) + 1)
        return [(1 - abs(x - m)) * (1 - abs(y - n)) * self.pixel(m, n) for n in rows for m in columns]

    def value(self, x: Fraction, y: Fraction) -> Fraction:
        return sum(self.terms(x, y), Fraction(0))

    def slope_x(self, x: Fraction, y: Fraction, rule: str) -> Fraction:
        return one_sided(lambda at: self.value(at, y), x, rule)

    def slope_y(self, x: Fraction, y: Fraction, rule: str) -> Fraction:
        return one_sided(lambda at: self.value(x, at), y, rule)

    def steepness_x(self, x: Fraction, y: Fraction) -> Fraction:
        """Sum of weight times |difference| over the cells that hold x: what a rounding error scales with."""
        return sum(
            (
                (1 - abs(y - n)) * abs(self.pixel(m + 1, n) - self.pixel(m, n))
                for n in (floor(y), floor(y) + 1)
                for m in {floor(x), -floor(-x) - 1}
            ),
            Fraction(0),
        )

    def transposed(self) -> "Oracle":
        return Oracle(
            [list(column) for column in zip(*self.pixels, strict=True)], self.padding, self.align_corners
        )

    def steepness_y(self, x: Fraction, y: Fraction) -> Fraction:
        return self.transposed().steepness_x(y, x)


def one_sided(value: Callable[[Fraction], Fraction], at: Fraction, rule: str) -> Fraction:
    """The slope by an exact difference: from cell end to cell end, as the value is linear in between."""
    cell = floor(at)
    right = value(Fraction(cell + 1)) - value(Fraction(cell))
    if at != cell or rule == "right":
        return right
    left = value(Fraction(cell)) - value(Fraction(cell - 1))
    return {"left": left, "zero": Fraction(0), "mean": (left + right) / 2}[rule]


def folded(k: int, size: int, padding: str, align_corners: bool) -> int | None:
    """The pixel at extended index k, by walking from mirror to mirror; None outside of `zeros`."""
    if padding == "zeros":
        return k if 0 <= k < size else None
    if padding == "border" or (align_corners and size == 1):
        return min(max(k, 0), size - 1)
    mirrors = (0, 2 * (size - 1)) if align_corners else (-1, 2 * size - 1)
    k %= mirrors[1] - mirrors[0]
    while not 0 <= k < size:
        k = mirrors[0] - k if k < 0 else mirrors[1] - k
    return k


@dataclass(frozen=True)
class Scene:
    """image [N, C, H, W], x and y [N, Ho, Wo] in pixels, cotangent [N, C, Ho, Wo], and a convention."""

    image: Array
    x: Array
    y: Array
    cotangent: Array
    padding: str
    align_corners: bool

    def oracle(self, n: int, c: int) -> Oracle:
        return Oracle.of(self.image[n, c], self.padding, self.align_corners)


def _coordinates(size: int) -> st.SearchStrategy[float]:
    """In, at and beside integers, inside and far outside."""
    near = st.integers(-3 * size, 4 * size)
    return st.one_of(
        st.floats(-3 * size, 4 * size),
        near.map(float),
        near.map(lambda k: k + 0.5),
        near.map(lambda k: float(np.nextafter(k, k + 1))),
        near.map(lambda k: float(np.nextafter(k, k - 1))),
        st.floats(-1e-15, 1e-15, allow_subnormal=False),
        st.sampled_from([1e20, -1e20, 2.0**53, -(2.0**53), 1e300]),
    )


@st.composite
def _scenes(draw: st.DrawFn) -> Scene:
    n, c = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    height, width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rows, columns = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    numbers = st.floats(-1e3, 1e3, allow_subnormal=False)
    return Scene(
        draw(hnp.arrays(np.float64, (n, c, height, width), elements=numbers)),
        draw(hnp.arrays(np.float64, (n, rows, columns), elements=_coordinates(width))),
        draw(hnp.arrays(np.float64, (n, rows, columns), elements=_coordinates(height))),
        draw(hnp.arrays(np.float64, (n, c, rows, columns), elements=numbers)),
        draw(st.sampled_from(PADDINGS)),
        draw(st.booleans()),
    )


@pytest.fixture(scope="session")
def scenes() -> st.SearchStrategy[Scene]:
    """Small scenes in every convention."""
    return _scenes()


@pytest.fixture(scope="session")
def oracle() -> type[Oracle]:
    """The exact sampler."""
    return Oracle


@pytest.fixture(scope="session")
def fold() -> Callable[[int, int, str, bool], int | None]:
    """The exact padding."""
    return folded


@pytest.fixture(scope="session")
def budget() -> Callable[[float, Fraction, Fraction, int], float]:
    """error / bound of a result; the bound is gamma_k = k u / (1 - k u) of the terms' magnitude, u = 2^-53.

    gamma_k bounds the relative error of k successive roundings (Higham 2002, lemma 3.1). Each product may
    also lose half a subnormal to underflow, and grow at most a thousandfold later: 2^-1054 covers those.
    """

    def used(result: float, exact: Fraction, magnitude: Fraction, roundings: int) -> float:
        gamma = Fraction(roundings, 2**53 - roundings)
        return float(abs(Fraction(float(result)) - exact) / (gamma * magnitude + Fraction(1, 2**1054)))

    return used
