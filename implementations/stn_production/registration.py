"""The operators' own derivatives: for compiled and exported graphs, and for calls of `torch.ops.stn_production` itself.

Backward and double backward; torch has no place to register forward mode.
"""

from typing import Any

import torch
from torch import Tensor

from stn_production import ops
from stn_production.calls import Choices
from stn_production.portable.derivatives import second_gradients


def _sampling_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    image, places, *size, align_corners, padding = inputs
    ctx.save_for_backward(image, places)
    ctx.choices = Choices(tuple(size[0]) if size else None, align_corners, padding)


def _sampling_backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor | None, ...]:
    needed = ctx.needs_input_grad[0], ctx.needs_input_grad[1]
    gradients = ctx.choices.backward(cotangent, *ctx.saved_tensors, needed)
    return *gradients, *(None for _ in ctx.needs_input_grad[2:])


def _backward_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    cotangent, image, places, align_corners, padding, *ctx.needed = inputs
    ctx.save_for_backward(cotangent, image, places)
    of_theta = places.dim() == 3
    size = (cotangent.shape[2], cotangent.shape[3]) if of_theta else None
    ctx.choices = Choices(size, align_corners, padding)


def _double_backward(ctx: Any, *directions: Tensor) -> tuple[Tensor | None, ...]:
    cotangent, image, places = ctx.saved_tensors
    along = directions[0] if ctx.needed[0] else None, directions[1] if ctx.needed[1] else None
    needed = ctx.needs_input_grad[0], ctx.needs_input_grad[1], ctx.needs_input_grad[2]
    seconds = second_gradients(ctx.choices.call(image, places), cotangent, along, needed)
    return *seconds, *(None for _ in ctx.needs_input_grad[3:])


def _grid_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.align_corners = inputs[2]


def _grid_backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor, None, None]:
    return ops.grid_backward(cotangent, ctx.align_corners), None, None


def _adjoint_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    cotangent, ctx.align_corners = inputs
    ctx.size = cotangent.shape[1], cotangent.shape[2]


def _adjoint_backward(ctx: Any, direction: Tensor) -> tuple[Tensor, None]:
    return ops.grid(direction, ctx.size, ctx.align_corners), None


for _name, _backward, _context in (
    ("transform", _sampling_backward, _sampling_context),
    ("sample", _sampling_backward, _sampling_context),
    ("transform_backward", _double_backward, _backward_context),
    ("sample_backward", _double_backward, _backward_context),
    ("grid", _grid_backward, _grid_context),
    ("grid_backward", _adjoint_backward, _adjoint_context),
):
    torch.library.register_autograd(f"stn_production::{_name}", _backward, setup_context=_context)
