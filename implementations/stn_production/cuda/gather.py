"""The gathering backward on the host: `transform` with zeros padding, no atomics, three passes over tensors of the image's size.

A theta that magnifies makes each pixel visit many outputs. Beyond preimage.CAP an image is scattered instead, as the device
finds: a second launch, whose programs end at once for every other image. Nothing is scattered where the same bits are asked for,
nor in 16 bits, which no atomic may add in: there a magnifying theta is slow, at worst a loop over all outputs.
"""

import torch

from stn_production.cuda.gather_pixels import gather_pixels
from stn_production.cuda.gather_planes import gather_planes
from stn_production.cuda.launching import (
    IN_KERNELS,
    Tile,
    laid_out,
    needs_wide,
    new_like,
    pixel_tile,
    plane_tile,
    share_of_channels,
)
from stn_production.cuda.sampling import Sampling
from stn_production.cuda.scatter import scatter_capped
from stn_production.cuda.theta import finished_theta, parts_for

LANES = 512
"""Of a channels-last tile: four a thread, one load of 128 bits."""


def gather_tile(height: int, width: int, channels: int, channels_last: bool, dtype: torch.dtype) -> Tile:
    """Tile of the image for a computation in a dtype; float64 has half the lanes, or channels at a time."""
    double = dtype == torch.float64
    if channels_last:
        return pixel_tile(height, width, channels, LANES // 2 if double else LANES)
    return plane_tile(height, width, min(channels, 2) if double else channels)


def gather(
    cotangent: torch.Tensor, sampling: Sampling, need_theta: bool, *, deterministic: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """(grad_image, grad_theta or None) of a `fused` sampling with zeros padding; nothing is empty."""
    image = sampling.image
    N, C, H, W = image.shape
    channels_last = sampling.channels_last
    received = laid_out(cotangent, channels_last)
    gradient = new_like(image, (N, C, H, W), channels_last)
    capped = not deterministic and gradient.dtype == sampling.compute
    tile = gather_tile(H, W, C, channels_last, sampling.compute)
    tiles = tile.count(H, W)
    share = share_of_channels(N * tiles, C, tile.channels, image.device)
    shares = -(-C // share)
    parts = parts_for(sampling, tiles * shares) if need_theta else received
    flags = torch.empty(N, dtype=torch.int32, device=image.device)
    (gather_pixels if channels_last else gather_planes)[(N * tiles * shares,)](
        received,
        sampling.pixels,
        sampling.places,
        gradient,
        parts,
        flags,
        *(C, H, W, *sampling.size, share),
        IN_KERNELS[sampling.compute],
        sampling.align_corners,
        needs_wide(image, received),
        need_theta,
        capped,
        *(tile.rows, tile.columns, tile.channels),
        num_warps=tile.warps,
    )
    more = scatter_capped(received, sampling, gradient, flags, need_theta) if capped else None
    if not need_theta:
        return gradient, None
    return gradient, finished_theta(sampling, parts if more is None else torch.cat([parts, more], dim=1))
