"""Backward on the host: which of the three ways, their buffers and launches."""

import torch

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
    return scatter(cotangent, sampling, need_image, need_theta)


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
    return scatter(cotangent, sampling, need_image, need_grid)
