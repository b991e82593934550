"""Forward on the host: output of a theta or of a grid, one kernel launch."""

import torch

from stn_production.cuda.forward_pixels import forward_pixels
from stn_production.cuda.forward_planes import forward_planes
from stn_production.cuda.launching import (
    compute_dtype,
    is_channels_last,
    laid_out,
    needs_wide,
    new_like,
    pixel_tile,
    plane_tile,
    share_of_channels,
)

PIXELS = 32
"""Pixels of a channels-last tile of 64 channels."""


def transform_forward(
    image: torch.Tensor, theta: torch.Tensor, size: tuple[int, int], align_corners: bool, padding: str
) -> torch.Tensor:
    """image [N, C, H, W] under theta [N, 2, 3] -> [N, C, Ho, Wo], of the image's dtype and memory format; no grid is made.

    A coordinate that is not finite gives NaN, in every padding.
    """
    return _forward(image, theta, size, align_corners, padding, fused=True)


def sample_forward(
    image: torch.Tensor, grid: torch.Tensor, align_corners: bool, padding: str
) -> torch.Tensor:
    """image [N, C, H, W] at grid [N, Ho, Wo, 2], normalised, (x, y) -> [N, C, Ho, Wo]; otherwise as transform_forward."""
    return _forward(image, grid, (grid.shape[1], grid.shape[2]), align_corners, padding, fused=False)


def _forward(
    image: torch.Tensor,
    source: torch.Tensor,
    size: tuple[int, int],
    align_corners: bool,
    padding: str,
    *,
    fused: bool,
) -> torch.Tensor:
    N, C, H, W = image.shape
    channels_last = is_channels_last(image)
    image, source = laid_out(image, channels_last), source.contiguous()
    output = new_like(image, (N, C, *size), channels_last)
    if output.numel() == 0:
        return output
    if channels_last:
        kernel, tile = forward_pixels, pixel_tile(*size, C, PIXELS)
    else:
        kernel, tile = forward_planes, plane_tile(*size, C)
    tiles = tile.count(*size)
    share = share_of_channels(N * tiles, C, tile.channels, image.device)
    kernel[(N * tiles * -(-C // share),)](
        image,
        source,
        output,
        C,
        H,
        W,
        *size,
        share,
        compute_dtype(image, source),
        padding,
        align_corners,
        fused,
        needs_wide(image, output),
        tile.rows,
        tile.columns,
        tile.channels,
        num_warps=tile.warps,
    )
    return output
