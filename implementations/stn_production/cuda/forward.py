"""Forward on the host: output of a theta or of a grid, one kernel launch."""

import torch

from stn_production.cuda.forward_pixels import forward_pixels
from stn_production.cuda.forward_planes import forward_planes
from stn_production.cuda.launching import (
    IN_KERNELS,
    Tile,
    compute_dtype,
    is_channels_last,
    laid_out,
    needs_wide,
    new_like,
    on_device,
    pixel_tile,
    plane_tile,
    share_of_channels,
)

LANES = 2048
"""Of a channels-last tile: sixteen a thread; a quarter of that in float64, whose registers are twice as wide."""


def forward_tile(height: int, width: int, channels: int, channels_last: bool, dtype: torch.dtype) -> Tile:
    """Tile of the output for a computation in a dtype."""
    if channels_last:
        return pixel_tile(height, width, channels, LANES // 4 if dtype == torch.float64 else LANES)
    return plane_tile(height, width, channels)


def transform_forward(
    image: torch.Tensor, theta: torch.Tensor, size: tuple[int, int], align_corners: bool, padding: str
) -> torch.Tensor:
    """image [N, C, H, W] under theta [N, 2, 3] -> [N, C, Ho, Wo], of the image's dtype and memory format; no grid is made.

    A coordinate that is not finite gives NaN, in every padding.
    """
    with on_device(image):
        return _forward(image, theta, size, align_corners, padding, fused=True)


def sample_forward(
    image: torch.Tensor, grid: torch.Tensor, align_corners: bool, padding: str
) -> torch.Tensor:
    """image [N, C, H, W] at grid [N, Ho, Wo, 2], normalised, (x, y) -> [N, C, Ho, Wo]; otherwise as transform_forward."""
    with on_device(image):
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
    compute = compute_dtype(image, source)
    if output.numel() == 0:
        return output
    tile = forward_tile(*size, C, channels_last, compute)
    tiles = tile.count(*size)
    share = share_of_channels(N * tiles, C, tile.channels, image.device)
    (forward_pixels if channels_last else forward_planes)[(N * tiles * -(-C // share),)](
        image,
        source,
        output,
        C,
        H,
        W,
        *size,
        share,
        IN_KERNELS[compute],
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
