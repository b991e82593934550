"""The operators as functions that torch differentiates: backward and forward, as often as asked, and mapped.

"Places" are a grid or thetas. The first backward pass is an operator of its own; what lies beyond is composed of plain
operations.
"""

from typing import Any

import torch
from torch import Tensor

from stn_production import execution, ops
from stn_production.calls import Choices
from stn_production.mapping import folded, unfolded
from stn_production.plainness import plain
from stn_production.portable.coordinates import Size
from stn_production.portable.derivatives import backward_tangents, second_gradients, tangent


class Sampled(torch.autograd.Function):
    """(image, places, choices) -> output."""

    @staticmethod
    def forward(image: Tensor, places: Tensor, choices: Choices) -> Tensor:
        return choices.forward(image, places)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Choices], output: Tensor) -> None:
        image, places, ctx.choices = inputs
        ctx.save_for_backward(image, places)
        ctx.save_for_forward(image, places)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[0], ctx.needs_input_grad[1]
        if cotangents[0] is None or not any(needed):
            return None, None, None
        gradients = SampledBackward.apply(cotangents[0], *ctx.saved_tensors, ctx.choices, needed)
        return *_spread(gradients, needed), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        return tangent(ctx.choices.call(*ctx.saved_tensors), tangents[0], tangents[1])

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[Tensor, int]:
        *arrays, choices = inputs
        output = Sampled.apply(*folded(info.batch_size, in_dims, *arrays), choices)
        return unfolded(info.batch_size, output), 0


class AtOnce(torch.autograd.Function):
    """A function for where autograd alone watches. Without setup_context: for that, torch inspects a signature in every call."""

    @classmethod
    def applied(cls, *inputs: Any) -> Any:
        """`apply` without its search for function transforms: they have been looked for."""
        return super(torch.autograd.Function, cls).apply(*inputs)


class SampledAtOnce(AtOnce):
    """`Sampled`, with kernels for operators."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, places: Tensor, choices: Choices) -> Tensor:
        ctx.save_for_backward(image, places)
        ctx.set_materialize_grads(False)
        ctx.choices = choices
        return choices.forward_at_once(image, places)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[0], ctx.needs_input_grad[1]
        cotangent = cotangents[0]
        if cotangent is None:
            return None, None, None
        image, places = ctx.saved_tensors
        if not torch.is_grad_enabled() and plain(cotangent, image, places):
            return *ctx.choices.backward_at_once(cotangent, image, places, needed), None
        gradients = SampledBackward.apply(cotangent, image, places, ctx.choices, needed)
        return *_spread(gradients, needed), None


class SampledBackward(torch.autograd.Function):
    """(cotangent, image, places, choices, which of both are needed) -> the gradients that are, in order."""

    @staticmethod
    def forward(
        cotangent: Tensor, image: Tensor, places: Tensor, choices: Choices, needed: tuple[bool, bool]
    ) -> tuple[Tensor, ...]:
        gradients = choices.backward(cotangent, image, places, needed)
        return tuple(gradient for gradient in gradients if gradient is not None)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        *arrays, ctx.choices, ctx.needed = inputs
        ctx.save_for_backward(*arrays)
        ctx.save_for_forward(*arrays)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *directions: Tensor | None) -> tuple[Tensor | None, ...]:
        cotangent, image, places = ctx.saved_tensors
        if all(direction is None for direction in directions):
            return (None,) * 5
        call = ctx.choices.call(image, places)
        along = _spread(directions, ctx.needed)
        return *second_gradients(call, cotangent, along, ctx.needs_input_grad[:3]), None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, ...]:
        cotangent, image, places = ctx.saved_tensors
        along = tangents[0], tangents[1], tangents[2]
        moved = backward_tangents(ctx.choices.call(image, places), cotangent, along)
        return tuple(values for values, need in zip(moved, ctx.needed, strict=True) if need)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        *arrays, choices, needed = inputs
        gradients = SampledBackward.apply(*folded(info.batch_size, in_dims, *arrays), choices, needed)
        return tuple(unfolded(info.batch_size, each) for each in gradients), (0,) * len(gradients)


class Generated(torch.autograd.Function):
    """(theta, size, align_corners) -> grid: linear, it is its own tangent."""

    @staticmethod
    def forward(theta: Tensor, size: Size, align_corners: bool) -> Tensor:
        return ops.grid(theta, size, align_corners)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Size, bool], output: Tensor) -> None:
        _, ctx.size, ctx.align_corners = inputs

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor, None, None]:
        return Gathered.apply(cotangents[0], ctx.align_corners), None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:
        return Generated.apply(tangents[0], ctx.size, ctx.align_corners)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], theta: Tensor, size: Size, align_corners: bool
    ) -> tuple[Tensor, int]:
        grid = Generated.apply(*folded(info.batch_size, in_dims, theta), size, align_corners)
        return unfolded(info.batch_size, grid), 0


class Gathered(torch.autograd.Function):
    """(cotangent of a grid, align_corners) -> gradient of theta: the adjoint, linear again."""

    @staticmethod
    def forward(cotangent: Tensor, align_corners: bool) -> Tensor:
        return ops.grid_backward(cotangent, align_corners)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, bool], output: Tensor) -> None:
        cotangent, ctx.align_corners = inputs
        ctx.size = cotangent.shape[1], cotangent.shape[2]

    @staticmethod
    def backward(ctx: Any, *directions: Tensor) -> tuple[Tensor, None]:
        return Generated.apply(directions[0], ctx.size, ctx.align_corners), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:
        return Gathered.apply(tangents[0], ctx.align_corners)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], cotangent: Tensor, align_corners: bool
    ) -> tuple[Tensor, int]:
        gradient = Gathered.apply(*folded(info.batch_size, in_dims, cotangent), align_corners)
        return unfolded(info.batch_size, gradient), 0


class GeneratedAtOnce(AtOnce):
    """`Generated`, with kernels for operators."""

    @staticmethod
    def forward(ctx: Any, theta: Tensor, size: Size, align_corners: bool) -> Tensor:
        ctx.align_corners = align_corners
        return execution.grid(theta, size, align_corners)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor, None, None]:
        (cotangent,) = cotangents
        if not torch.is_grad_enabled() and plain(cotangent):
            return execution.grid_backward(cotangent, ctx.align_corners), None, None
        return Gathered.apply(cotangent, ctx.align_corners), None, None


def _spread(
    values: tuple[Tensor | None, ...], needed: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    """What is needed, in order, with None for what is not."""
    remaining = iter(values)
    return next(remaining) if needed[0] else None, next(remaining) if needed[1] else None
