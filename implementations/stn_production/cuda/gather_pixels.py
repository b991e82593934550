"""Backward of channels-last under theta and zeros padding by gathering, as gather_planes: lanes are pixels times channels."""

import triton
import triton.language as tl

from stn_production.cuda.coordinates import coefficients, middle
from stn_production.cuda.preimage import columns_in_row, extents, rows_of
from stn_production.cuda.theta_kernels import store_sums
from stn_production.cuda.tiles import tile


@triton.jit
def gather_pixels(  # noqa: PLR0915 - one kernel is one function
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
    CHANNELS: tl.constexpr,
) -> None:
    """image and gradient [N, H, W, C], cotangent [N, Ho, Wo, C]."""
    tiles = tl.cdiv(H, ROWS) * tl.cdiv(W, COLUMNS)
    shares = tl.cdiv(C, share)
    program = tl.program_id(0)
    number = program % tiles
    part = (program // tiles) % shares
    n = program // (tiles * shares)
    v, u, inside = tile(number, H, W, ROWS, COLUMNS, 2)
    a, b, c, d, e, f = coefficients(theta, n, H, W, Ho, Wo, ALIGNED)
    finite, too_many, det, half, by_a, by_d, most = extents(a, b, c, d, e, f, H, W, Ho, Wo)
    px, py = u.to(tl.float64), v.to(tl.float64)
    top_row, last_row = rows_of(px, py, a, c, d, f, det, half, Ho)
    last_row = tl.where(inside, last_row, top_row - 1)
    rows = tl.maximum(tl.max(tl.max(last_row - top_row + 1, 1), 0), 0)
    rows = tl.where(finite, rows, 0)
    if CAPPED:
        rows = tl.where(too_many, 0, rows)
        # For the scattering that follows: one program of each image tells.
        tl.store(capped + n, too_many.to(tl.int32), mask=(number == 0) & (part == 0))
    pixel = (v.to(tl.int64) * W + u) * C if WIDE else (v * W + u) * C
    to_image = n.to(tl.int64) * H * W * C
    from_image = cotangent + n.to(tl.int64) * Ho * Wo * C
    shape: tl.constexpr = (ROWS * COLUMNS, CHANNELS)
    # One number a pixel: the channels are added as soon as they are read.
    sum_j, sum_i, sum_1 = (px * 0).to(COMPUTE), (px * 0).to(COMPUTE), (px * 0).to(COMPUTE)
    tum_j, tum_i, tum_1 = (px * 0).to(COMPUTE), (px * 0).to(COMPUTE), (px * 0).to(COMPUTE)
    stop = tl.minimum((part + 1) * share, C)
    for start in range(part * share, stop, CHANNELS):
        channel = start + tl.arange(0, CHANNELS)[None, :]
        more = channel < stop
        at = to_image + pixel + channel
        if NEED_THETA:
            value = tl.load(image + at, mask=inside & more, other=0.0).to(COMPUTE)
        gathered = tl.zeros(shape, COMPUTE)
        for step in range(0, rows):
            i = top_row + step
            di = i - middle(Ho)
            row_x, row_y = b * di + c, e * di + f
            first, last = columns_in_row(px, py, row_x, row_y, by_a, by_d, H, W, Wo)
            last = tl.where(i <= last_row, last, first - 1)
            columns = most
            if columns > 8:
                columns = tl.minimum(columns, tl.maximum(tl.max(tl.max(last - first + 1, 1), 0), 0))
            for number_in_row in range(0, columns):
                j = first + number_in_row
                dj = j - middle(Wo)
                off_x, off_y = a * dj + row_x - px, d * dj + row_y - py
                reads = (j <= last) & (off_x >= -1.0) & (off_x < 1.0) & (off_y >= -1.0) & (off_y < 1.0)
                wx, wy = (1.0 - tl.abs(off_x)).to(COMPUTE), (1.0 - tl.abs(off_y)).to(COMPUTE)
                place = (i.to(tl.int64) * Wo + j) * C if WIDE else (i * Wo + j) * C
                received = tl.load(from_image + place + channel, mask=reads & more, other=0.0).to(COMPUTE)
                gathered += tl.where(reads, wx * wy, 0.0) * received
                if NEED_THETA:
                    along = tl.sum(value * received, axis=1, keep_dims=True)
                    along_x = tl.where(reads, tl.where(off_x < 0.0, wy, -wy) * along, 0.0)
                    along_y = tl.where(reads, tl.where(off_y < 0.0, wx, -wx) * along, 0.0)
                    sum_j += along_x * dj.to(COMPUTE)
                    sum_i += along_x * di.to(COMPUTE)
                    sum_1 += along_x
                    tum_j += along_y * dj.to(COMPUTE)
                    tum_i += along_y * di.to(COMPUTE)
                    tum_1 += along_y
        tl.store(gradient + at, gathered.to(gradient.dtype.element_ty), mask=inside & more)
    if NEED_THETA:
        slot = (n * shares + part) * tiles + number
        store_sums(parts, slot, sum_j, sum_i, sum_1, tum_j, tum_i, tum_1, finite)
