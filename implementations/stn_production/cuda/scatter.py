"""The scattering backward: any grid, any padding, by float atomics or, where the same bits are asked for, by fixed point."""

import torch

from stn_production.cuda.fixed_point import FixedPoint
from stn_production.cuda.launching import (
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

PIXELS = 16
"""Pixels of a channels-last tile of 64 channels: 32 would need more registers than a thread should have."""


def scatter(
    cotangent: torch.Tensor,
    sampling: Sampling,
    need_image: bool,
    need_source: bool,
    *,
    fixed_point: bool = False,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """(grad_image, grad_theta or grad_grid), None where not needed."""
    image, source = sampling.image, sampling.source
    if cotangent.numel() == 0 or not (need_image or need_source):
        return (
            torch.zeros_like(image) if need_image else None,
            torch.zeros_like(source) if need_source else None,
        )
    received = laid_out(cotangent, sampling.channels_last)
    N, C, H, W = image.shape
    channels_last = sampling.channels_last
    tile = pixel_tile(*sampling.size, C, PIXELS) if channels_last else plane_tile(*sampling.size, C)
    tiles = tile.count(*sampling.size)
    share = share_of_channels(N * tiles, C, tile.channels, image.device)
    shares = -(-C // share)
    fixed = FixedPoint(received, image.shape, sampling) if fixed_point and need_image else None
    sums = fixed.sums if fixed else _float_sums(sampling) if need_image else received
    gradient = _source_gradient(sampling, tiles, shares) if need_source else received
    (scatter_pixels if channels_last else scatter_planes)[(N * tiles * shares,)](
        received,
        sampling.pixels,
        sampling.places,
        sums,
        fixed.marks if fixed else sums,
        fixed.scales if fixed else sums,
        gradient,
        fixed.second_scale if fixed else 1.0,
        *(N, C, H, W, *sampling.size, share),
        sampling.compute,
        sampling.padding,
        sampling.align_corners,
        sampling.fused,
        needs_wide(image, received),
        need_image,
        need_source,
        fixed.limbs if fixed else 0,
        *_block(tile, channels_last),
        num_warps=tile.warps,
    )
    grad_image = (fixed.settled(image) if fixed else sums.to(image.dtype)) if need_image else None
    return grad_image, _finished(sampling, gradient) if need_source else None


def _block(tile: Tile, channels_last: bool) -> tuple[int, ...]:
    return (tile.rows, tile.columns, tile.channels) if channels_last else (tile.rows, tile.columns)


def _float_sums(sampling: Sampling) -> torch.Tensor:
    image = sampling.image
    return new_like(image, tuple(image.shape), sampling.channels_last, sampling.accumulator).zero_()


def _source_gradient(sampling: Sampling, tiles: int, shares: int) -> torch.Tensor:
    if sampling.fused:
        return parts_for(sampling, tiles * shares)
    shape = (shares, *sampling.source.shape)
    return torch.empty(shape, dtype=sampling.accumulator, device=sampling.image.device)


def _finished(sampling: Sampling, gradient: torch.Tensor) -> torch.Tensor:
    if sampling.fused:
        return finished_theta(sampling, gradient)
    # One share of channels after the other, always in this order.
    whole = gradient[0] if gradient.shape[0] == 1 else gradient.sum(0)
    return whole.to(sampling.source.dtype)
