"""grad_theta on the host: room for the programs' sums, and their sum."""

import torch

from stn_production.cuda.sampling import Sampling
from stn_production.cuda.theta_kernels import theta_gradient

BLOCK = 64
"""Parts added at a time."""


def parts_for(sampling: Sampling, count: int) -> torch.Tensor:
    """Uninitialised [N, count, 8] float64: six sums of each of an image's `count` programs."""
    image = sampling.image
    return torch.empty((image.shape[0], count, 8), dtype=torch.float64, device=image.device)


def finished_theta(sampling: Sampling, parts: torch.Tensor) -> torch.Tensor:
    """grad_theta [N, 2, 3] of the parts, of theta's dtype."""
    theta, image = sampling.source, sampling.image
    gradient = torch.empty(theta.shape, dtype=theta.dtype, device=image.device)
    theta_gradient[(theta.shape[0],)](
        parts,
        gradient,
        parts.shape[1],
        *image.shape[2:],
        *sampling.size,
        sampling.align_corners,
        BLOCK,
    )
    return gradient
