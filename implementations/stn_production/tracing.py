"""Which form of a call the moment asks for: at once, eager, compiled, or compiled inside a function transform.

Dynamo traces no autograd.Function that has a forward mode, and a transform (torch.func) sees no more of an operator than its own
derivatives, which it takes for zero or refuses. So compilers get operators, and in a transform that is compiled with them, plain
operations.
"""

import torch
from torch import Tensor

from stn_production import execution, ops, registration
from stn_production.autograd import Generated, GeneratedAtOnce, Sampled, SampledAtOnce
from stn_production.calls import Choices
from stn_production.plainness import plain
from stn_production.portable import grid_generator
from stn_production.portable.coordinates import Size

__all__ = ["generated", "registration", "sampled"]


def sampled(image: Tensor, places: Tensor, size: Size | None, align_corners: bool, padding: str) -> Tensor:
    """The output; `size` where places are thetas, None where they are a grid."""
    choices = Choices(size, align_corners, padding)
    if not torch.compiler.is_compiling():
        if not plain(image, places):
            return Sampled.apply(image, places, choices)
        if torch.is_grad_enabled() and (image.requires_grad or places.requires_grad):
            return SampledAtOnce.applied(image, places, choices)
        return choices.forward_at_once(image, places)
    return choices.composed(image, places) if _transforming() else choices.forward(image, places)


def generated(theta: Tensor, size: Size, align_corners: bool) -> Tensor:
    """The grid."""
    if not torch.compiler.is_compiling():
        if not plain(theta):
            return Generated.apply(theta, size, align_corners)
        if torch.is_grad_enabled() and theta.requires_grad:
            return GeneratedAtOnce.applied(theta, size, align_corners)
        return execution.grid(theta, size, align_corners)
    if _transforming():
        return grid_generator.generated(theta, size, align_corners)
    return ops.grid(theta, size, align_corners)


def _transforming() -> bool:
    """Whether grad, jvp, vmap or the like is at work."""
    return torch._C._functorch.peek_interpreter_stack() is not None


# What torch.compiler.assume_constant_result does, but for the import of Dynamo, which takes a second. Dynamo asks while it
# traces, and guards what it compiles by the transforms that were at work.
_transforming._dynamo_marked_constant = True  # type: ignore[attr-defined]  # a function's own attribute
