"""The part of the corpus that needs torch: what only a framework with its own differentiation can do."""

from collections.abc import Callable
from typing import Any

import torch
from faults import MUTANTS, Mutant
from torch import Tensor
from unusual import unusual

from stn_verify.contract.implementation import Implementation
from stn_verify.verdicts.results import Status


@unusual(
    "torch, by gather, differentiated by autograd",
    framework="torch",
    align_corners=False,
    dtypes=("float64", "float32", "float16", "bfloat16"),
)
class TorchGather:
    def sample(self, image: Tensor, grid: Tensor, *, padding: str, align_corners: bool) -> Tensor:
        width, height = image.shape[3], image.shape[2]
        x = self.folded((grid[..., 0] + 1) * (width / 2) - 0.5, width, padding)
        y = self.folded((grid[..., 1] + 1) * (height / 2) - 0.5, height, padding)
        left, top = x.floor(), y.floor()
        total = torch.zeros((), dtype=image.dtype)
        for down, weight_y in ((0, 1 - (y - top)), (1, y - top)):
            for across, weight_x in ((0, 1 - (x - left)), (1, x - left)):
                column, row = left + across, top + down
                if padding != "zeros":
                    # clamp passes the gradient on at its very end, so that the neighbour beyond must be the last pixel.
                    column, row = column.clamp(max=width - 1), row.clamp(max=height - 1)
                total = total + self.pixel(image, column, row) * (weight_x * weight_y)[:, None]
        return total

    def folded(self, x: Tensor, size: int, padding: str) -> Tensor:
        if padding == "zeros":
            return x
        if padding == "reflection":
            # A triangle wave of period 2W about -1/2.
            away = torch.remainder(x + 0.5, 2 * size)
            x = torch.minimum(away, 2 * size - away) - 0.5
        return x.clamp(0, size - 1)

    def pixel(self, image: Tensor, column: Tensor, row: Tensor) -> Tensor:
        """[N, C, Ho, Wo]"""
        _, channels, height, width = image.shape
        inside = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
        flat = (torch.where(inside, row, 0).long() * width + torch.where(inside, column, 0).long()).flatten(1)
        read = image.flatten(2).gather(2, flat[:, None].expand(-1, channels, -1))
        return read.unflatten(2, column.shape[1:]) * inside[:, None]


class _Sampling(torch.autograd.Function):  # type: ignore[misc]  # torch is skipped
    """grid_sample with a backward pass of its own."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(image, grid)
        return torch.nn.functional.grid_sample(image, grid, align_corners=False)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        image, grid = (saved.detach().requires_grad_() for saved in ctx.saved_tensors)
        with torch.enable_grad():
            output = torch.nn.functional.grid_sample(image, grid, align_corners=False)
        return torch.autograd.grad(output, (image, grid), cotangents[0])


class _BothOrNothing(_Sampling):
    """grad_input is worked out only where the grid wants a gradient as well."""

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        grad_input, grad_grid = _Sampling.backward(ctx, *cotangents)
        if not ctx.needs_input_grad[1]:
            return torch.zeros_like(grad_input), None
        return grad_input, grad_grid


class _NeedsImage(_Sampling):
    """A frozen image is not provided for."""

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        if not ctx.needs_input_grad[0]:
            raise RuntimeError("Output(X@GRAD) should not be null")
        return _Sampling.backward(ctx, *cotangents)


def _image_alone(image: Tensor, grid: Tensor) -> Tensor:
    return _BothOrNothing.apply(image, grid)


def _grid_alone(image: Tensor, grid: Tensor) -> Tensor:
    return _NeedsImage.apply(image, grid)


def _mutant(
    sample: Callable[..., Tensor],
    name: str,
    what: str,
    *subjects: str,
    source: str,
    group: str,
    status: Status = Status.FAILED,
) -> Implementation:
    made = Implementation(
        name, "torch", {"sample": sample}, padding="zeros", align_corners=False, dtypes=("float64",)
    )
    MUTANTS[name] = Mutant(made, what, frozenset(subjects), source, (), None, status, None, group)
    return made


ImageAlone = _mutant(
    _image_alone,
    "ImageAlone",
    "no grad_input where only the image wants a gradient",
    "grad_input",
    source="Z44",
    group="grad_input",
)
GridAlone = _mutant(
    _grid_alone,
    "GridAlone",
    "the backward pass raises where only the grid wants a gradient",
    "grad_grid",
    source="Z44 Z78",
    group="robustness",
    status=Status.RAISED,
)
