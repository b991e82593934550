"""Faults beyond first gradients: their values are right, and so are the gradients that a first backward brings."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch_faults import torch_fault
from torch_sampler import TorchSampler

from stn_verify.verdicts.results import Status

TWICE = ("double_backward", "double_backward_differences")
FORWARD = ("forward_mode",)
MAPPED = ("vmap",)
COMPILED = ("compile",)
EVERY_SECOND = ("grad2_input", "grad2_grid", "grad2_cotangent")


@torch_fault(
    "a double backward of grad_input alone: that of grad_grid is dropped, and the grid's term with it",
    *EVERY_SECOND,
    source="Z87",
    checks=TWICE,
)
class Gradfix(TorchSampler):
    def gradients(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
        still = grid.detach()
        by_grid = self.grid_gradient(cotangent, image, grid).detach()
        return self.input_gradient(cotangent, still, image), by_grid


@torch_fault("grad_grid is taken not to depend on the image", "grad2_input", source="Z87", checks=TWICE)
class ImageDetached(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        return super().grid_gradient(cotangent, image.detach(), grid)


@torch_fault("grad_grid is taken not to depend on the grid", "grad2_grid", checks=TWICE)
class TwistDropped(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        return super().grid_gradient(cotangent, image, grid.detach())


@torch_fault("grad_input is taken not to depend on the grid", "grad2_grid", checks=TWICE)
class InputGradientDetached(TorchSampler):
    def input_gradient(self, cotangent: Tensor, grid: Tensor, image: Tensor) -> Tensor:
        return super().input_gradient(cotangent, grid.detach(), image)


@torch_fault("grad_grid is taken not to depend on the cotangent", "grad2_cotangent", checks=TWICE)
class CotangentDetached(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        return super().grid_gradient(cotangent.detach(), image, grid)


@torch_fault("the scale to pixels enters the twist twice", "grad2_grid", checks=TWICE)
class TwistDoubled(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        return super().grid_gradient(cotangent, image, 2 * grid - grid.detach())


@torch_fault("grad2_input in another channel", "grad2_input", checks=TWICE)
class ChannelsRolled(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        right = super().grid_gradient(cotangent, image.detach(), grid)
        rolled = super().grid_gradient(cotangent.detach(), image.roll(1, dims=1), grid.detach())
        return right + rolled - rolled.detach()


@torch_fault(
    "claims a double backward that is declared to be differentiable once",
    *EVERY_SECOND,
    source="Z36",
    checks=TWICE,
    status=Status.RAISED,
    claims=("double backward",),
)
class OnceOnly(TorchSampler):
    def gradients(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
        def alone(_: Any, received: Tensor) -> tuple[Tensor, Tensor]:
            return super(OnceOnly, self).gradients(received, image, grid)

        return once_differentiable(alone)(None, cotangent)


@torch_fault(
    "claims a double backward, and its gradients depend on nothing",
    *EVERY_SECOND,
    checks=TWICE,
    status=Status.RAISED,
    claims=("double backward",),
)
class WithoutGraph(TorchSampler):
    def gradients(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
        by_image, by_grid = super().gradients(cotangent, image, grid)
        return by_image.detach(), by_grid.detach()


@torch_fault("a tangent of zeros", "tangent", checks=FORWARD)
class ZeroTangent(TorchSampler):
    def tangent(
        self, image: Tensor, grid: Tensor, image_tangent: Tensor | None, grid_tangent: Tensor | None
    ) -> Tensor:
        return torch.zeros_like(self.value(image, grid))


@torch_fault("the grid's tangent is dropped", "tangent", checks=FORWARD)
class TangentOfImageAlone(TorchSampler):
    def tangent(
        self, image: Tensor, grid: Tensor, image_tangent: Tensor | None, grid_tangent: Tensor | None
    ) -> Tensor:
        return super().tangent(image, grid, image_tangent, None)


@torch_fault("the image's tangent is dropped where the grid has one", "tangent", checks=FORWARD)
class TangentOfEither(TorchSampler):
    def tangent(
        self, image: Tensor, grid: Tensor, image_tangent: Tensor | None, grid_tangent: Tensor | None
    ) -> Tensor:
        alone = image_tangent if grid_tangent is None else None
        return super().tangent(image, grid, alone, grid_tangent)


@torch_fault("the grid's tangent with x and y swapped", "tangent", checks=FORWARD)
class TangentSwapped(TorchSampler):
    def tangent(
        self, image: Tensor, grid: Tensor, image_tangent: Tensor | None, grid_tangent: Tensor | None
    ) -> Tensor:
        swapped = None if grid_tangent is None else grid_tangent.flip(-1)
        return super().tangent(image, grid, image_tangent, swapped)


@torch_fault(
    "vmap merges the batch into channels, all read at the first grid", "output", source="Z38", checks=MAPPED
)
class MergedIntoChannels(TorchSampler):
    def mapped(self, sample: Callable[[Tensor, Tensor], Tensor], image: Tensor, grid: Tensor) -> Tensor:
        batch, count, channels = image.shape[:3]
        merged = image.movedim(0, 1).flatten(1, 2)
        return sample(merged, grid[0]).reshape(count, batch, channels, *grid.shape[2:4]).movedim(1, 0)


@torch_fault("vmap returns the batch in the wrong order", "output", source="Z38", checks=MAPPED)
class MappedBackwards(TorchSampler):
    def mapped(self, sample: Callable[[Tensor, Tensor], Tensor], image: Tensor, grid: Tensor) -> Tensor:
        return super().mapped(sample, image, grid).flip(0)


@torch_fault("under vmap grad_grid takes the first channel for all", "grad_grid", source="Z38", checks=MAPPED)
class MappedGradientOfOneChannel(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        if torch._C._functorch.is_batchedtensor(cotangent):
            image = image[:, :1].expand_as(image)
        return super().grid_gradient(cotangent, image, grid)


@torch_fault(
    "a compiled path with a coarser weight", "output", checks=COMPILED, dtypes=("float32",), source="Z39"
)
class CompiledApart(TorchSampler):
    def value(self, image: Tensor, grid: Tensor) -> Tensor:
        right = super().value(image, grid)
        return right * (1 + 2**-10) if torch.compiler.is_compiling() else right
