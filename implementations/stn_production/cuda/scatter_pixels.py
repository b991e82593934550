"""Backward of channels-last by scattering: lanes are outputs times channels."""

import triton
import triton.language as tl

from stn_production.cuda.accumulation import accumulate_cell
from stn_production.cuda.coordinates import footprint
from stn_production.cuda.source_gradient import store_source_gradient
from stn_production.cuda.tiles import tile


@triton.jit
def scatter_pixels(
    cotangent: tl.tensor,
    image: tl.tensor,
    source: tl.tensor,
    sums: tl.tensor,
    marks: tl.tensor,
    scales: tl.tensor,
    capped: tl.tensor,
    source_gradient: tl.tensor,
    second_scale: tl.tensor,
    N: tl.tensor,
    C: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
    share: tl.tensor,
    COMPUTE: tl.constexpr,
    PADDING: tl.constexpr,
    ALIGNED: tl.constexpr,
    FUSED: tl.constexpr,
    WIDE: tl.constexpr,
    NEED_IMAGE: tl.constexpr,
    NEED_SOURCE: tl.constexpr,
    LIMBS: tl.constexpr,
    ONLY_CAPPED: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    CHANNELS: tl.constexpr,
) -> None:
    """The same of image and sums [N, H, W, C] and cotangent [N, Ho, Wo, C]: tiles of [pixels, channels]."""
    tiles = tl.cdiv(Ho, ROWS) * tl.cdiv(Wo, COLUMNS)
    shares = tl.cdiv(C, share)
    program = tl.program_id(0)
    number = program % tiles
    part = (program // tiles) % shares
    first = part * share
    n = program // (tiles * shares)
    if ONLY_CAPPED:  # noqa: SIM102 - the first is decided at compile time
        # What gather has done is done.
        if tl.load(capped + n) == 0:
            return
    i, j, inside = tile(number, Ho, Wo, ROWS, COLUMNS, 2)
    x0, y0, wl, wr, wt, wb, r00, r01, r10, r11, slope_x, slope_y, finite = footprint(
        source, n, i, j, inside, H, W, Ho, Wo, COMPUTE, PADDING, ALIGNED, FUSED
    )
    if WIDE:
        row = (tl.full((), 0, tl.int64) + W) * C
        pixel, place = y0.to(tl.int64) * row + x0.to(tl.int64) * C, (i.to(tl.int64) * Wo + j) * C
    else:
        row = W * C
        pixel, place = y0 * row + x0 * C, (i * Wo + j) * C
    elements = (tl.full((), 0, tl.int64) + N) * C * H * W
    from_image = image + n.to(tl.int64) * H * W * C
    to_sums = sums + n.to(tl.int64) * H * W * C
    to_marks = marks + n.to(tl.int64) * H * W * C
    from_cotangent = cotangent + n.to(tl.int64) * Ho * Wo * C
    along_x = tl.zeros((ROWS * COLUMNS, CHANNELS), COMPUTE)
    along_y = tl.zeros((ROWS * COLUMNS, CHANNELS), COMPUTE)
    stop = tl.minimum(first + share, C)
    for start in range(first, stop, CHANNELS):
        channel = start + tl.arange(0, CHANNELS)[None, :]
        more = channel < stop
        received = tl.load(from_cotangent + place + channel, mask=inside & more, other=0.0).to(COMPUTE)
        at = pixel + channel
        if NEED_IMAGE:
            scale = tl.load(scales + n.to(tl.int64) * C + channel, mask=more, other=1.0) if LIMBS > 0 else 1.0
            accumulate_cell(
                to_sums, to_marks, at, C, row,
                wl, wr, wt, wb,
                r00 & more, r01 & more, r10 & more, r11 & more,
                received, scale, second_scale, elements, LIMBS,
            )  # fmt: skip
        if NEED_SOURCE:
            p00 = tl.load(from_image + at, mask=r00 & more, other=0.0).to(COMPUTE)
            p01 = tl.load(from_image + at + C, mask=r01 & more, other=0.0).to(COMPUTE)
            p10 = tl.load(from_image + at + row, mask=r10 & more, other=0.0).to(COMPUTE)
            p11 = tl.load(from_image + at + row + C, mask=r11 & more, other=0.0).to(COMPUTE)
            along_x += received * (wt * (p01 - p00) + wb * (p11 - p10))
            along_y += received * (wl * (p10 - p00) + wr * (p11 - p01))
    if NEED_SOURCE:
        slot = (n * shares + part) * tiles + number
        sum_x = tl.sum(along_x, axis=1, keep_dims=True)
        sum_y = tl.sum(along_y, axis=1, keep_dims=True)
        store_source_gradient(
            source_gradient, sum_x, sum_y, slope_x, slope_y, finite, i, j, inside, slot, part * N + n, H, W, Ho, Wo,
            ALIGNED, FUSED,
        )  # fmt: skip
