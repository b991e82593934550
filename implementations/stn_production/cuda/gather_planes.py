"""Backward of NCHW under theta and zeros padding by gathering: each pixel visits the outputs that read it.

No atomics: every sum has one order. grad_theta has this form too: dL/dx of an output is a sum over its four pixels, so whoever
visits an output adds the own pixel's share. The cotangent and the image are read, grad_image is written, and nothing else is.
"""

import triton
import triton.language as tl

from stn_production.cuda.coordinates import coefficients, middle
from stn_production.cuda.preimage import columns_in_row, extents, rows_of
from stn_production.cuda.theta_kernels import store_sums
from stn_production.cuda.tiles import tile


@triton.jit
def own(image: tl.tensor, there: tl.tensor, COMPUTE: tl.constexpr, NEED_THETA: tl.constexpr) -> tl.tensor:
    """The pixel itself; grad_image alone does not need it."""
    if NEED_THETA:
        return tl.load(image, mask=there, other=0.0).to(COMPUTE)
    return tl.zeros(there.shape, COMPUTE)


@triton.jit
def gather_planes(  # noqa: PLR0912, PLR0915 - one kernel is one function
    cotangent: tl.tensor,
    image: tl.tensor,
    theta: tl.tensor,
    gradient: tl.tensor,
    parts: tl.tensor,
    capped: tl.tensor,
    C: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
    share: tl.tensor,
    COMPUTE: tl.constexpr,
    ALIGNED: tl.constexpr,
    WIDE: tl.constexpr,
    NEED_THETA: tl.constexpr,
    CAPPED: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    UNROLL: tl.constexpr,
) -> None:
    """image and gradient [N, C, H, W], cotangent [N, C, Ho, Wo]; a program makes one tile of `share` channels of one image.

    UNROLL, at most 4: channels for which one visit serves. CAPPED: an image whose pixels would visit too many gets zeros,
    and 1 in capped [N].
    """
    tiles = tl.cdiv(H, ROWS) * tl.cdiv(W, COLUMNS)
    shares = tl.cdiv(C, share)
    program = tl.program_id(0)
    number = program % tiles
    part = (program // tiles) % shares
    n = program // (tiles * shares)
    v, u, inside = tile(number, H, W, ROWS, COLUMNS, 1)
    a, b, c, d, e, f = coefficients(theta, n, H, W, Ho, Wo, ALIGNED)
    finite, too_many, det, half, by_a, by_d, most = extents(a, b, c, d, e, f, H, W, Ho, Wo)
    px, py = u.to(tl.float64), v.to(tl.float64)
    top_row, last_row = rows_of(px, py, a, c, d, f, det, half, Ho)
    last_row = tl.where(inside, last_row, top_row - 1)
    rows = tl.maximum(tl.max(last_row - top_row + 1, 0), 0)
    rows = tl.where(finite, rows, 0)
    if CAPPED:
        rows = tl.where(too_many, 0, rows)
        # For the scattering that follows: one program of each image tells.
        tl.store(capped + n, too_many.to(tl.int32), mask=(number == 0) & (part == 0))
    pixel = v.to(tl.int64) * W + u if WIDE else v * W + u
    sum_j, sum_i, sum_1 = (
        tl.zeros(px.shape, COMPUTE),
        tl.zeros(px.shape, COMPUTE),
        tl.zeros(px.shape, COMPUTE),
    )
    tum_j, tum_i, tum_1 = (
        tl.zeros(px.shape, COMPUTE),
        tl.zeros(px.shape, COMPUTE),
        tl.zeros(px.shape, COMPUTE),
    )
    stop = tl.minimum((part + 1) * share, C)
    to_next, from_next = (tl.full((), 0, tl.int64) + H) * W, (tl.full((), 0, tl.int64) + Ho) * Wo
    for start in range(part * share, stop, UNROLL):
        plane = n.to(tl.int64) * C + start
        at = plane * to_next + pixel
        second, third, fourth = start + 1 < stop, start + 2 < stop, start + 3 < stop
        p0 = own(image + at, inside, COMPUTE, NEED_THETA)
        g0 = tl.zeros(px.shape, COMPUTE)
        if UNROLL > 1:
            p1 = own(image + at + to_next, inside & second, COMPUTE, NEED_THETA)
            g1 = tl.zeros(px.shape, COMPUTE)
        if UNROLL > 2:
            p2 = own(image + at + 2 * to_next, inside & third, COMPUTE, NEED_THETA)
            g2 = tl.zeros(px.shape, COMPUTE)
        if UNROLL > 3:
            p3 = own(image + at + 3 * to_next, inside & fourth, COMPUTE, NEED_THETA)
            g3 = tl.zeros(px.shape, COMPUTE)
        for step in range(0, rows):
            i = top_row + step
            di = i - middle(Ho)
            row_x, row_y = b * di + c, e * di + f
            first, last = columns_in_row(px, py, row_x, row_y, by_a, by_d, H, W, Wo)
            last = tl.where(i <= last_row, last, first - 1)
            columns = most
            if columns > 8:
                columns = tl.minimum(columns, tl.maximum(tl.max(last - first + 1, 0), 0))
            for number_in_row in range(0, columns):
                j = first + number_in_row
                dj = j - middle(Wo)
                off_x, off_y = a * dj + row_x - px, d * dj + row_y - py
                # x in [p - 1, p + 1): the pixel is the right neighbour left of it, the left one from it on.
                reads = (j <= last) & (off_x >= -1.0) & (off_x < 1.0) & (off_y >= -1.0) & (off_y < 1.0)
                wx, wy = (1.0 - tl.abs(off_x)).to(COMPUTE), (1.0 - tl.abs(off_y)).to(COMPUTE)
                weight = tl.where(reads, wx * wy, 0.0)
                place = i.to(tl.int64) * Wo + j if WIDE else i * Wo + j
                source = cotangent + plane * from_next + place
                received = tl.load(source, mask=reads, other=0.0).to(COMPUTE)
                g0 += weight * received
                along = p0 * received
                if UNROLL > 1:
                    received = tl.load(source + from_next, mask=reads & second, other=0.0).to(COMPUTE)
                    g1 += weight * received
                    along += p1 * received
                if UNROLL > 2:
                    received = tl.load(source + 2 * from_next, mask=reads & third, other=0.0).to(COMPUTE)
                    g2 += weight * received
                    along += p2 * received
                if UNROLL > 3:
                    received = tl.load(source + 3 * from_next, mask=reads & fourth, other=0.0).to(COMPUTE)
                    g3 += weight * received
                    along += p3 * received
                if NEED_THETA:
                    along_x = tl.where(reads, tl.where(off_x < 0.0, wy, -wy) * along, 0.0)
                    along_y = tl.where(reads, tl.where(off_y < 0.0, wx, -wx) * along, 0.0)
                    sum_j += along_x * dj.to(COMPUTE)
                    sum_i += along_x * di.to(COMPUTE)
                    sum_1 += along_x
                    tum_j += along_y * dj.to(COMPUTE)
                    tum_i += along_y * di.to(COMPUTE)
                    tum_1 += along_y
        kind = gradient.dtype.element_ty
        tl.store(gradient + at, g0.to(kind), mask=inside)
        if UNROLL > 1:
            tl.store(gradient + at + to_next, g1.to(kind), mask=inside & second)
        if UNROLL > 2:
            tl.store(gradient + at + 2 * to_next, g2.to(kind), mask=inside & third)
        if UNROLL > 3:
            tl.store(gradient + at + 3 * to_next, g3.to(kind), mask=inside & fourth)
    if NEED_THETA:
        slot = (n * shares + part) * tiles + number
        store_sums(parts, slot, sum_j, sum_i, sum_1, tum_j, tum_i, tum_1, finite)
