"""Faults that finite numbers, full shapes and fitting arguments do not show."""

from typing import Any

import numpy as np
from faults import fault
from sampler import Array, Corners, Indices, Line, Mask, Sampler
from unusual import DenseProducts

from stn_verify.verdicts.results import Status


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


class _EmptyBatchRaises(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        if not len(image):
            raise RuntimeError("internal assert failed: batch > 0")
        return super().forward(image, grid, padding, aligned)

    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        if not len(theta):
            raise RuntimeError("internal assert failed: batch > 0")
        return super().grid(theta, size, aligned)


@fault("an empty batch raises", "output", source="Z24", checks=("no_images",), status=Status.RAISED)
class EmptyBatchRaises(_EmptyBatchRaises):
    pass


@fault(
    "an empty batch raises, fused",
    "output",
    functions=("transform",),
    checks=("no_fused_images",),
    status=Status.RAISED,
)
class EmptyBatchRaisesFused(_EmptyBatchRaises):
    pass


@fault("no thetas raise", "grid", functions=("generate",), checks=("no_thetas",), status=Status.RAISED)
class NoThetasRaise(_EmptyBatchRaises):
    pass


class _OneChannelAtLeast(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        return output if output.shape[1] else np.zeros((len(output), 1, *output.shape[2:]), image.dtype)


@fault("an image without channels gives one", "output", checks=("no_channels",))
class OneChannelAtLeast(_OneChannelAtLeast):
    pass


@fault(
    "an image without channels gives one, fused",
    "output",
    functions=("transform",),
    checks=("no_fused_channels",),
)
class OneChannelAtLeastFused(_OneChannelAtLeast):
    pass


@fault("grad_input of an empty output is left as it lay in memory", "grad_input", checks=("no_outputs",))
class EmptyOutputLeavesMemory(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        gradient = super().input_gradient(image, cotangent, x, y)
        return gradient if cotangent.size else np.full_like(gradient, 7.0)


@fault("one output is taken for none", "output", checks=("single_elements",))
class OneIsNone(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        return output if output[0, 0].size > 1 else np.zeros_like(output)


@fault(
    "a grid of more images than the image reads the first", "output", source="Z29", checks=("wrong_calls",)
)
class MissingImagesAreTheFirst(Sampler):
    def check(self, image: Array, grid: Array) -> None:
        super().check(np.broadcast_to(image[:1], (len(grid), *image.shape[1:])), grid)

    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        batch = np.arange(len(ix))
        return np.asarray(image[np.where(batch < len(image), batch, 0)[:, None, None], :, iy, ix])


@fault("a grid of three coordinates is read", "output", checks=("wrong_calls",))
class ThirdCoordinateIgnored(Sampler):
    def check(self, image: Array, grid: Array) -> None:
        super().check(image, grid[..., :2])


class _ThirdRowIgnored(Sampler):
    def check_theta(self, theta: Array) -> None:
        super().check_theta(theta[:, :2])

    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().grid(theta[:, :2], size, aligned)


@fault("a theta of three rows is read", "output", functions=("transform",), checks=("fused_wrong_calls",))
class ThirdRowIgnored(_ThirdRowIgnored):
    pass


@fault("a theta of three rows makes a grid", "grid", functions=("generate",), checks=("wrong_thetas",))
class ThirdRowIgnoredByGrid(_ThirdRowIgnored):
    pass


@fault("a wrong call is answered by a number", "output", source="Z30", checks=("wrong_calls",))
class AnswersNoArray(Sampler):
    def sample(self, image: Array, grid: Array, *, padding: str, align_corners: bool) -> Any:
        if image.ndim != 4:
            return float("nan")
        return super().sample(image, grid, padding=padding, align_corners=align_corners)


@fault("coordinates are scaled in the caller's grid", "output", checks=("promises",))
class ScalesTheGrid(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        grid *= image.shape[-1] / 2
        return output


@fault("pads in the caller's image", "output", checks=("promises",))
class WritesTheImage(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        image[..., 0] = 0
        return output


@fault("the caller's cotangent is scaled", "grad_input", "grad_grid", checks=("promises",))
class ScalesTheCotangent(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        gradients = super().backward(image, grid, cotangent, padding, aligned)
        if cotangent.flags.writeable:
            cotangent *= 2
        return gradients


@fault("the caller's theta is scaled", "output", functions=("transform",), checks=("fused_promises",))
class ScalesTheta(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        grid = super().grid(theta, size, aligned)
        theta *= 2
        return grid


@fault("float32 images give float64 outputs", "output", dtypes=("float32",), checks=("promises",))
class Promoted(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return super().forward(image, grid, padding, aligned).astype(np.float64)


@fault(
    "grids are float64 whatever theta is",
    "grid",
    functions=("generate",),
    dtypes=("float32",),
    checks=("grid_promises",),
)
class PromotedGrid(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().grid(theta, size, aligned).astype(np.float64)


@fault("grad_input of float64 is stored in float32", "grad_input", checks=("promises",))
class NarrowGradient(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return super().input_gradient(image, cotangent, x, y).astype(np.float32)


class _GradientsAddUp(Sampler):
    def __init__(self) -> None:
        self.sums: dict[tuple[int, ...], Array] = {}

    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        before = self.sums.get(image.shape, np.zeros((), image.dtype))
        self.sums[image.shape] = super().input_gradient(image, cotangent, x, y) + before
        return self.sums[image.shape].copy()


@fault("grad_input is added to what the last call of its shape left", "grad_input", checks=("no_memory",))
class GradientsAddUp(_GradientsAddUp):
    pass


@fault("the same, fused", "grad_input", functions=("transform",), checks=("no_fused_memory",))
class GradientsAddUpFused(_GradientsAddUp):
    pass


class _AtMost1024(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        gradient = super().input_gradient(image, cotangent, x, y)
        gradient[1024:] = 0
        return gradient


@fault("grad_input of at most 1,024 images", "grad_input", source="Z31", checks=("batch_of_1025",))
class AtMost1024Images(_AtMost1024):
    pass


@fault("the same, fused", "grad_input", functions=("transform",), checks=("fused_batch_of_1025",))
class AtMost1024ImagesFused(_AtMost1024):
    pass
