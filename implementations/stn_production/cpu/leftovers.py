"""The general kernels on torch tensors: for what the fast ones leave over."""

from typing import Any

import numpy as np
import torch

from stn_production.cpu import general
from stn_production.cpu.team import share
from stn_production.cpu.tensors import EMPTY, Array, computed_in, flat, shape_of


def _general_places(
    image: torch.Tensor, coefficients: Array | None, grid: torch.Tensor | None
) -> tuple[Any, ...]:
    """Return (fused, coefficients, grid) as the general kernels take them."""
    if grid is None:
        return True, coefficients, EMPTY[torch.float32]
    return False, np.empty(0), flat(grid.detach().contiguous().view(-1))


def general_forward(
    output: torch.Tensor, image: torch.Tensor, coefficients: Array | None, grid: torch.Tensor | None, align_corners: bool,
    padding: int,
) -> None:  # fmt: skip
    shape = N, _, _, _, Ho, _ = shape_of(image, output)
    share(
        general.forward, N * -(-Ho // general.BAND), flat(output), _memory_strides(output), flat(image),
        _memory_strides(image), *_general_places(image, coefficients, grid), shape, align_corners, padding,
    )  # fmt: skip


def general_grad_image(
    cotangent: torch.Tensor, image: torch.Tensor, coefficients: Array | None, grid: torch.Tensor | None,
    align_corners: bool, padding: int,
) -> torch.Tensor:  # fmt: skip
    wide = torch.zeros_like(image, dtype=computed_in(image))
    shape = N, C, *_ = shape_of(image, cotangent)
    share(
        general.backward_image, N * -(-C // general.GROUP), flat(wide), _memory_strides(wide), flat(cotangent),
        _memory_strides(cotangent), *_general_places(image, coefficients, grid), shape, align_corners, padding,
    )  # fmt: skip
    return wide.to(image.dtype)


def general_points(
    cotangent: torch.Tensor, image: torch.Tensor, coefficients: Array | None, grid: torch.Tensor | None,
    align_corners: bool, padding: int, grad_grid: torch.Tensor | None = None,
) -> Array:  # fmt: skip
    shape = N, _, _, _, Ho, _ = shape_of(image, cotangent)
    tasks = N * -(-Ho // general.BAND)
    sums = np.zeros((tasks, 6))
    share(
        general.backward_points, tasks, sums.reshape(-1),
        EMPTY[torch.float32] if grad_grid is None else flat(grad_grid.view(-1)), flat(cotangent),
        _memory_strides(cotangent), flat(image), _memory_strides(image),
        *_general_places(image, coefficients, grid), shape, align_corners, padding,
    )  # fmt: skip
    return sums


def _memory_strides(tensor: torch.Tensor) -> general.Strides:
    return tensor.stride()
