"""Right samplers of volumes in NumPy, trilinear and nearest, one axis a `Line` as in the sampler of images."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from sampler import Array, Indices, Line, Mask, Sampler

Lines = tuple[Line, ...]
Sides = tuple[int, ...]
"""Of a corner: 0 is its lower side, 1 its upper one; along x, y and z."""


class VolumeSampler(Sampler):
    """image [N,C,D,H,W], grid [N,Do,Ho,Wo,3] and theta [N,3,4] in float64 or float32, computed in that dtype."""

    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        """The x, the y and the z axis."""
        return tuple(
            self.line(grid[..., number], image.shape[-1 - number], padding, aligned) for number in range(3)
        )

    def corners_of(self, lines: Lines) -> Iterator[Sides]:
        """All eight."""
        return product((0, 1), repeat=3)

    def place(self, lines: Lines, sides: Sides) -> tuple[Indices, ...]:
        """The index of the batch, of z, of y and of x."""
        x, y, z = (line.pixels[side] for line, side in zip(lines, sides, strict=True))
        return np.arange(len(x)).reshape(-1, 1, 1, 1), z, y, x

    def inside(self, lines: Lines, sides: Sides) -> Mask:
        """Whether there is such a pixel."""
        x, y, z = (line.inside[side] for line, side in zip(lines, sides, strict=True))
        return x & y & z

    def weight(self, lines: Lines, sides: Sides, but: int | None = None) -> Array:
        """The product of the weights of all axes but one."""
        found = np.ones_like(lines[0].position)
        for number, (line, side) in enumerate(zip(lines, sides, strict=True)):
            if number != but:
                found = found * line.weights[side]
        return found

    def pixel(self, image: Array, lines: Lines, sides: Sides) -> Array:
        """[N, Do, Ho, Wo, C]; zero where there is none."""
        values = np.moveaxis(image, 1, -1)[self.place(lines, sides)]
        return np.where(self.inside(lines, sides)[..., None], values, 0)

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        lines = self.lines_of(image, grid, padding, aligned)
        terms = [
            self.pixel(image, lines, sides) * self.weight(lines, sides)[..., None]
            for sides in self.corners_of(lines)
        ]
        return np.moveaxis(np.sum(terms, axis=0), -1, 1)

    def scatter_at(self, sums: Array, lines: Lines, sides: Sides, terms: Array) -> None:
        """sums [N, D, H, W, C] at a corner += terms [N, Do, Ho, Wo, C]."""
        np.add.at(sums, self.place(lines, sides), np.where(self.inside(lines, sides)[..., None], terms, 0))

    def volume_gradient(self, image: Array, received: Array, lines: Lines) -> Array:
        """Equation 6: [N, C, D, H, W], for a cotangent [N, Do, Ho, Wo, C]."""
        sums = np.zeros_like(np.moveaxis(image, 1, -1))
        for sides in self.corners_of(lines):
            self.scatter_at(sums, lines, sides, received * self.weight(lines, sides)[..., None])
        return np.moveaxis(sums, -1, 1)

    def along(self, image: Array, received: Array, lines: Lines, axis: int) -> Array:
        """Equation 7 along one axis, per pixel: [N, Do, Ho, Wo]."""
        slope = np.zeros_like(received)
        for sides in self.corners_of(lines):
            weight = self.weight(lines, sides, but=axis) * (1 if sides[axis] else -1)
            slope += self.pixel(image, lines, sides) * weight[..., None]
        return np.asarray((received * slope).sum(axis=-1))

    def scaled(self, gradients: list[Array], lines: Lines) -> Array:
        """Per normalised unit: [N, Do, Ho, Wo, 3]."""
        parts = [part * line.slope for part, line in zip(gradients, lines, strict=True)]
        return np.stack(parts, axis=-1)

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        lines = self.lines_of(image, grid, padding, aligned)
        received = np.moveaxis(cotangent, 1, -1)
        slopes = [self.along(image, received, lines, axis) for axis in range(3)]
        return self.volume_gradient(image, received, lines), self.scaled(slopes, lines)

    def target(self, size: tuple[int, ...], aligned: bool, dtype: object) -> Array:
        """[Do, Ho, Wo, 4]: (X, Y, Z, 1)."""
        z, y, x = np.meshgrid(*(self.axis(length, aligned, dtype) for length in size), indexing="ij")
        return np.stack([x, y, z, np.ones_like(x)], axis=-1)

    def grid(self, theta: Array, size: tuple[int, ...], aligned: bool) -> Array:
        """Equation 1: [N, Do, Ho, Wo, 3]."""
        return np.asarray(np.einsum("dhwk,nik->ndhwi", self.target(size, aligned, theta.dtype), theta))

    def theta_gradient(self, cotangent: Array, size: tuple[int, ...], aligned: bool) -> Array:
        """[N, 3, 4], for a cotangent [N, Do, Ho, Wo, 3]."""
        base = self.target(size, aligned, cotangent.dtype)
        return np.asarray(np.einsum("ndhwi,dhwk->nik", cotangent, base))

    def check(self, image: Array, grid: Array) -> None:
        if image.ndim != 5 or grid.ndim != 5 or grid.shape[-1] != 3 or len(image) != len(grid):
            raise ValueError(f"image {image.shape} and grid {grid.shape}: not of one volume")

    def check_theta(self, theta: Array) -> None:
        if theta.ndim != 3 or theta.shape[1:] != (3, 4):
            raise ValueError(f"theta {theta.shape}: not [N, 3, 4]")


class NearestVolumeSampler(VolumeSampler):
    """The nearest pixel, ties to even, after the coordinate is clipped or folded: all the weight is on the lower side."""

    def rounded(self, x: Array) -> Array:
        """Of pixel coordinates."""
        return np.rint(x)

    def line(self, normalised: Array, size: int, padding: str, aligned: bool) -> Line:
        x, _ = self.fold(self.pixels(normalised, size, aligned), size, padding, aligned)
        pixel, inside = self.neighbour(self.rounded(x), size)
        flat = np.zeros_like(x)
        return Line((pixel, pixel), (inside, inside), (np.ones_like(x), flat), flat, x)

    def corners_of(self, lines: Lines) -> Iterator[Sides]:
        """The one that is taken."""
        return iter([(0, 0, 0)])

    def along(self, image: Array, received: Array, lines: Lines, axis: int) -> Array:
        """Zero: nothing changes inside a pixel's box."""
        return np.zeros(received.shape[:-1], received.dtype)
