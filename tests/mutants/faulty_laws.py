"""Faults that break a law which every sampler keeps: each is killed by a check of the suite `invariants`."""

import numpy as np
from faults import fault
from sampler import Array, Corners, Indices, Line, Mask, Sampler


@fault("the weights add up to 1 - 2^-10", "output", checks=("constant",))
class WeightsBelowOne(Sampler):
    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        low, high = super().weights(x, left, size)
        return low * (1 - 2.0**-10), high


@fault("a sharpening filter overshoots what it is given", "output", padding="border", checks=("hull",))
class Overshoot(Sampler):
    def values(self, corners: Corners, x: Line, y: Line) -> Array:
        values = super().values(corners, x, y)
        return values + (values - np.mean(corners, axis=0)) / 4


@fault("2^-60 of each channel leaks into the next: only NaN shows it", "output", checks=("independence",))
class ChannelLeak(Sampler):
    def values(self, corners: Corners, x: Line, y: Line) -> Array:
        values = super().values(corners, x, y)
        return values + 2.0**-60 * np.roll(values, 1, axis=-1)


@fault(
    "the mean of the batch is taken off and put back: right, until one image is not finite",
    "output",
    padding="border",
    checks=("independence",),
)
class BatchMean(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        mean = np.repeat(image.mean(axis=0, keepdims=True), len(image), axis=0)
        difference = super().forward(image - mean, grid, padding, aligned)
        return difference + super().forward(mean, grid, padding, aligned)


@fault(
    "the cotangent's channels are averaged with 2^-60 of each other",
    "grad_input",
    "grad_grid",
    padding=("zeros", "border", "reflection"),
    checks=("independence",),
)
class CotangentLeak(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        leaking = cotangent + 2.0**-60 * cotangent.sum(axis=(0, 1), keepdims=True)
        return super().backward(image, grid, leaking, padding, aligned)


@fault("the output is clipped to [0, 1], as a picture's is", "output", checks=("linear",))
class Clipped(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return np.clip(super().forward(image, grid, padding, aligned), 0, 1)


@fault("the output saturates at 65504, the largest float16", "output", checks=("linear",))
class SaturatesAsHalf(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return np.clip(super().forward(image, grid, padding, aligned), -65504, 65504)


@fault(
    "interpolates in linear light: a gamma of 2.2 before and after",
    "output",
    functions=("transform",),
    checks=("linear_fused",),
)
class Gamma(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        light = np.sign(image) * np.abs(image) ** 2.2
        values = super().forward(light, grid, padding, aligned)
        return np.asarray(np.sign(values) * np.abs(values) ** (1 / 2.2))


@fault(
    "of neighbouring outputs that add to one pixel at the same time one is lost",
    "grad_input",
    padding="border",
    checks=("mass",),
)
class LostUpdates(Sampler):
    def scatter(self, sums: Array, ix: Indices, iy: Indices, inside: Mask, terms: Array) -> None:
        same = np.zeros_like(inside)
        same[..., 1:] = (ix[..., 1:] == ix[..., :-1]) & (iy[..., 1:] == iy[..., :-1])
        super().scatter(sums, ix, iy, inside & ~same, terms)


@fault(
    "the backward pass reads points outside as zeros where the border was asked for",
    "grad_input",
    functions=("transform",),
    padding="border",
    checks=("adjoint_fused", "mass_fused"),
)
class ZerosBackward(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        _, grad_grid = super().backward(image, grid, cotangent, padding, aligned)
        grad_input, _ = super().backward(image, grid, cotangent, "zeros", aligned)
        return grad_input, grad_grid


@fault(
    "2^-20 of the pixel itself gets into its slope, and a brighter image learns otherwise",
    "grad_grid",
    checks=("added_constant",),
)
class BrightnessInSlope(Sampler):
    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        along_x, along_y = super().slopes(corners, x, y)
        return along_x + 2.0**-20 * corners[0], along_y


@fault(
    "the pixel right of the point is weighed by 1 + 2^-20 in the gradient of theta",
    "grad_theta",
    functions=("transform",),
    padding="reflection",
    checks=("added_constant_fused",),
)
class UnevenSlope(Sampler):
    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        p00, p01, p10, p11 = corners
        brighter = 1 + 2.0**-20
        return super().slopes((p00, p01 * brighter, p10, p11 * brighter), x, y)


@fault(
    "results are kept by shapes and sums, and found again for images in another order",
    "output",
    checks=("permutation",),
)
class OrderlessCache(Sampler):
    def __init__(self) -> None:
        self.kept: dict[tuple[object, ...], Array] = {}

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        sums = (float(np.sort(array, axis=None).sum()) for array in (image, grid))
        key = (image.shape, grid.shape, padding, aligned, *sums)
        if key not in self.kept:
            self.kept[key] = super().forward(image, grid, padding, aligned)
        return self.kept[key]


@fault(
    "the identity is a copy of every n-th pixel, also where it resizes",
    "output",
    functions=("transform",),
    checks=("pixels_fused",),
)
class IdentityCopied(Sampler):
    def transform(
        self, image: Array, theta: Array, size: tuple[int, int], *, padding: str, align_corners: bool
    ) -> Array:
        if (theta == np.eye(2, 3)).all():
            rows, columns = (
                np.arange(wanted) * held // wanted for wanted, held in zip(size, image.shape[2:], strict=True)
            )
            return image[:, :, rows[:, None], columns]
        return super().transform(image, theta, size, padding=padding, align_corners=align_corners)


@fault(
    "a flip of an even width is off by a pixel",
    "output",
    functions=("transform",),
    padding=("zeros", "border"),
    checks=("pixels_fused",),
)
class EvenFlip(Sampler):
    def transform(
        self, image: Array, theta: Array, size: tuple[int, int], *, padding: str, align_corners: bool
    ) -> Array:
        width = image.shape[3]
        if width % 2 == 0:
            flipped = theta[:, 0, 0] == -1
            theta = theta.copy()
            theta[flipped, 0, 2] += 2 / width
        return super().transform(image, theta, size, padding=padding, align_corners=align_corners)


@fault(
    "a grid of whole pixels is read as one of the pixels after them",
    "output",
    padding="border",
    checks=("pixels",),
)
class WholePixelsRoundedUp(Sampler):
    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        low, high = super().weights(x, left, size)
        return np.where(high == 0, high, low), np.where(high == 0, low, high)


@fault(
    "the translation is scaled by the output's size: right where that is the image's",
    "output",
    functions=("transform",),
    padding="border",
    checks=("composition",),
)
class OutputTranslation(Sampler):
    def transform(
        self, image: Array, theta: Array, size: tuple[int, int], *, padding: str, align_corners: bool
    ) -> Array:
        theta = theta.copy()
        theta[:, :, 2] *= np.array([size[1] / image.shape[3], size[0] / image.shape[2]])
        return super().transform(image, theta, size, padding=padding, align_corners=align_corners)
