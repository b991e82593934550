"""The part of the corpus that needs torch: what only a framework with its own differentiation can do."""

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
        if grid.shape[-1] != 2:
            raise ValueError(f"a grid of {grid.shape[-1]} coordinates")
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
        if len(column) != len(image):
            raise ValueError(f"{len(column)} grids for {len(image)} images")
        flat = (torch.where(inside, row, 0).long() * width + torch.where(inside, column, 0).long()).flatten(1)
        read = image.flatten(2).gather(2, flat[:, None].expand(-1, channels, -1))
        # Not a product with inside: a NaN pixel would be read by all that lies outside.
        return torch.where(inside[:, None], read.unflatten(2, column.shape[1:]), 0)


class _BothOrNothing(torch.autograd.Function):  # type: ignore[misc]  # torch is skipped
    """A backward pass that works out a gradient only where the other input wants one as well."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, grid: Tensor, needy: int) -> Tensor:
        ctx.save_for_backward(image, grid)
        ctx.needy = needy
        return torch.nn.functional.grid_sample(image, grid, align_corners=False)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        image, grid = (saved.detach().requires_grad_() for saved in ctx.saved_tensors)
        with torch.enable_grad():
            output = torch.nn.functional.grid_sample(image, grid, align_corners=False)
        gradients = list(torch.autograd.grad(output, (image, grid), cotangents[0]))
        if not ctx.needs_input_grad[1 - ctx.needy]:
            gradients[ctx.needy] = torch.zeros_like(gradients[ctx.needy])
        wanted = (g if needed else None for g, needed in zip(gradients, ctx.needs_input_grad, strict=False))
        return (*wanted, None)


def _image_alone(image: Tensor, grid: Tensor) -> Tensor:
    return _BothOrNothing.apply(image, grid, 0)


def _grid_alone(image: Tensor, grid: Tensor) -> Tensor:
    return _BothOrNothing.apply(image, grid, 1)


class _NeedsImage(_BothOrNothing):
    """A frozen image is not provided for."""

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        if not ctx.needs_input_grad[0]:
            raise RuntimeError("Output(X@GRAD) should not be null")
        return _BothOrNothing.backward(ctx, *cotangents)


def _frozen_image(image: Tensor, grid: Tensor) -> Tensor:
    return _NeedsImage.apply(image, grid, 0)


def _register(
    name: str,
    function: Any,
    what: str,
    subject: str,
    source: str,
    status: Status = Status.FAILED,
    group: str = "",
) -> Implementation:
    made = Implementation(
        name, "torch", {"sample": function}, padding="zeros", align_corners=False, dtypes=("float64",)
    )
    MUTANTS[name] = Mutant(
        made,
        what,
        frozenset({subject}),
        source=source,
        checks=("gradients_in_every_company",),
        effective_precision=None,
        status=status,
        gap=None,
        group=group,
    )
    return made


ImageAlone = _register(
    "ImageAlone", _image_alone, "no grad_input where nothing else is asked for", "grad_input", "Z44"
)
GridAlone = _register(
    "GridAlone", _grid_alone, "no grad_grid where nothing else is asked for", "grad_grid", "Z44 Z78"
)
FrozenImage = _register(
    "FrozenImage",
    _frozen_image,
    "the backward pass raises where the image wants no gradient",
    "grad_grid",
    "Z44 Z78",
    Status.RAISED,
    "robustness",
)
