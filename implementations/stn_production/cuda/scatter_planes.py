"""Backward of NCHW by scattering: each output adds to the four pixels that it read; lanes are outputs."""

import triton
import triton.language as tl

from stn_production.cuda.accumulation import accumulate_cell
from stn_production.cuda.coordinates import footprint
from stn_production.cuda.source_gradient import store_source_gradient
from stn_production.cuda.tiles import tile


@triton.jit
def scatter_planes(
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
) -> None:
    """image and sums [N, C, H, W], cotangent [N, C, Ho, Wo]; a program takes one tile of `share` channels of one image.

    ONLY_CAPPED: images that gather leaves, capped [N]; the parts of the others stay as they are.
    """
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
    i, j, inside = tile(number, Ho, Wo, ROWS, COLUMNS, 1)
    x0, y0, wl, wr, wt, wb, r00, r01, r10, r11, slope_x, slope_y, finite = footprint(
        source, n, i, j, inside, H, W, Ho, Wo, COMPUTE, PADDING, ALIGNED, FUSED
    )
    if WIDE:
        pixel, place = y0.to(tl.int64) * W + x0, i.to(tl.int64) * Wo + j
    else:
        pixel, place = y0 * W + x0, i * Wo + j
    elements = (tl.full((), 0, tl.int64) + N) * C * H * W
    along_x = tl.zeros((ROWS * COLUMNS,), COMPUTE)
    along_y = tl.zeros((ROWS * COLUMNS,), COMPUTE)
    for c in range(first, tl.minimum(first + share, C)):
        plane = n.to(tl.int64) * C + c
        received = tl.load(cotangent + plane * Ho * Wo + place, mask=inside, other=0.0).to(COMPUTE)
        if NEED_IMAGE:
            at = plane * H * W + pixel
            scale = tl.load(scales + plane) if LIMBS > 0 else 1.0
            accumulate_cell(
                sums, marks, at, 1, W,
                wl, wr, wt, wb,
                r00, r01, r10, r11,
                received, scale, second_scale, elements, LIMBS,
            )  # fmt: skip
        if NEED_SOURCE:
            above = image + plane * H * W + pixel
            p00 = tl.load(above, mask=r00, other=0.0).to(COMPUTE)
            p01 = tl.load(above + 1, mask=r01, other=0.0).to(COMPUTE)
            p10 = tl.load(above + W, mask=r10, other=0.0).to(COMPUTE)
            p11 = tl.load(above + W + 1, mask=r11, other=0.0).to(COMPUTE)
            along_x += received * (wt * (p01 - p00) + wb * (p11 - p10))
            along_y += received * (wl * (p10 - p00) + wr * (p11 - p01))
    if NEED_SOURCE:
        slot = (n * shares + part) * tiles + number
        store_source_gradient(
            source_gradient, along_x, along_y, slope_x, slope_y, finite, i, j, inside, slot, part * N + n, H, W, Ho, Wo,
            ALIGNED, FUSED,
        )  # fmt: skip
