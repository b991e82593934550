"""What a sampler of a given kernel and padding would return: a hypothesis that measurements can refute."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.probing import value_error
from stn_verify.formats import Array
from stn_verify.identification.geometry import Geometry, Points
from stn_verify.identification.kernels import ROUNDINGS, Kernel

Indices = npt.NDArray[np.int64]
Extension = Callable[[Array, int], Array]


def _nothing(k: Array, size: int) -> Array:
    return np.where((k >= 0) & (k < size), k, -1.0)


def _border(k: Array, size: int) -> Array:
    return np.asarray(np.clip(k, 0, size - 1))


def _about_centres(k: Array, size: int) -> Array:
    place = np.mod(k, 2 * (size - 1))
    return np.asarray(np.minimum(place, 2 * (size - 1) - place))


def _about_edges(k: Array, size: int) -> Array:
    place = np.mod(k, 2 * size)
    return np.asarray(np.minimum(place, 2 * size - 1 - place))


def _wrapped(k: Array, size: int) -> Array:
    return np.asarray(np.mod(k, size))


@dataclass(frozen=True)
class Padding:
    """What stands outside the image."""

    name: Literal["zeros", "border", "reflection", "wrap"]
    """zeros with a `fill` other than 0 is a constant fill."""
    mirror: Literal["centres", "edges"] | None = None
    fill: float = 0.0
    cut: Literal["centres", "edges"] | None = None
    """Outside the outer pixels' centres or edges nothing is interpolated: the fill stands there at once."""
    clipped: bool = False
    """The grid is clipped to [-1, 1] first."""

    def told(self, kernel: Kernel) -> str:
        """In words."""
        if self.clipped:
            return "the grid is clipped to [-1, 1], and what is still outside is zero"
        if self.name == "reflection":
            return f"reflection about {'pixel centres' if self.mirror == 'centres' else 'edges'}"
        told = "zeros" if self.fill == 0 else f"constant fill with {self.fill:.6g}"
        if self.name == "border" and self.cut:
            return f"border up to the outer pixels' edges, {told} beyond"
        if self.name != "zeros":
            return self.name
        if self.cut:
            return f"{told}, cut at the outer pixels' {self.cut}"
        fades = {"bilinear": ", fades over one pixel", "bicubic": ", fades over two pixels", "nearest": ""}
        return told + fades[kernel.name]

    @property
    def extension(self) -> Extension:
        """Which pixel stands at an integer; -1 for the fill."""
        if self.name == "reflection":
            return _about_centres if self.mirror == "centres" else _about_edges
        return {"zeros": _nothing, "border": _border, "wrap": _wrapped}[self.name]


@dataclass(frozen=True)
class Model:
    """A kernel over an extended image, read where the ramps say."""

    geometry: Geometry
    kernel: Kernel
    padding: Padding

    def values(self, image: Array, points: Points) -> Array:
        """[C, M] of an image [C, H, W]."""
        x, y = points.x, points.y
        if self.padding.clipped:
            x, y = (
                np.clip(pixels, *sorted(side.pixels(np.array([-1.0, 1.0]))))
                for side, pixels in ((self.geometry.x, x), (self.geometry.y, y))
            )
        height, width = self.geometry.size
        (columns, across), (rows, down) = self._taps(x, width), self._taps(y, height)
        picked = image[:, rows[:, :, None], columns[:, None, :]]
        nowhere = (rows[:, :, None] < 0) | (columns[:, None, :] < 0)
        values = np.einsum("cmij,mi,mj->cm", np.where(nowhere, self.padding.fill, picked), down, across)
        if self.padding.cut:
            reach = 0.0 if self.padding.cut == "centres" else 0.5
            there = (x >= -reach) & (x <= width - 1 + reach) & (y >= -reach) & (y <= height - 1 + reach)
            values = np.where(there, values, self.padding.fill)
        return np.asarray(values)

    def explains(self, values: Array, image: Array, points: Points, arithmetic: Arithmetic) -> bool:
        """Whether measured values [C, M] are within the bounds of that arithmetic."""
        bound = self.bound(image, points, arithmetic)
        return bool(np.all(np.abs(values - self.values(image, points)) <= bound))

    def bound(self, image: Array, points: Points, arithmetic: Arithmetic) -> Array:
        """[M]. Infinite where rounding may carry a point over a jump."""
        error_x, error_y = self.geometry.errors(points, arithmetic)
        largest = max(float(np.max(np.abs(image))), abs(self.padding.fill))
        moved = self.kernel.steepness * self.kernel.weighing * largest * (error_x + error_y)
        moved = moved + 2 * self.kernel.uncertain * self.kernel.weighing * largest
        weighed = np.full_like(moved, self.kernel.weighing**2 * largest)
        bound = value_error(weighed, moved, arithmetic, weights=2 * self.kernel.roundings)
        if self.kernel.name == "nearest" or self.padding.cut:
            jumps = [_near_jump(points.x, error_x), _near_jump(points.y, error_y)]
            bound = np.where(jumps[0] | jumps[1], np.inf, bound)
        return bound

    def _taps(self, x: Array, size: int) -> tuple[Indices, Array]:
        whole, weights = self.kernel.taps(x)
        return self.padding.extension(whole, size).astype(np.int64), weights

    def picked(self, x: Array, size: int, rule: str) -> Array:
        """[M]: the pixel that the nearest kernel takes along one axis under a rule for ties; -1 for the fill."""
        return self.padding.extension(ROUNDINGS[rule](x), size)


def _near_jump(x: Array, error: Array) -> npt.NDArray[np.bool_]:
    """A box jumps at half-integers, a cut at those or at integers."""
    return np.abs(2 * x - np.rint(2 * x)) <= 2 * error
