"""A right bilinear sampler in NumPy. Each method is one place where a fault can sit.

Coordinates are clipped or folded into the image before they are read, where the reference extends the image instead: the two
share neither code nor formula.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Corners = tuple[Array, Array, Array, Array]


@dataclass(frozen=True)
class Line:
    """One axis of all points, [N, Ho, Wo] each: the pixels on either side, their weights, d position / d normalised."""

    pixels: tuple[Indices, Indices]
    inside: tuple[Mask, Mask]
    weights: tuple[Array, Array]
    slope: Array
    position: Array


class Sampler:
    """image [N,C,H,W], grid [N,Ho,Wo,2] and theta [N,2,3] in float64 or float32, computed in that dtype."""

    def scale(self, size: int, aligned: bool) -> float:
        """d pixel / d normalised."""
        return (size - 1) / 2 if aligned else size / 2

    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        """Normalised coordinates in pixels."""
        return (normalised + 1) * self.scale(size, aligned) - (0 if aligned else 0.5)

    def fold(self, x: Array, size: int, padding: str, aligned: bool) -> tuple[Array, Array]:
        """The coordinate that x means in the image, and the derivative of that."""
        sign = np.ones_like(x)
        if padding == "zeros":
            return x, sign
        if padding == "reflection":
            x, sign = self.mirror(x, size, aligned)
        return np.clip(x, 0, size - 1), sign * ((x > 0) & (x < size - 1))

    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        """Reflected about the centres of the outer pixels with align_corners, about their outer edges without."""
        low, span = (0.0, size - 1) if aligned else (-0.5, size)
        if span == 0:
            return np.zeros_like(x), np.zeros_like(x)
        distance = np.abs(x - low)
        turns = np.floor(distance / span)
        rest = distance - turns * span
        odd = turns % 2 == 1
        sign = np.where(odd, -1, 1) * np.where(x < low, -1, 1)
        return low + np.where(odd, span - rest, rest), sign.astype(x.dtype)

    def floor(self, x: Array) -> Array:
        """The left neighbour."""
        return np.floor(x)

    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        """The pixel of a whole coordinate, and whether there is one; never a cast of what no integer holds."""
        inside = (k >= 0) & (k <= size - 1)
        return np.where(inside, k, 0).astype(np.int64), inside

    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        """Of the left and the right neighbour."""
        return 1 - (x - left), x - left

    def line(self, normalised: Array, size: int, padding: str, aligned: bool) -> Line:
        """Where an axis is read."""
        x, sign = self.fold(self.pixels(normalised, size, aligned), size, padding, aligned)
        left = self.floor(x)
        (low, near), (high, far) = self.neighbour(left, size), self.neighbour(left + 1, size)
        slope = sign * self.scale(size, aligned)
        return Line((low, high), (near, far), self.weights(x, left, size), slope, x)

    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        """The x and the y axis."""
        height, width = image.shape[2:]
        return (
            self.line(grid[..., 0], width, padding, aligned),
            self.line(grid[..., 1], height, padding, aligned),
        )

    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        """[N, Ho, Wo, C]"""
        return np.asarray(image[np.arange(len(image))[:, None, None], :, iy, ix])

    def corners(self, image: Array, x: Line, y: Line) -> Corners:
        """The pixels around each point: (y, x) = (0, 0), (0, 1), (1, 0), (1, 1); zero where there is none."""
        p00, p01, p10, p11 = (
            np.where((y.inside[i] & x.inside[j])[..., None], self.read(image, x.pixels[j], y.pixels[i]), 0)
            for i in (0, 1)
            for j in (0, 1)
        )
        return p00, p01, p10, p11

    def values(self, corners: Corners, x: Line, y: Line) -> Array:
        """Equation 5: [N, Ho, Wo, C]."""
        p00, p01, p10, p11 = corners
        (wx0, wx1), (wy0, wy1) = _columns(x), _columns(y)
        return (p00 * wx0 + p01 * wx1) * wy0 + (p10 * wx0 + p11 * wx1) * wy1

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        """[N, C, Ho, Wo]"""
        x, y = self.lines(image, grid, padding, aligned)
        return np.moveaxis(self.values(self.corners(image, x, y), x, y), -1, 1)

    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        """Equation 7: dV/dx and dV/dy per pixel, [N, Ho, Wo, C]."""
        p00, p01, p10, p11 = corners
        (wx0, wx1), (wy0, wy1) = _columns(x), _columns(y)
        return (p01 - p00) * wy0 + (p11 - p10) * wy1, (p10 - p00) * wx0 + (p11 - p01) * wx1

    def contract(self, cotangent: Array, slope: Array) -> Array:
        """Over channels: [N, Ho, Wo]."""
        return np.asarray((cotangent * slope).sum(axis=-1))

    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        """[N, Ho, Wo, 2], for a cotangent [N, Ho, Wo, C]."""
        along_x, along_y = self.slopes(self.corners(image, x, y), x, y)
        return np.stack(
            [self.contract(cotangent, along_x) * x.slope, self.contract(cotangent, along_y) * y.slope],
            axis=-1,
        )

    def scatter(self, sums: Array, ix: Indices, iy: Indices, inside: Mask, terms: Array) -> None:
        """sums [N, H, W, C] at (iy, ix) += terms [N, Ho, Wo, C]."""
        batch = np.arange(len(sums))[:, None, None]
        np.add.at(sums, (batch, iy, ix), np.where(inside[..., None], terms, 0))

    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        """Equation 6: [N, C, H, W]."""
        sums = np.zeros_like(np.moveaxis(image, 1, -1))
        for i in (0, 1):
            for j in (0, 1):
                weight = (x.weights[j] * y.weights[i])[..., None]
                inside = y.inside[i] & x.inside[j]
                self.scatter(sums, x.pixels[j], y.pixels[i], inside, cotangent * weight)
        return np.moveaxis(sums, -1, 1)

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        """Both gradients."""
        x, y = self.lines(image, grid, padding, aligned)
        received = np.moveaxis(cotangent, 1, -1)
        return self.input_gradient(image, received, x, y), self.grid_gradient(image, received, x, y)

    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        """Target coordinates; a single one lies in the middle."""
        steps = np.arange(size, dtype=dtype)
        if not aligned:
            return (2 * steps + 1) / size - 1
        return 2 * steps / (size - 1) - 1 if size > 1 else np.zeros(1, dtype)

    def base(self, size: tuple[int, int], aligned: bool, dtype: npt.DTypeLike) -> Array:
        """[Ho, Wo, 3]: (X, Y, 1)."""
        x, y = self.axis(size[1], aligned, dtype), self.axis(size[0], aligned, dtype)
        return np.stack([*np.meshgrid(x, y), np.ones(size, dtype)], axis=-1)

    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        """Equation 1: [N, Ho, Wo, 2]."""
        terms = self.base(size, aligned, theta.dtype)[None, :, :, None] * theta[:, None, None]
        return np.asarray(terms.sum(axis=-1))

    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        """[N, 2, 3], for a cotangent [N, Ho, Wo, 2]."""
        return np.asarray(np.einsum("nhwi,hwk->nik", cotangent, self.base(size, aligned, cotangent.dtype)))

    def check(self, image: Array, grid: Array) -> None:
        """Raise where an image and a grid do not fit together."""
        if image.ndim != 4 or grid.ndim != 4 or grid.shape[-1] != 2 or len(image) != len(grid):
            raise ValueError(
                f"image {image.shape} and grid {grid.shape}: not [N, C, H, W] and [N, Ho, Wo, 2]"
            )

    def check_theta(self, theta: Array) -> None:
        """Raise for a theta of another shape."""
        if theta.ndim != 3 or theta.shape[1:] != (2, 3):
            raise ValueError(f"theta {theta.shape}: not [N, 2, 3]")

    # What an implementation gives: the same under the names and with the keywords of the contract.

    def sample(self, image: Array, grid: Array, *, padding: str, align_corners: bool) -> Array:
        """[N, C, Ho, Wo]"""
        self.check(image, grid)
        with np.errstate(all="ignore"):
            return self.forward(image, grid, padding, align_corners)

    def sample_vjp(
        self, image: Array, grid: Array, cotangent: Array, *, padding: str, align_corners: bool
    ) -> tuple[Array, Array]:
        """Gradients of image and grid."""
        with np.errstate(all="ignore"):
            return self.backward(image, grid, cotangent, padding, align_corners)

    def generate(self, theta: Array, size: tuple[int, int], *, align_corners: bool) -> Array:
        """[N, Ho, Wo, 2]"""
        self.check_theta(theta)
        with np.errstate(all="ignore"):
            return self.grid(theta, size, align_corners)

    def generate_vjp(
        self, theta: Array, size: tuple[int, int], cotangent: Array, *, align_corners: bool
    ) -> Array:
        """The gradient of theta."""
        with np.errstate(all="ignore"):
            return self.theta_gradient(cotangent, size, align_corners)

    def transform(
        self, image: Array, theta: Array, size: tuple[int, int], *, padding: str, align_corners: bool
    ) -> Array:
        """[N, C, Ho, Wo]"""
        grid = self.generate(theta, size, align_corners=align_corners)
        return self.sample(image, grid, padding=padding, align_corners=align_corners)

    def transform_vjp(
        self,
        image: Array,
        theta: Array,
        size: tuple[int, int],
        cotangent: Array,
        *,
        padding: str,
        align_corners: bool,
    ) -> tuple[Array, Array]:
        """Gradients of image and theta."""
        grid = self.generate(theta, size, align_corners=align_corners)
        grad_input, grad_grid = self.sample_vjp(
            image, grid, cotangent, padding=padding, align_corners=align_corners
        )
        with np.errstate(all="ignore"):
            return grad_input, self.theta_gradient(grad_grid, size, align_corners)


def cast(arrays: tuple[Array, Array, Array], dtype: npt.DTypeLike) -> tuple[Array, Array, Array]:
    """All of them in that dtype."""
    first, second, third = arrays
    return first.astype(dtype), second.astype(dtype), third.astype(dtype)


def _columns(line: Line) -> tuple[Array, Array]:
    """Both weights, [N, Ho, Wo, 1]."""
    return line.weights[0][..., None], line.weights[1][..., None]
