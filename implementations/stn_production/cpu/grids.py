"""The sampler's two kernels on torch tensors: which of the loops does the work."""

import torch

from stn_production.cpu import grid_pixels, grid_planes
from stn_production.cpu.leftovers import general_forward, general_grad_image, general_points
from stn_production.cpu.points import PADDINGS
from stn_production.cpu.team import share
from stn_production.cpu.tensors import (
    EMPTY,
    bands_of,
    block,
    computed_in,
    dense,
    empty,
    flat,
    interleaved_memory,
    narrower,
    shape_of,
)

_ROW = 32  # points that count as a row where they are shared out


def sample_forward(
    image: torch.Tensor, grid: torch.Tensor, align_corners: bool, padding: str
) -> torch.Tensor:
    """Sample images at a grid's points: [N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo], dtype and layout of image."""
    if narrower(image, grid):
        return sample_forward(image.double(), grid, align_corners, padding).to(image.dtype)
    interleaved = interleaved_memory(image)
    image = dense(image, interleaved)
    output = empty(image, (grid.shape[1], grid.shape[2]), interleaved)
    if output.numel() == 0:
        return output
    if 0 in image.shape[2:]:
        return output.zero_()
    if not _plain(image, padding):
        general_forward(output, image, None, grid, align_corners, PADDINGS[padding])
        return output
    points, computed = grid.detach().contiguous().view(-1), computed_in(image, grid)
    N, C, _, _, Ho, Wo = shape = shape_of(image, output)
    bands = bands_of(N, Ho * Wo // _ROW)
    if interleaved:
        share(
            grid_pixels.forward, N * bands, flat(output), flat(image), flat(points), shape, align_corners,
            PADDINGS[padding], bands, EMPTY[computed], block(C),
        )  # fmt: skip
        return output
    image = image.to(computed)
    sampled = output if output.dtype == computed else torch.empty(output.shape, dtype=computed, device="cpu")
    share(
        grid_planes.forward, N * bands, flat(sampled), flat(image), flat(points), shape, align_corners,
        PADDINGS[padding], bands,
    )  # fmt: skip
    return output if sampled is output else output.copy_(sampled)


def sample_backward(
    cotangent: torch.Tensor, image: torch.Tensor, grid: torch.Tensor, align_corners: bool, padding: str, need_image: bool,
    need_grid: bool,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:  # fmt: skip
    """Return the gradients of `sample_forward` with respect to image and grid, those that are needed."""
    if narrower(image, grid):
        grad_image, grad_grid = sample_backward(
            cotangent.double(), image.double(), grid, align_corners, padding, need_image, need_grid
        )
        return None if grad_image is None else grad_image.to(image.dtype), grad_grid
    interleaved = interleaved_memory(image)
    image = dense(image, interleaved)
    cotangent = dense(cotangent, interleaved)
    if 0 in image.shape or 0 in grid.shape:
        grads = torch.zeros_like(image), torch.zeros_like(grid, memory_format=torch.contiguous_format)
        return grads[0] if need_image else None, grads[1] if need_grid else None
    if _plain(image, padding):
        return _gradients(cotangent, image, grid, align_corners, PADDINGS[padding], need_image, need_grid)
    places = None, grid, align_corners, PADDINGS[padding]
    grad_image = general_grad_image(cotangent, image, *places) if need_image else None
    grad_grid = None
    if need_grid:
        grad_grid = torch.empty(grid.shape, dtype=grid.dtype, device="cpu")
        general_points(cotangent, image, *places, grad_grid=grad_grid)
    return grad_image, grad_grid


def _gradients(
    cotangent: torch.Tensor, image: torch.Tensor, grid: torch.Tensor, align_corners: bool, padding: int, need_image: bool,
    need_grid: bool,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:  # fmt: skip
    computed, interleaved = computed_in(image, grid), interleaved_memory(image)
    wide = torch.empty_like(image if need_image else image[:0], dtype=computed)
    grad_grid = torch.empty(grid.shape if need_grid else (0,), dtype=grid.dtype, device="cpu")
    N, C, _, _, Ho, Wo = shape = shape_of(image, cotangent)
    places = flat(grid.detach().contiguous().view(-1)), shape, align_corners, padding
    if interleaved:
        share(
            grid_pixels.backward, N, flat(wide), flat(grad_grid.view(-1)), flat(cotangent), flat(image), *places,
            need_image, need_grid, block(C),
        )  # fmt: skip
    else:
        received, read = flat(cotangent.to(computed)), flat(image.to(computed))
        if need_image:
            share(grid_planes.backward_image, N * C, flat(wide), received, *places)
        if need_grid:
            bands = bands_of(N, Ho * Wo // _ROW)
            share(
                grid_planes.backward_points,
                N * bands,
                flat(grad_grid.view(-1)),
                received,
                read,
                *places,
                bands,
            )
    return wide.to(image.dtype) if need_image else None, grad_grid if need_grid else None


def _plain(image: torch.Tensor, padding: str) -> bool:
    """Whether the fast kernels can sample an image at a grid's points."""
    H, W = image.shape[2:]
    return padding != "reflection" and min(H, W) > 1 and H * W < 2**31
