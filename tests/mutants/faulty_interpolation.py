"""Faults of samplers that interpolate otherwise than bilinearly: the nearest pixel, and cubic convolution."""

from functools import partial

import numpy as np
from faults import fault
from interpolating import CubicSampler, NearestSampler, Taps
from sampler import Array, Indices, Line, Mask

nearest = partial(fault, interpolation="nearest")
cubic = partial(fault, interpolation="bicubic")


@nearest(
    "half-way it takes the right pixel and declares the even one", "output", ties="even", checks=("ties",)
)
class TiesUp(NearestSampler):
    def rounded(self, x: Array) -> Array:
        return np.floor(x + 0.5)


@nearest(
    "half-way it takes the pixel away from zero and declares the even one",
    "output",
    ties="even",
    checks=("ties",),
    source="Z64 Z73",
)
class TiesAway(NearestSampler):
    def rounded(self, x: Array) -> Array:
        return np.trunc(x + np.copysign(0.5, x))


@nearest(
    "one kernel takes the even pixel half-way, another the one away from zero",
    "output",
    ties="even",
    dtypes=("float64", "float32"),
    checks=("ties",),
    source="Z34 Z45",
)
class TiesByKernel(NearestSampler):
    def rounded(self, x: Array) -> Array:
        return np.rint(x) if x.dtype == np.float64 else np.trunc(x + np.copysign(x.dtype.type(0.5), x))


@nearest("coordinates are truncated, not rounded", "output")
class Truncated(NearestSampler):
    def rounded(self, x: Array) -> Array:
        return np.trunc(x)


@nearest("the last row and column count as outside", "output", source="Z66")
class NearestWithoutLast(NearestSampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        index, inside = super().neighbour(k, size)
        return index, inside & (k < size - 1)


@nearest("the cotangent goes to the pixel left of the point", "grad_input")
class NearestFloorScatter(NearestSampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        self.rounded = np.floor  # type: ignore[method-assign]  # for this pass
        try:
            return super().backward(image, grid, cotangent, padding, aligned)
        finally:
            del self.rounded


@nearest("the cotangent is spread over the four neighbours as if bilinear", "grad_input", padding="border")
class NearestSpread(NearestSampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        x, y = self.lines(image, grid, padding, aligned)
        spread = self.input_gradient(image, np.moveaxis(cotangent, 1, -1), x, y)
        return spread, np.zeros_like(grid)


@nearest("grad_grid is that of a bilinear sampler", "grad_grid", padding="reflection")
class NearestSlopes(NearestSampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        grad_input, _ = super().backward(image, grid, cotangent, padding, aligned)
        x, y = self.lines(image, grid, padding, aligned)
        return grad_input, self.grid_gradient(image, np.moveaxis(cotangent, 1, -1), x, y)


@nearest("theta gets a gradient", "grad_theta", functions=("transform",), align_corners=True)
class NearestTheta(NearestSampler):
    def point_gradient(self, image: Array, grid: Array, cotangent: Array) -> Array:
        return np.full_like(grid, 1e-30)


@cubic("the kernel's a is -0.5, -0.75 is declared", "convention", checks=("convention",), group="conventions")
class OtherCubic(CubicSampler):
    a = -0.5


@cubic("the backward pass has another a than the forward pass", "grad_input", "grad_grid")
class OtherCubicBackward(CubicSampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        self.a = -0.5
        try:
            return super().backward(image, grid, cotangent, padding, aligned)
        finally:
            del self.a


@cubic("the coordinate is clipped to the image, and not each tap", "output", padding="border")
class CoordinateClipped(CubicSampler):
    def place(self, normalised: Array, size: int, padding: str, aligned: bool) -> Array:
        return np.clip(super().place(normalised, size, padding, aligned), 0, size - 1)


@cubic("the coordinate is folded into the image, and the taps are clipped", "output", padding="reflection")
class TapsClipped(CubicSampler):
    def taps(self, normalised: Array, size: int, padding: str, aligned: bool) -> Taps:
        x, _ = self.fold(self.pixels(normalised, size, aligned), size, padding, aligned)
        return super().taps(
            x / self.scale(size, aligned) - 1 + 0.5 / self.scale(size, aligned), size, "border", aligned
        )


@cubic("the tap two pixels to the right is missing at the last column and row", "output")
class LastCubicTapMissing(CubicSampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        index, inside = super().neighbour(k, size)
        return index, inside & (k < size - 1)


@cubic("rows are weighed as columns are", "output")
class CubicWeightsTransposed(CubicSampler):
    def both(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Taps, Taps]:
        across, down = super().both(image, grid, padding, aligned)
        return (
            [(*tap[:2], other[2], tap[3]) for tap, other in zip(across, down, strict=True)],
            [(*tap[:2], other[2], tap[3]) for tap, other in zip(down, across, strict=True)],
        )


@cubic("coordinates are truncated, not floored", "output", padding=("zeros", "border"))
class CubicTruncated(CubicSampler):
    def floor(self, x: Array) -> Array:
        return np.trunc(x)


@cubic("values are clipped to the image's range", "output", padding="border")
class CubicClipped(CubicSampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        values = super().forward(image, grid, padding, aligned)
        ends = image.min(axis=(2, 3), keepdims=True), image.max(axis=(2, 3), keepdims=True)
        return np.clip(values, *ends)


@cubic(
    "sums are kept in float16",
    "output",
    dtypes=("float32",),
    effective_precision="tf32",
    group="precision",
)
class CubicHalfSums(CubicSampler):
    def summed(self, terms: list[Array]) -> Array:
        total = super().summed([term.astype(np.float16) for term in terms])
        return total.astype(terms[0].dtype)


@cubic("the four inner taps alone receive the cotangent", "grad_input")
class CubicInnerScatter(CubicSampler):
    def scattered(self, i: int, j: int) -> bool:
        return i in (1, 2) and j in (1, 2)


@cubic("slopes are per pixel", "grad_grid", align_corners=True)
class CubicSlopesPerPixel(CubicSampler):
    def taps(self, normalised: Array, size: int, padding: str, aligned: bool) -> Taps:
        scale = self.scale(size, aligned) or 1.0
        return [
            (index, inside, weight, slope / scale)
            for index, inside, weight, slope in super().taps(normalised, size, padding, aligned)
        ]


@cubic("the outer taps' derivatives have the wrong sign", "grad_grid")
class CubicOuterSlopes(CubicSampler):
    def outer_slope(self, t: Array) -> Array:
        return -super().outer_slope(t)


@cubic(
    "grad_theta is off by a hundred-thousandth",
    "grad_theta",
    functions=("transform",),
    padding="reflection",
)
class CubicThetaOff(CubicSampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().theta_gradient(cotangent, size, aligned) * (1 + 1e-5)


@cubic("grad_grid is that of a bilinear sampler", "grad_grid", padding="border")
class CubicBilinearSlopes(CubicSampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        grad_input, _ = super().backward(image, grid, cotangent, padding, aligned)
        x, y = self.lines(image, grid, padding, aligned)
        return grad_input, self._slopes(image, cotangent, x, y)

    def _slopes(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return self.grid_gradient(image, np.moveaxis(cotangent, 1, -1), x, y)
