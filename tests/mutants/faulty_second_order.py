"""Faults beyond first gradients: their values are right, and so are the gradients that a first backward brings."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch_faults import torch_fault
from torch_sampler import Corner, TorchSampler

from stn_verify.verdicts.results import Status

TWICE = ("double_backward", "double_backward_differences")
SPOILT = ("double_backward_spoilt_pixels",)
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


class _Twisted(torch.autograd.Function):
    """grad_grid, whose derivative by the grid is a twist that was worked out apart, [N,Ho,Wo] per normalised units."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, grid: Tensor, twist: Tensor) -> Tensor:
        ctx.save_for_backward(twist)
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, received: Tensor) -> tuple[Tensor, Tensor, None]:
        (twist,) = ctx.saved_tensors
        return received, received.flip(-1) * twist[..., None], None


@torch_fault(
    "the twist is a product of the whole image with slopes, most of which are zero: right until a pixel is NaN",
    "grad2_grid",
    checks=SPOILT,
)
class TwistOfTheWholeImage(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        still = super().grid_gradient(cotangent, image, grid.detach())
        columns, rows = (self.slopes(grid[..., axis], image.shape[3 - axis]) for axis in (0, 1))
        twist = torch.einsum("ncij,nchw,nhwi,nhwj->nhw", image, cotangent, rows, columns)
        return _Twisted.apply(still, grid, twist.detach())

    def slopes(self, coordinate: Tensor, size: int) -> Tensor:
        """[N,Ho,Wo,S]: of the weights of all pixels along an axis, per normalised unit."""
        left = ((coordinate + 1) * (size / 2) - 0.5).floor()[..., None]
        pixel = torch.arange(size, dtype=coordinate.dtype)
        return ((pixel == left + 1).to(coordinate.dtype) - (pixel == left).to(coordinate.dtype)) * (size / 2)


class _Reading(torch.autograd.Function):
    """An array as it is, whose gradient adds a mean of the image, times zero."""

    @staticmethod
    def forward(ctx: Any, array: Tensor, image: Tensor) -> Tensor:
        ctx.save_for_backward(image)
        return array.clone()

    @staticmethod
    def backward(ctx: Any, received: Tensor) -> tuple[Tensor, None]:
        (image,) = ctx.saved_tensors
        return received + 0 * image.mean(dim=(1, 2, 3), keepdim=True), None


@torch_fault("grad2_input reads the image, times zero", "grad2_input", checks=SPOILT)
class ImageTimesZero(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        read = _Reading.apply(image, image.detach())
        return super().grid_gradient(cotangent, read, grid)


@torch_fault("grad2_cotangent reads the image, times zero", "grad2_cotangent", checks=SPOILT)
class CotangentReadsTheImage(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        received = _Reading.apply(cotangent, image.detach())
        return super().grid_gradient(received, image, grid)


class _InsteadOf(torch.autograd.Function):
    """Another value with the gradients of an array."""

    @staticmethod
    def forward(ctx: Any, array: Tensor, value: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, received: Tensor) -> tuple[Tensor, None]:
        return received, None


class _ReadOutsideTimesZero(TorchSampler):
    def read(self, image: Tensor, corner: Corner) -> Tensor:
        index = corner.pixel.flatten(1)[:, None].expand(-1, image.shape[1], -1)
        return image.flatten(2).gather(2, index).unflatten(2, corner.pixel.shape[1:]) * corner.inside[:, None]


@torch_fault(
    "all that lies outside reads the first pixel, times zero, and only where it is differentiated twice",
    "grad2_grid",
    "grad2_cotangent",
    checks=SPOILT,
)
class FirstPixelTimesZeroTwice(TorchSampler):
    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        right = super().grid_gradient(cotangent, image, grid)
        twice = _ReadOutsideTimesZero().grid_gradient(cotangent, image, grid)
        return _InsteadOf.apply(twice, right.detach())


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
