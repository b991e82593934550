"""Faults that full shapes and fitting arguments do not show."""

from typing import Any

import numpy as np
from faults import fault
from sampler import Array, Indices, Line, Sampler

from stn_verify.verdicts.results import Status


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
