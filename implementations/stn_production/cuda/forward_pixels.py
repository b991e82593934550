"""Forward of channels-last: lanes are pixels times channels."""

import triton
import triton.language as tl

from stn_production.cuda.coordinates import footprint
from stn_production.cuda.tiles import tile


@triton.jit
def forward_pixels(
    image: tl.tensor,
    source: tl.tensor,
    output: tl.tensor,
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
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    CHANNELS: tl.constexpr,
) -> None:
    """The same of image [N, H, W, C] and output [N, Ho, Wo, C]: tiles of [pixels, channels], pixels' pieces loaded whole."""
    tiles = tl.cdiv(Ho, ROWS) * tl.cdiv(Wo, COLUMNS)
    shares = tl.cdiv(C, share)
    program = tl.program_id(0)
    number = program % tiles
    first = (program // tiles) % shares * share
    n = program // (tiles * shares)
    i, j, inside = tile(number, Ho, Wo, ROWS, COLUMNS, 2)
    x0, y0, wl, wr, wt, wb, r00, r01, r10, r11, _, _, finite = footprint(
        source, n, i, j, inside, H, W, Ho, Wo, COMPUTE, PADDING, ALIGNED, FUSED
    )
    if WIDE:
        x0, y0, i, j = x0.to(tl.int64), y0.to(tl.int64), i.to(tl.int64), j.to(tl.int64)
        row = (tl.full((), 0, tl.int64) + W) * C
    else:
        row = W * C
    pixel, place = y0 * row + x0 * C, (i * Wo + j) * C
    from_image = image + n.to(tl.int64) * H * W * C
    to_image = output + n.to(tl.int64) * Ho * Wo * C
    nothing = tl.where(finite, 0.0, float("nan")).to(COMPUTE)
    stop = tl.minimum(first + share, C)
    for start in range(first, stop, CHANNELS):
        channel = start + tl.arange(0, CHANNELS)[None, :]
        more = channel < stop
        above = from_image + pixel + channel
        p00 = tl.load(above, mask=r00 & more, other=0.0).to(COMPUTE)
        p01 = tl.load(above + C, mask=r01 & more, other=0.0).to(COMPUTE)
        p10 = tl.load(above + row, mask=r10 & more, other=0.0).to(COMPUTE)
        p11 = tl.load(above + row + C, mask=r11 & more, other=0.0).to(COMPUTE)
        value = wt * (wl * p00 + wr * p01)
        value += wb * (wl * p10 + wr * p11) + nothing
        tl.store(to_image + place + channel, value.to(output.dtype.element_ty), mask=inside & more)
