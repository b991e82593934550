"""Forward of NCHW: lanes are pixels of one plane, so that the weights serve all channels."""

import triton
import triton.language as tl

from stn_production.cuda.coordinates import footprint
from stn_production.cuda.tiles import tile


@triton.jit
def forward_planes(
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
    UNROLL: tl.constexpr,
) -> None:
    """image [N, C, H, W], output [N, C, Ho, Wo]; a program makes one tile of `share` channels of one image."""
    tiles = tl.cdiv(Ho, ROWS) * tl.cdiv(Wo, COLUMNS)
    shares = tl.cdiv(C, share)
    program = tl.program_id(0)
    number = program % tiles
    first = (program // tiles) % shares * share
    n = program // (tiles * shares)
    i, j, inside = tile(number, Ho, Wo, ROWS, COLUMNS, 1)
    x0, y0, wl, wr, wt, wb, r00, r01, r10, r11, _, _, finite = footprint(
        source, n, i, j, inside, H, W, Ho, Wo, COMPUTE, PADDING, ALIGNED, FUSED
    )
    if WIDE:
        pixel, place = y0.to(tl.int64) * W + x0, i.to(tl.int64) * Wo + j
    else:
        pixel, place = y0 * W + x0, i * Wo + j
    from_plane = image + (n.to(tl.int64) * C + first) * H * W
    to_plane = output + (n.to(tl.int64) * C + first) * Ho * Wo
    nothing = tl.where(finite, 0.0, float("nan")).to(COMPUTE)
    stop = tl.minimum(first + share, C)
    for start in range(first, stop, UNROLL):
        for step in tl.static_range(UNROLL):
            more = start + step < stop
            above = from_plane + step * (tl.full((), 0, tl.int64) + H) * W + pixel
            p00 = tl.load(above, mask=r00 & more, other=0.0).to(COMPUTE)
            p01 = tl.load(above + 1, mask=r01 & more, other=0.0).to(COMPUTE)
            p10 = tl.load(above + W, mask=r10 & more, other=0.0).to(COMPUTE)
            p11 = tl.load(above + W + 1, mask=r11 & more, other=0.0).to(COMPUTE)
            value = wt * (wl * p00 + wr * p01)
            value += wb * (wl * p10 + wr * p11) + nothing
            plane = to_plane + step * (tl.full((), 0, tl.int64) + Ho) * Wo
            tl.store(plane + place, value.to(output.dtype.element_ty), mask=inside & more)
        from_plane += UNROLL * (tl.full((), 0, tl.int64) + H) * W
        to_plane += UNROLL * (tl.full((), 0, tl.int64) + Ho) * Wo
