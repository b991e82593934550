"""Backward on the host: which of the three ways, their buffers and launches."""

import torch

from stn_production.cuda.gather import gather
from stn_production.cuda.launching import on_device
from stn_production.cuda.sampling import Sampling
from stn_production.cuda.scatter import scatter


def transform_backward(
    cotangent: torch.Tensor,
    image: torch.Tensor,
    theta: torch.Tensor,
    size: tuple[int, int],
    align_corners: bool,
    padding: str,
    need_image: bool,
    need_theta: bool,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """grad_image [N, C, H, W] and grad_theta [N, 2, 3] of a cotangent [N, C, Ho, Wo], of the dtypes of image and theta.

    A coordinate that is not finite adds nothing to grad_image and makes its image's grad_theta NaN.
    """
    sampling = Sampling(image, theta, size, align_corners, padding, fused=True)
    with on_device(image):
        return _gradients(cotangent, sampling, need_image, need_theta)


def sample_backward(
    cotangent: torch.Tensor,
    image: torch.Tensor,
    grid: torch.Tensor,
    align_corners: bool,
    padding: str,
    need_image: bool,
    need_grid: bool,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """grad_image [N, C, H, W] and grad_grid [N, Ho, Wo, 2] of a cotangent [N, C, Ho, Wo], of the dtypes of image and grid.

    A coordinate that is not finite adds nothing to grad_image; its own grad_grid is NaN.
    """
    size = (grid.shape[1], grid.shape[2])
    sampling = Sampling(image, grid, size, align_corners, padding, fused=False)
    with on_device(image):
        return _gradients(cotangent, sampling, need_image, need_grid)


def _gradients(
    cotangent: torch.Tensor, sampling: Sampling, need_image: bool, need_source: bool
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    if cotangent.numel() == 0 or not (need_image or need_source):
        return (
            torch.zeros_like(sampling.image) if need_image else None,
            torch.zeros_like(sampling.source) if need_source else None,
        )
    deterministic = torch.are_deterministic_algorithms_enabled()
    if need_image and sampling.fused and sampling.padding == "zeros":
        return gather(cotangent, sampling, need_source, deterministic=deterministic)
    # grad_theta and grad_grid have one order always: only what is scattered needs fixed point.
    return scatter(cotangent, sampling, need_image, need_source, fixed_point=deterministic)
