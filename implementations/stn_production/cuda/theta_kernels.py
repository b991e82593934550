"""grad_theta without a grid: six sums a program, then one fixed order over the programs. No atomics, so always the same bits."""

import triton
import triton.language as tl

from stn_production.cuda.coordinates import pixel_scale, spacing


@triton.jit
def theta_gradient(
    parts: tl.tensor,
    gradient: tl.tensor,
    count: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
    ALIGNED: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """grad_theta [N, 2, 3] from float64 parts [N, count, 8], each 6 sums of dL/dx (dj, di, 1) and dL/dy (dj, di, 1).

    One program an image, in a fixed order. The chain rule's factors are those of `coefficients`.
    """
    n = tl.program_id(0).to(tl.int64)
    entry = tl.arange(0, 8)
    sums = tl.zeros((BLOCK, 8), tl.float64)
    for start in range(0, count, BLOCK):
        part = start + tl.arange(0, BLOCK)[:, None]
        where = parts + (n * count + part) * 8 + entry[None, :]
        sums += tl.load(where, mask=(part < count) & (entry[None, :] < 6), other=0.0)
    total = tl.sum(sums, axis=0)
    is_x = entry < 3
    by_column = tl.where(is_x, spacing(W, Wo, ALIGNED), spacing(H, Wo, ALIGNED))
    by_row = tl.where(is_x, spacing(W, Ho, ALIGNED), spacing(H, Ho, ALIGNED))
    shift = tl.where(is_x, pixel_scale(W, ALIGNED), pixel_scale(H, ALIGNED))
    factor = tl.where(entry % 3 == 0, by_column, tl.where(entry % 3 == 1, by_row, shift))
    tl.store(gradient + n * 6 + entry, (total * factor).to(gradient.dtype.element_ty), mask=entry < 6)


@triton.jit
def store_part(
    parts: tl.tensor,
    slot: tl.tensor,
    along_x: tl.tensor,
    along_y: tl.tensor,
    dj: tl.tensor,
    di: tl.tensor,
) -> None:
    """The six sums over a program's lanes, at parts [., 8]; dj and di are float64, pixels from the output's centre."""
    x, y = along_x.to(tl.float64), along_y.to(tl.float64)
    base = parts + slot.to(tl.int64) * 8
    tl.store(base, tl.sum(x * dj))
    tl.store(base + 1, tl.sum(x * di))
    tl.store(base + 2, tl.sum(x))
    tl.store(base + 3, tl.sum(y * dj))
    tl.store(base + 4, tl.sum(y * di))
    tl.store(base + 5, tl.sum(y))


@triton.jit
def store_sums(
    parts: tl.tensor,
    slot: tl.tensor,
    x_dj: tl.tensor,
    x_di: tl.tensor,
    x: tl.tensor,
    y_dj: tl.tensor,
    y_di: tl.tensor,
    y: tl.tensor,
    finite: tl.tensor,
) -> None:
    """The same where the lanes have sums of their own; NaN where a coordinate of the image is not finite."""
    base = parts + slot.to(tl.int64) * 8
    nothing = tl.where(finite, 0.0, float("nan"))
    tl.store(base, tl.sum(x_dj.to(tl.float64)) + nothing)
    tl.store(base + 1, tl.sum(x_di.to(tl.float64)) + nothing)
    tl.store(base + 2, tl.sum(x.to(tl.float64)) + nothing)
    tl.store(base + 3, tl.sum(y_dj.to(tl.float64)) + nothing)
    tl.store(base + 4, tl.sum(y_di.to(tl.float64)) + nothing)
    tl.store(base + 5, tl.sum(y.to(tl.float64)) + nothing)
