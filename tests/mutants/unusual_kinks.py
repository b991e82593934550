"""Right implementations that take another slope where there is no single one."""

import numpy as np
from sampler import Array, Corners, Line, Sampler
from unusual import unusual


class LeftCells(Sampler):
    """An integer belongs to the cell left of it."""

    def floor(self, x: Array) -> Array:
        return np.ceil(x) - 1


@unusual("at integers the slope of the left cell", subgradient="left", padding=("zeros", "border"))
class LeftRule(LeftCells):
    pass


@unusual("the same without a declaration, fused", functions=("transform",), align_corners=True)
class LeftRuleFused(LeftCells):
    pass


@unusual(
    "at integers the mean of both slopes",
    subgradient="mean",
    padding=("zeros", "reflection"),
    dtypes=("float64",),
)
class MeanRule(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        right, left = (
            held(image, grid, cotangent, padding, aligned)
            for held in (super().backward, LeftCells().backward)
        )
        return right[0], (right[1] + left[1]) / 2


@unusual(
    "at integers zero, and declared: floor and ceil coincide",
    functions=("sample", "transform"),
    warned=True,
    subgradient="zero",
    padding=("zeros", "border"),
    align_corners=True,
    dtypes=("float64",),
)
class ZeroRule(Sampler):
    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        along_x, along_y = super().slopes(corners, x, y)
        return along_x * (x.weights[1] != 0)[..., None], along_y * (y.weights[1] != 0)[..., None]
