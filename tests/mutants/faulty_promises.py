"""Faults beside the numbers: inputs that are written to, dtypes of results, what a call leaves behind."""

import numpy as np
from faults import fault
from sampler import Array, Line, Sampler


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
