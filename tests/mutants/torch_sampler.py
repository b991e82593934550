"""A right bilinear sampler in torch, with everything that an autograd.Function can give. Each method is a place for a fault.

Zeros outside, align_corners=False.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Corner:
    """One neighbour of every point, [N, Ho, Wo] each: flat pixel, whether it exists, weights and their derivatives."""

    pixel: Tensor
    inside: Tensor
    x: Tensor
    y: Tensor
    dx: float
    dy: float


class TorchSampler:
    """image [N,C,H,W], grid [N,Ho,Wo,2]; every method is made of operations that torch can differentiate again."""

    def corners(self, grid: Tensor, size: tuple[int, int]) -> Iterator[Corner]:
        """The four neighbours."""
        height, width = size
        x, y = (grid[..., 0] + 1) * (width / 2) - 0.5, (grid[..., 1] + 1) * (height / 2) - 0.5
        left, top = x.detach().floor(), y.detach().floor()
        for down in (0, 1):
            for across in (0, 1):
                column, row = left + across, top + down
                inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
                pixel = torch.where(inside, row * width + column, 0).long()
                weight_x = x - left if across else left + 1 - x
                weight_y = y - top if down else top + 1 - y
                yield Corner(pixel, inside, weight_x, weight_y, 2.0 * across - 1, 2.0 * down - 1)

    def read(self, image: Tensor, corner: Corner) -> Tensor:
        """[N,C,Ho,Wo]"""
        index = corner.pixel.flatten(1)[:, None].expand(-1, image.shape[1], -1)
        values = image.flatten(2).gather(2, index).unflatten(2, corner.pixel.shape[1:])
        # Not a product with inside: a NaN pixel would be read by all that lies outside.
        return torch.where(corner.inside[:, None], values, 0)

    def value(self, image: Tensor, grid: Tensor) -> Tensor:
        """The output."""
        found = [self.read(image, c) * (c.x * c.y)[:, None] for c in self.corners(grid, image.shape[2:])]
        return torch.stack(found).sum(0)

    def input_gradient(self, cotangent: Tensor, grid: Tensor, image: Tensor) -> Tensor:
        """Of the shape of the image, whose values do not matter."""
        total = torch.zeros_like(image.detach()).flatten(2)
        for corner in self.corners(grid, image.shape[2:]):
            part = torch.where(corner.inside[:, None], cotangent * (corner.x * corner.y)[:, None], 0)
            index = corner.pixel.flatten(1)[:, None].expand(-1, image.shape[1], -1)
            total = total.scatter_add(2, index, part.flatten(2))
        return total.unflatten(2, image.shape[2:])

    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        """Per normalised unit."""
        height, width = image.shape[2:]
        parts = []
        for c in self.corners(grid, (height, width)):
            received = (self.read(image, c) * cotangent).sum(1)
            parts.append(torch.stack([received * c.dx * c.y, received * c.x * c.dy], dim=-1))
        return torch.stack(parts).sum(0) * grid.new_tensor([width / 2, height / 2])

    def gradients(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
        """Of image and grid; what they depend on is differentiated again."""
        return self.input_gradient(cotangent, grid, image), self.grid_gradient(cotangent, image, grid)

    def tangent(
        self, image: Tensor, grid: Tensor, image_tangent: Tensor | None, grid_tangent: Tensor | None
    ) -> Tensor:
        """Of the output."""
        total = torch.zeros_like(image[:, :, :1, :1]) * grid[:, None, :, :, 0]
        if image_tangent is not None:
            total = total + self.value(image_tangent, grid)
        if grid_tangent is not None:
            height, width = image.shape[2:]
            x, y = grid_tangent[..., 0] * (width / 2), grid_tangent[..., 1] * (height / 2)
            for c in self.corners(grid, (height, width)):
                total = total + self.read(image, c) * (x * c.dx * c.y + y * c.x * c.dy)[:, None]
        return total

    def mapped(self, sample: Callable[[Tensor, Tensor], Tensor], image: Tensor, grid: Tensor) -> Tensor:
        """Of image [B,N,C,H,W] and grid [B,N,Ho,Wo,2]: the batches merged."""
        merged = sample(image.flatten(0, 1), grid.flatten(0, 1))
        return merged.unflatten(0, image.shape[:2])


def differentiable(sampler: TorchSampler) -> Callable[[Tensor, Tensor], Tensor]:
    """The sampler as an autograd.Function with setup_context, backward, jvp and vmap."""

    class Sample(torch.autograd.Function):
        @staticmethod
        def forward(image: Tensor, grid: Tensor) -> Tensor:
            return sampler.value(image, grid)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor, Tensor]:
            return sampler.gradients(cotangents[0], *ctx.saved_tensors)

        @staticmethod
        def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
            image, grid = ctx.saved_tensors
            return sampler.tangent(image, grid, *tangents)

        @staticmethod
        def vmap(
            info: Any, in_dims: tuple[int | None, ...], image: Tensor, grid: Tensor
        ) -> tuple[Tensor, int]:
            given = [
                array.unsqueeze(0).expand(info.batch_size, *array.shape)
                if at is None
                else array.movedim(at, 0)
                for array, at in zip((image, grid), in_dims, strict=True)
            ]
            return sampler.mapped(sample, given[0], given[1]), 0

    def sample(image: Tensor, grid: Tensor) -> Tensor:
        if image.ndim != 4 or grid.ndim != 4 or len(image) != len(grid) or grid.shape[-1] != 2:
            raise ValueError(f"a grid of {list(grid.shape)} for an image of {list(image.shape)}")
        return Sample.apply(image, grid)

    return sample
