"""What a family of transformations is: a shape of theta, the identity, a grid and its gradient."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy.typing as npt

from stn_reference.arguments import Array, as_length, as_size

LATTICE_POINTS = 9
"""Control points where a caller names no number: a lattice of 3 by 3."""


class Generator(Protocol):
    """theta and (Ho, Wo) -> the grid [N, Ho, Wo, 2], (x, y), normalised."""

    def __call__(self, theta: npt.ArrayLike, size: Sequence[int], *, align_corners: bool) -> Array: ...


class GeneratorGradient(Protocol):
    """theta, (Ho, Wo) and a cotangent [N, Ho, Wo, 2] -> the gradient of sum(cotangent * grid), of theta's shape."""

    def __call__(
        self, theta: npt.ArrayLike, size: Sequence[int], cotangent: npt.ArrayLike, *, align_corners: bool
    ) -> Array: ...


class PixelGenerator(Protocol):
    """theta, (Ho, Wo) and (H, W) -> x and y [N, Ho, Wo] in pixels of the image; x, y and z where there is a D."""

    def __call__(
        self, theta: npt.ArrayLike, size: Sequence[int], image_size: Sequence[int], *, align_corners: bool
    ) -> tuple[Array, ...]: ...


@dataclass(frozen=True)
class Family:
    """A family of transformations from output to image, in normalised coordinates.

    Attributes:
        name: as FAMILIES has it.
        axes: the lengths of theta's axes; "N", "K" (control points), "Ho" and "Wo" stand for what a call brings.
        grid: the sample points.
        vjp: the gradient of sum(cotangent * grid) with respect to theta.
        neutral: the identity's theta, of a given shape.
        pixels: the sample points in pixels, formed around the image's centre, where `transform` takes
            those; None where it goes through the normalised grid.
        linear: whether theta -> grid - grid(0) is linear, so that a difference with any step is exact.
    """

    name: str
    axes: tuple[str | int, ...]
    grid: Generator
    vjp: GeneratorGradient
    neutral: Callable[[tuple[int, ...]], Array]
    pixels: PixelGenerator | None = None
    linear: bool = True

    def shape(self, count: int, size: Sequence[int], points: int = LATTICE_POINTS) -> tuple[int, ...]:
        """theta's shape for a batch of `count`, an output of (Ho, Wo), and K = `points` where K is free.

        Raises:
            ReferenceArgumentError: a negative count, size or number of points.
        """
        rows, columns = as_size("size", size, least=0)
        lengths: dict[str | int, int] = {
            "N": as_length("count", count, least=0),
            "K": as_length("points", points, least=0),
            "Ho": rows,
            "Wo": columns,
        }
        return tuple(axis if isinstance(axis, int) else lengths[axis] for axis in self.axes)

    def identity(self, count: int, size: Sequence[int], points: int = LATTICE_POINTS) -> Array:
        """The theta, float64 of that shape, whose grid is the regular target grid.

        Raises:
            ReferenceArgumentError: as shape; a number of control points that makes no square lattice.
        """
        return self.neutral(self.shape(count, size, points))
