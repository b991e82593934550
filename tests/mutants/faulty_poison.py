"""Faults that finite coordinates, thetas, pixels and cotangents do not show."""

import numpy as np
from faults import fault
from sampler import Array, Corners, Indices, Line, Mask, Sampler
from unusual_arithmetics import DenseProducts


@fault("a NaN coordinate reads the centre and writes nowhere", "grad_input", checks=("nan_coordinates",))
class WritesNothing(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return super().forward(image, np.nan_to_num(grid), padding, aligned)


@fault("a NaN coordinate reads NaN and has the slope of the centre", "grad_grid", checks=("nan_coordinates",))
class SlopeOfNothing(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return np.nan_to_num(super().grid_gradient(image, cotangent, x, y), nan=1.0)


@fault("a NaN coordinate reads zero and writes to the first pixel", "grad_input", checks=("nan_coordinates",))
class WritesWhereNothingIsRead(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        return np.where(np.isnan(grid).any(axis=-1)[:, None], 0, output)

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        first = np.where(np.isnan(grid), 1 / np.array(image.shape[:1:-1]) - 1, grid)
        return super().backward(image, first, cotangent, padding, aligned)


@fault(
    "an infinite coordinate reads past the image", "output", source="Z26", checks=("infinite_coordinates",)
)
class ReadsPastTheImage(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        return np.where(np.isinf(grid).any(axis=-1)[:, None], 12345.0, output)


@fault(
    "a huge coordinate wraps around and lands in the image",
    "output",
    source="Z28",
    checks=("large_coordinates",),
)
class HugeLandsInside(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return np.where(np.abs(normalised) > 1e9, 0, super().pixels(normalised, size, aligned))


class _SpreadsOverTheBatch(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().grid(theta + 0 * theta.sum(axis=0), size, aligned)


@fault(
    "a NaN theta spoils the whole batch",
    "output",
    functions=("transform",),
    checks=("poisoned_thetas",),
)
class ThetaSpoilsTheBatch(_SpreadsOverTheBatch):
    pass


@fault("a NaN theta spoils every grid", "grid", functions=("generate",), checks=("poisoned_grids",))
class ThetaSpoilsGrids(_SpreadsOverTheBatch):
    pass


@fault(
    "a NaN pixel spoils its image by products with weights of zero",
    "output",
    "grad_grid",
    checks=("spoilt_pixels",),
)
class SpreadsByZeroWeights(DenseProducts):
    pass


class _ReadsOutsideTimesZero(Sampler):
    def corners(self, image: Array, x: Line, y: Line) -> Corners:
        p00, p01, p10, p11 = (
            self.read(image, x.pixels[j], y.pixels[i]) * (y.inside[i] & x.inside[j])[..., None]
            for i in (0, 1)
            for j in (0, 1)
        )
        return p00, p01, p10, p11


@fault(
    "all that lies outside reads the first pixel, times zero",
    "output",
    "grad_grid",
    checks=("spoilt_pixels",),
)
class FirstPixelTimesZero(_ReadsOutsideTimesZero):
    pass


@fault(
    "the same, fused",
    "output",
    functions=("transform",),
    checks=("fused_spoilt_pixels",),
)
class FirstPixelTimesZeroFused(_ReadsOutsideTimesZero):
    pass


@fault("grad_input depends on the pixels", "grad_input", checks=("spoilt_pixels",))
class GradientReadsPixels(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return super().input_gradient(image, cotangent, x, y) + 0 * image


class _ScattersOutsideTimesZero(Sampler):
    def scatter(self, sums: Array, ix: Indices, iy: Indices, inside: Mask, terms: Array) -> None:
        np.add.at(sums, (np.arange(len(sums))[:, None, None], iy, ix), terms * inside[..., None])


@fault(
    "all that lies outside writes to the first pixel, times zero",
    "grad_input",
    checks=("spoilt_cotangents",),
)
class ScattersTimesZero(_ScattersOutsideTimesZero):
    pass


@fault("the same, fused", "grad_input", functions=("transform",), checks=("fused_spoilt_cotangents",))
class ScattersTimesZeroFused(_ScattersOutsideTimesZero):
    pass
