"""Right samplers of other kernels in NumPy: the nearest pixel, and cubic convolution. Each method is a place for a fault.

As in `sampler.py`, but for cubic convolution, whose taps are clipped or folded into the image one by one.
"""

import numpy as np
from sampler import Array, Indices, Mask, Sampler

Taps = list[tuple[Indices, Mask, Array, Array]]
"""Of one axis: pixels, whether there is one, weights, and their derivatives per pixel; [N, Ho, Wo] each."""


class NearestSampler(Sampler):
    """Ties to even, after the coordinate is clipped or folded."""

    def rounded(self, x: Array) -> Array:
        """Of pixel coordinates."""
        return np.rint(x)

    def taken(self, normalised: Array, size: int, padding: str, aligned: bool) -> tuple[Indices, Mask]:
        """The pixel of every point along one axis, and whether there is one."""
        x, _ = self.fold(self.pixels(normalised, size, aligned), size, padding, aligned)
        return self.neighbour(self.rounded(x), size)

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        height, width = image.shape[2:]
        ix, across = self.taken(grid[..., 0], width, padding, aligned)
        iy, down = self.taken(grid[..., 1], height, padding, aligned)
        picked = np.where((across & down)[..., None], self.read(image, ix, iy), 0)
        return np.moveaxis(picked, -1, 1)

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        height, width = image.shape[2:]
        ix, across = self.taken(grid[..., 0], width, padding, aligned)
        iy, down = self.taken(grid[..., 1], height, padding, aligned)
        sums = np.zeros_like(np.moveaxis(image, 1, -1))
        self.scatter(sums, ix, iy, across & down, np.moveaxis(cotangent, 1, -1))
        return np.moveaxis(sums, -1, 1), self.point_gradient(image, grid, cotangent)

    def point_gradient(self, image: Array, grid: Array, cotangent: Array) -> Array:
        """Zero: nothing changes inside a pixel's box."""
        return np.zeros_like(grid)


class CubicSampler(Sampler):
    """Keys (1981), by Horner's rule."""

    a = -0.75

    def inner(self, t: Array) -> Array:
        """The kernel up to a distance of 1."""
        return ((self.a + 2) * t - (self.a + 3)) * t * t + 1

    def outer(self, t: Array) -> Array:
        """The kernel from 1 to 2."""
        return ((self.a * t - 5 * self.a) * t + 8 * self.a) * t - 4 * self.a

    def inner_slope(self, t: Array) -> Array:
        """Its derivative."""
        return (3 * (self.a + 2) * t - 2 * (self.a + 3)) * t

    def outer_slope(self, t: Array) -> Array:
        """Its derivative."""
        return (3 * self.a * t - 10 * self.a) * t + 8 * self.a

    def weigh(self, f: Array) -> tuple[Array, ...]:
        """Of the four taps, from left to right."""
        return self.outer(1 + f), self.inner(f), self.inner(1 - f), self.outer(2 - f)

    def slope(self, f: Array) -> tuple[Array, ...]:
        """The weights' derivatives."""
        return (
            self.outer_slope(1 + f),
            self.inner_slope(f),
            -self.inner_slope(1 - f),
            -self.outer_slope(2 - f),
        )

    def place(self, normalised: Array, size: int, padding: str, aligned: bool) -> Array:
        """The coordinate in pixels, wherever it lies."""
        return self.pixels(normalised, size, aligned)

    def taps(self, normalised: Array, size: int, padding: str, aligned: bool) -> Taps:
        """Of one axis."""
        x = self.place(normalised, size, padding, aligned)
        left = self.floor(x)
        found: Taps = []
        for step, weight, slope in zip(
            (-1, 0, 1, 2), self.weigh(x - left), self.slope(x - left), strict=True
        ):
            whole, _ = self.fold(left + step, size, padding, aligned)
            found.append((*self.neighbour(whole, size), weight, slope * self.scale(size, aligned)))
        return found

    def both(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Taps, Taps]:
        """Along x and along y."""
        height, width = image.shape[2:]
        return self.taps(grid[..., 0], width, padding, aligned), self.taps(
            grid[..., 1], height, padding, aligned
        )

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        across, down = self.both(image, grid, padding, aligned)
        rows = []
        for iy, below, wy, _ in down:
            row = [
                np.where((below & beside)[..., None], self.read(image, ix, iy), 0) * wx[..., None]
                for ix, beside, wx, _ in across
            ]
            rows.append(self.summed(row) * wy[..., None])
        return np.moveaxis(self.summed(rows), -1, 1)

    def summed(self, terms: list[Array]) -> Array:
        """Of four."""
        return ((terms[0] + terms[1]) + terms[2]) + terms[3]

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        across, down = self.both(image, grid, padding, aligned)
        received = np.moveaxis(cotangent, 1, -1)
        sums, points = np.zeros_like(np.moveaxis(image, 1, -1)), np.zeros_like(grid)
        for i, (iy, below, wy, sy) in enumerate(down):
            for j, (ix, beside, wx, sx) in enumerate(across):
                if self.scattered(i, j):
                    self.scatter(sums, ix, iy, below & beside, received * (wx * wy)[..., None])
                pixels = np.where((below & beside)[..., None], self.read(image, ix, iy), 0)
                pulled = (pixels * received).sum(axis=-1)
                points += np.stack([pulled * sx * wy, pulled * wx * sy], axis=-1)
        return np.moveaxis(sums, -1, 1), points

    def scattered(self, i: int, j: int) -> bool:
        """Whether a tap receives its share of the cotangent."""
        return True
