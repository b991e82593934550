"""The scattering backward: any grid, any padding, by float atomics or, where the same bits are asked for, by fixed point."""

import torch

from stn_production.cuda.fixed_point import FixedPoint
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
from stn_production.cuda.scatter_pixels import scatter_pixels
from stn_production.cuda.scatter_planes import scatter_planes
from stn_production.cuda.theta import finished_theta, parts_for

LANES = 512
"""Of a channels-last tile: four a thread, one reduction of 128 bits; more would need more registers than a thread should have."""

DOUBLE_LANES = 256
"""Likewise in float64: two a thread."""

FIXED_LANES = 128
"""Likewise in fixed point, whose reductions are of single numbers."""


def scatter_tile(
    height: int, width: int, channels: int, channels_last: bool, dtype: torch.dtype, fixed_point: bool
) -> Tile:
    """Tile of the output for a computation in a dtype."""
    if channels_last:
        lanes = FIXED_LANES if fixed_point else DOUBLE_LANES if dtype == torch.float64 else LANES
        return pixel_tile(height, width, channels, lanes)
    return plane_tile(height, width, channels)


def scatter(
    cotangent: torch.Tensor,
    sampling: Sampling,
    need_image: bool,
    need_source: bool,
    *,
    fixed_point: bool = False,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """(grad_image, grad_theta or grad_grid), None where not needed; nothing is empty."""
    received = laid_out(cotangent, sampling.channels_last)
    fixed = FixedPoint(received, sampling) if fixed_point and need_image else None
    sums = fixed.sums if fixed else _float_sums(sampling) if need_image else None
    gradient = _launch(received, sampling, sums, need_source, fixed)
    grad_image = None
    if sums is not None:
        grad_image = fixed.settled(sampling.image) if fixed else sums.to(sampling.image.dtype)
    return grad_image, None if gradient is None else _finished(sampling, gradient)


def scatter_capped(
    cotangent: torch.Tensor, sampling: Sampling, sums: torch.Tensor, capped: torch.Tensor, need_theta: bool
) -> torch.Tensor | None:
    """Adds the images that gather left, capped [N], to grad_image, zero there; the parts of grad_theta, zero elsewhere."""
    return _launch(cotangent, sampling, sums, need_theta, None, capped)


def _launch(
    received: torch.Tensor,
    sampling: Sampling,
    sums: torch.Tensor | None,
    need_source: bool,
    fixed: FixedPoint | None,
    capped: torch.Tensor | None = None,
) -> torch.Tensor | None:
    """Adds to `sums`; parts [N, count, 8] of grad_theta or grad_grid of each share of the channels, where needed."""
    N, C, H, W = sampling.image.shape
    channels_last = sampling.channels_last
    tile = scatter_tile(*sampling.size, C, channels_last, sampling.compute, fixed is not None)
    tiles = tile.count(*sampling.size)
    share = share_of_channels(N * tiles, C, tile.channels, received.device)
    shares = -(-C // share)
    gradient = _source_gradient(sampling, tiles, shares) if need_source else received
    if capped is not None and need_source:
        gradient.zero_()
    # What a kernel does not use is any pointer at all.
    unused = received
    (scatter_pixels if channels_last else scatter_planes)[(N * tiles * shares,)](
        received,
        sampling.pixels,
        sampling.places,
        unused if sums is None else sums,
        fixed.marks if fixed else unused,
        fixed.scales if fixed else unused,
        unused if capped is None else capped,
        gradient,
        fixed.second_scale if fixed else 1.0,
        *(N, C, H, W, *sampling.size, share),
        IN_KERNELS[sampling.compute],
        sampling.padding,
        sampling.align_corners,
        sampling.fused,
        needs_wide(sampling.image, received),
        sums is not None,
        need_source,
        fixed.limbs if fixed else 0,
        capped is not None,
        *_block(tile, channels_last),
        num_warps=tile.warps,
    )
    return gradient if need_source else None


def _block(tile: Tile, channels_last: bool) -> tuple[int, ...]:
    return (tile.rows, tile.columns, tile.channels) if channels_last else (tile.rows, tile.columns)


def _float_sums(sampling: Sampling) -> torch.Tensor:
    image = sampling.image
    return new_like(image, tuple(image.shape), sampling.channels_last, sampling.compute).zero_()


def _source_gradient(sampling: Sampling, tiles: int, shares: int) -> torch.Tensor:
    if sampling.fused:
        return parts_for(sampling, tiles * shares)
    shape = (shares, *sampling.source.shape)
    return torch.empty(shape, dtype=sampling.compute, device=sampling.image.device)


def _finished(sampling: Sampling, gradient: torch.Tensor) -> torch.Tensor:
    if sampling.fused:
        return finished_theta(sampling, gradient)
    # One share of channels after the other, always in this order.
    whole = gradient[0] if gradient.shape[0] == 1 else gradient.sum(0)
    return whole.to(sampling.source.dtype)
