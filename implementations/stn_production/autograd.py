"""The operators as functions that torch differentiates: backward and forward, as often as asked, mapped and compiled."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from stn_production import ops
from stn_production.portable.coordinates import Generator, OfGrid, OfTheta, Points
from stn_production.portable.derivatives import Call, backward_tangents, second_gradients, tangent
from stn_production.portable.kernels import image_size

Size = tuple[int, int]


class Choices(NamedTuple):
    """What is asked of a sampler: an output's size where places are thetas, None where they are a grid."""

    size: Size | None
    align_corners: bool
    padding: str

    def call(self, image: Tensor, places: Tensor) -> Call:
        """The same call, for the portable derivatives."""
        generator: Generator = (
            OfGrid(image_size(image), self.align_corners)
            if self.size is None
            else OfTheta(self.size, image_size(image), self.align_corners)
        )
        return Call(image, places, generator, self.padding)


class Traced(torch.autograd.Function):
    """(image, grid or theta, size or None, align_corners, padding) -> output, for compilers: torch 2.13's traces no `jvp`."""

    @staticmethod
    def forward(
        image: Tensor, places: Tensor, size: Size | None, align_corners: bool, padding: str
    ) -> Tensor:
        if size is None:
            return ops.sample(image, places, align_corners, padding)
        return ops.transform(image, places, size, align_corners, padding)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        image, places, *choices = inputs
        ctx.save_for_backward(image, places)
        ctx.save_for_forward(image, places)
        ctx.choices = Choices(*choices)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        needed = tuple(ctx.needs_input_grad[:2])
        backward = TracedBackward if torch.compiler.is_compiling() else SampledBackward
        gradients = backward.apply(cotangents[0], *ctx.saved_tensors, *ctx.choices, *needed)
        kept = (gradient if need else None for gradient, need in zip(gradients, needed, strict=True))
        return (*kept, None, None, None)


class Sampled(Traced):
    """The same, differentiated forward and mapped as well."""

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        return tangent(ctx.choices.call(*ctx.saved_tensors), tangents[0], tangents[1])

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[Tensor, int]:
        image, places, *choices = inputs
        folded = (_folded(info, values, dim) for values, dim in zip((image, places), in_dims, strict=False))
        output = Sampled.apply(*folded, *choices)
        return _unfolded(info, output), 0


class TracedBackward(torch.autograd.Function):
    """(cotangent, image, grid or theta, size or None, align_corners, padding, need_image, need_places) -> both gradients.

    What is not needed is an empty tensor. For compilers.
    """

    @staticmethod
    def forward(
        cotangent: Tensor,
        image: Tensor,
        places: Tensor,
        size: Size | None,
        align_corners: bool,
        padding: str,
        need_image: bool,
        need_places: bool,
    ) -> tuple[Tensor, Tensor]:
        of = ops.sample_backward if size is None else ops.transform_backward
        return of(cotangent, image, places, align_corners, padding, need_image, need_places)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        cotangent, image, places, *choices, need_image, need_places = inputs
        ctx.save_for_backward(cotangent, image, places)
        ctx.save_for_forward(cotangent, image, places)
        ctx.choices, ctx.needed = Choices(*choices), (need_image, need_places)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *directions: Tensor | None) -> tuple[Tensor | None, ...]:
        cotangent, image, places = ctx.saved_tensors
        a, b = (d if need else None for d, need in zip(directions, ctx.needed, strict=True))
        if a is None and b is None:
            return (None,) * 8
        call = ctx.choices.call(image, places)
        return (*second_gradients(call, cotangent, (a, b), ctx.needs_input_grad[:3]), *((None,) * 5))


class SampledBackward(TracedBackward):
    """The same, differentiated forward and mapped as well."""

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, Tensor]:
        cotangent, image, places = ctx.saved_tensors
        along = tangents[0], tangents[1], tangents[2]
        moved = backward_tangents(ctx.choices.call(image, places), cotangent, along)
        by_image, by_places = (
            values if need else values.new_zeros(0) for values, need in zip(moved, ctx.needed, strict=True)
        )
        return by_image, by_places

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[tuple[Tensor, Tensor], tuple[int | None, int | None]]:
        *arrays, size, align_corners, padding, need_image, need_places = inputs
        folded = (_folded(info, values, dim) for values, dim in zip(arrays, in_dims, strict=False))
        needed = need_image, need_places
        gradients = SampledBackward.apply(*folded, size, align_corners, padding, *needed)
        by_image, by_places = (
            _unfolded(info, gradient) if need else gradient
            for gradient, need in zip(gradients, needed, strict=True)
        )
        return (by_image, by_places), (0 if need_image else None, 0 if need_places else None)


class TracedGrid(torch.autograd.Function):
    """(theta, size, align_corners) -> a normalised grid in theta's dtype. For compilers."""

    @staticmethod
    def forward(theta: Tensor, size: Size, align_corners: bool) -> Tensor:
        return _grid(theta, size, align_corners)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        theta, ctx.size, ctx.align_corners = inputs
        ctx.dtype = theta.dtype

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor, None, None]:
        # In plain operations, whose order of additions is always the same: torch.sum's depends on the threads.
        received = cotangents[0].to(_computing(ctx.dtype))
        generator = _normalised(ctx.size, ctx.align_corners)
        return generator.gradient(Points(*received.unbind(-1))).to(ctx.dtype), None, None


class Generated(TracedGrid):
    """The same, differentiated forward and mapped as well: linear in theta, it is its own tangent."""

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:
        return _grid(tangents[0], ctx.size, ctx.align_corners)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], theta: Tensor, size: Size, align_corners: bool
    ) -> tuple[Tensor, int]:
        grid = Generated.apply(_folded(info, theta, in_dims[0]), size, align_corners)
        return _unfolded(info, grid), 0


def sampled(image: Tensor, places: Tensor, size: Size | None, align_corners: bool, padding: str) -> Tensor:
    """The output, by whichever of the two the caller can use."""
    function = Traced if torch.compiler.is_compiling() else Sampled
    return function.apply(image, places, size, align_corners, padding)


def generated(theta: Tensor, size: Size, align_corners: bool) -> Tensor:
    """The grid likewise."""
    function = TracedGrid if torch.compiler.is_compiling() else Generated
    return function.apply(theta, size, align_corners)


def _grid(theta: Tensor, size: Size, align_corners: bool) -> Tensor:
    points = _normalised(size, align_corners).direction(theta.to(_computing(theta.dtype)))
    return torch.stack([points.x, points.y], -1).to(theta.dtype)


def _normalised(size: Size, align_corners: bool) -> OfTheta:
    """Of an image whose pixels are normalised units: of two pixels, or with align_corners of three."""
    return OfTheta(size, (3, 3) if align_corners else (2, 2), align_corners)


def _computing(dtype: torch.dtype) -> torch.dtype:
    return torch.float64 if dtype == torch.float64 else torch.float32


def _folded(info: Any, values: Tensor, dim: int | None) -> Tensor:
    """The mapped axis as part of the batch."""
    mapped = values.expand(info.batch_size, *values.shape) if dim is None else values.movedim(dim, 0)
    return mapped.flatten(0, 1)


def _unfolded(info: Any, values: Tensor) -> Tensor:
    """The mapped axis apart again; its length is given, for of an empty batch none could be told."""
    return values.reshape(info.batch_size, values.shape[0] // max(info.batch_size, 1), *values.shape[1:])
