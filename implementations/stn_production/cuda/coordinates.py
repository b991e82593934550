"""Where each output reads: coordinates in pixels, and the two neighbours of one axis.

Coordinates are float64 for every image. A float32 coordinate of an image 1000 pixels wide is 1e-4 pixels off, which is most of
the error that a float32 sampler makes; the handful of float64 operations a pixel hides behind the memory traffic where the device
has float64 units (sm_80, sm_90).
"""

import triton
import triton.language as tl


@triton.jit
def spacing(source: tl.tensor, target: tl.tensor, ALIGNED: tl.constexpr) -> tl.tensor:
    """Pixels of the image from one output to the next, under the identity; one where both axes are as long."""
    zero = tl.full((), 0.0, tl.float64)
    if ALIGNED:
        # A single output lies in the centre: nothing to step over.
        step = (zero + source - 1.0) / tl.maximum(zero + target - 1.0, 1.0)
        return tl.where(zero + target > 1.0, step, 0.0)
    return (zero + source) / (zero + target)


@triton.jit
def pixel_scale(size: tl.tensor, ALIGNED: tl.constexpr) -> tl.tensor:
    """d pixel / d normalised, float64."""
    zero = tl.full((), 0.0, tl.float64)
    return (zero + size - 1.0) * 0.5 if ALIGNED else (zero + size) * 0.5


@triton.jit
def middle(size: tl.tensor) -> tl.tensor:
    """The coordinate of an axis' centre, float64."""
    return (tl.full((), 0.0, tl.float64) + size - 1.0) * 0.5


@triton.jit
def coefficients(
    theta: tl.tensor,
    n: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
    ALIGNED: tl.constexpr,
) -> tuple[tl.tensor, tl.tensor, tl.tensor, tl.tensor, tl.tensor, tl.tensor]:
    """(a, b, c, d, e, f): x = a dj + b di + c and y = d dj + e di + f, in pixels, dj and di from the output's centre.

    theta [N, 2, 3]. The steps are ratios of lengths, so that the identity gives exactly 1.
    """
    row = theta + n.to(tl.int64) * 6
    sx = pixel_scale(W, ALIGNED)
    sy = pixel_scale(H, ALIGNED)
    # A row step moves x by b W/Ho: scaled to the width, but counted in output rows.
    a = tl.load(row).to(tl.float64) * spacing(W, Wo, ALIGNED)
    b = tl.load(row + 1).to(tl.float64) * spacing(W, Ho, ALIGNED)
    c = tl.load(row + 2).to(tl.float64) * sx + middle(W)
    d = tl.load(row + 3).to(tl.float64) * spacing(H, Wo, ALIGNED)
    e = tl.load(row + 4).to(tl.float64) * spacing(H, Ho, ALIGNED)
    f = tl.load(row + 5).to(tl.float64) * sy + middle(H)
    return a, b, c, d, e, f


@triton.jit
def locations(
    source: tl.tensor,
    n: tl.tensor,
    i: tl.tensor,
    j: tl.tensor,
    there: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
    ALIGNED: tl.constexpr,
    FUSED: tl.constexpr,
) -> tuple[tl.tensor, tl.tensor, tl.tensor]:
    """(x, y, finite) of outputs (i, j) of image n; where a coordinate is not finite both are 0 and `finite` is False.

    source: theta [N, 2, 3] where FUSED, else a grid [N, Ho, Wo, 2].
    """
    if FUSED:
        a, b, c, d, e, f = coefficients(source, n, H, W, Ho, Wo, ALIGNED)
        dj = j - middle(Wo)
        di = i - middle(Ho)
        x = a * dj + (b * di + c)
        y = d * dj + (e * di + f)
    else:
        point = source + 2 * (n.to(tl.int64) * Ho * Wo + i.to(tl.int64) * Wo + j)
        x = tl.load(point, mask=there, other=0.0).to(tl.float64) * pixel_scale(W, ALIGNED) + middle(W)
        y = tl.load(point + 1, mask=there, other=0.0).to(tl.float64) * pixel_scale(H, ALIGNED) + middle(H)
    finite = (tl.abs(x) < float("inf")) & (tl.abs(y) < float("inf"))
    return tl.where(finite, x, 0.0), tl.where(finite, y, 0.0), finite


@triton.jit
def neighbours(
    x: tl.tensor, size: tl.tensor, PADDING: tl.constexpr, ALIGNED: tl.constexpr
) -> tuple[tl.tensor, tl.tensor, tl.tensor]:
    """(low, right, slope) of a finite coordinate: pixels low and low + 1, the weight of the second, d position / dx.

    Both pixels may lie outside the image, where they are zero; with border and reflection the second then weighs nothing.
    Every coordinate is moved into reach of int32 as a float64 first.
    """
    last = tl.full((), 0.0, tl.float64) + size - 1.0
    slope = x * 0 + 1.0
    if PADDING == "zeros":
        position = tl.minimum(tl.maximum(x, -2.0), last + 2.0)
    else:
        position = x
        if PADDING == "reflection":
            # Mirrors at 0 and W-1, or half a pixel further out; the remainder in [0, period) runs there and back.
            edge = 0.0 if ALIGNED else 0.5
            period = tl.maximum(2.0 * last, 1.0) if ALIGNED else 2.0 * (last + 1.0)
            from_edge = position + edge
            turns = tl.floor(from_edge / period)
            there = from_edge - turns * period
            back = period - there
            slope = tl.where(back < there, -1.0, slope)
            position = tl.minimum(there, back) - edge
        slope = tl.where((position > 0.0) & (position < last), slope, 0.0)
        position = tl.minimum(tl.maximum(position, 0.0), last)
    low = tl.floor(position)
    return low.to(tl.int32), position - low, slope


@triton.jit
def footprint(
    source: tl.tensor,
    n: tl.tensor,
    i: tl.tensor,
    j: tl.tensor,
    inside: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
    COMPUTE: tl.constexpr,
    PADDING: tl.constexpr,
    ALIGNED: tl.constexpr,
    FUSED: tl.constexpr,
) -> tuple[tl.tensor, ...]:
    """What outputs (i, j) of image n read, each of their shape.

    (x0, y0, the weights left, right, top, bottom, whether the four pixels 00, 01, 10, 11 are read, slope_x, slope_y, finite):
    rows first, so 01 is right of 00 and 10 below it.
    """
    x, y, finite = locations(source, n, i, j, inside, H, W, Ho, Wo, ALIGNED, FUSED)
    x0, fx, slope_x = neighbours(x, W, PADDING, ALIGNED)
    y0, fy, slope_y = neighbours(y, H, PADDING, ALIGNED)
    there = inside & finite
    left, right = there & (x0 >= 0) & (x0 < W), there & (x0 >= -1) & (x0 < W - 1)
    top, bottom = (y0 >= 0) & (y0 < H), (y0 >= -1) & (y0 < H - 1)
    wl, wr, wt, wb = (1.0 - fx).to(COMPUTE), fx.to(COMPUTE), (1.0 - fy).to(COMPUTE), fy.to(COMPUTE)
    r00, r01, r10, r11 = left & top, right & top, left & bottom, right & bottom
    return x0, y0, wl, wr, wt, wb, r00, r01, r10, r11, slope_x, slope_y, finite
