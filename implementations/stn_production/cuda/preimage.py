"""Which outputs read a pixel: the pre-image of its support under an affine map, as rows, and an interval of columns in each.

The interval is a superset, wide enough for every rounding; whoever visits it tests each output by its own coordinate. All numbers
are float64, and dj, di count output pixels from the output's centre: x = a dj + b di + c, y = d dj + e di + f.
"""

import triton
import triton.language as tl

CAP = tl.constexpr(256)
"""Outputs that a pixel visits at most, before scattering is the cheaper way: about nine near unit scale."""

SLACK = tl.constexpr(2.0**-46)
"""Of a coordinate's terms: six roundings of 2^-53 at most."""

SINGULAR = tl.constexpr(2.0**-30)
"""Share of its terms below which a determinant may be rounding alone; above, it is right to 2^-21."""

STEPS = tl.constexpr(2.0**-20)
"""Of a row's number, for the determinant's error."""


@triton.jit
def extents(
    a: tl.tensor,
    b: tl.tensor,
    c: tl.tensor,
    d: tl.tensor,
    e: tl.tensor,
    f: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
) -> tuple[tl.tensor, tl.tensor, tl.tensor, tl.tensor, tl.tensor, tl.tensor, tl.tensor]:
    """(finite, capped, det or 0, half the rows, 1/a or 0, 1/d or 0, most columns) of an image, scalars.

    finite: whether every output's coordinate is. det is 0 where it may be rounding alone; 1/a and 1/d are 0 where a and d move
    nothing. capped: a pixel might visit more than CAP outputs.
    """
    reach_x = tl.abs(a) * Wo + tl.abs(b) * Ho + tl.abs(c) + W
    reach_y = tl.abs(d) * Wo + tl.abs(e) * Ho + tl.abs(f) + H
    finite = (reach_x < float("inf")) & (reach_y < float("inf"))
    det = a * e - b * d
    det = tl.where(tl.abs(det) > (tl.abs(a * e) + tl.abs(b * d)) * SINGULAR, det, 0.0)
    solvable = (tl.abs(det) > 1e-150) & (tl.abs(det) < 1e150)
    det = tl.where(solvable, det, 0.0)
    half_x, half_y = reach_x * SLACK + 1.0, reach_y * SLACK + 1.0
    rows = (tl.abs(a) * half_y + tl.abs(d) * half_x) / tl.where(solvable, tl.abs(det), 1.0)
    rows = tl.where(solvable, rows + rows * STEPS, 0.0)
    by_a = tl.where(tl.abs(a) > 1e-150, 1.0 / tl.where(tl.abs(a) > 1e-150, a, 1.0), 0.0)
    by_d = tl.where(tl.abs(d) > 1e-150, 1.0 / tl.where(tl.abs(d) > 1e-150, d, 1.0), 0.0)
    all_columns = tl.full((), 0.0, tl.float64) + Wo
    from_x = tl.where(by_a != 0.0, 2.0 * half_x * tl.abs(by_a), all_columns)
    from_y = tl.where(by_d != 0.0, 2.0 * half_y * tl.abs(by_d), all_columns)
    columns = tl.minimum(tl.floor(tl.minimum(from_x, from_y) + 1e-9) + 1.0, all_columns)
    all_rows = tl.full((), 0.0, tl.float64) + Ho
    visited = tl.where(solvable, tl.minimum(2.0 * rows + 1.0, all_rows), all_rows) * columns
    return finite, visited > CAP, det, rows, by_a, by_d, columns.to(tl.int32)


@triton.jit
def rows_of(
    px: tl.tensor,
    py: tl.tensor,
    a: tl.tensor,
    c: tl.tensor,
    d: tl.tensor,
    f: tl.tensor,
    det: tl.tensor,
    half: tl.tensor,
    Ho: tl.tensor,
) -> tuple[tl.tensor, tl.tensor]:
    """(first, last) output row of the pixels (px, py), int32; last < first where there is none."""
    middle = (tl.full((), 0.0, tl.float64) + Ho - 1.0) * 0.5
    # Cramer's rule for di.
    centre = (a * (py - f) - d * (px - c)) / tl.where(det != 0.0, det, 1.0)
    slack = half + tl.abs(centre) * STEPS + 1e-9
    low = tl.where(det != 0.0, centre - slack + middle, 0.0)
    high = tl.where(det != 0.0, centre + slack + middle, 2.0 * middle)
    low = tl.minimum(tl.maximum(tl.ceil(low), 0.0), 2.0 * middle + 1.0)
    high = tl.minimum(tl.maximum(tl.floor(high), -1.0), 2.0 * middle)
    return low.to(tl.int32), high.to(tl.int32)


@triton.jit
def columns_of(
    p: tl.tensor, row: tl.tensor, by: tl.tensor, low: tl.tensor, high: tl.tensor, size: tl.tensor
) -> tuple[tl.tensor, tl.tensor]:
    """[low, high] of dj, narrowed to where |x - p| <= 1, x = dj / by + row; `size` is the image's along x."""
    half = (tl.abs(row) + size) * SLACK + 1.0
    distance = p - row
    one, other = (distance - half) * by, (distance + half) * by
    near = tl.abs(distance) <= half
    # Where dj moves nothing, all columns are there, or none.
    low = tl.where(by != 0.0, tl.maximum(low, tl.minimum(one, other)), tl.where(near, low, float("inf")))
    high = tl.where(by != 0.0, tl.minimum(high, tl.maximum(one, other)), high)
    return low, high


@triton.jit
def columns_in_row(
    px: tl.tensor,
    py: tl.tensor,
    row_x: tl.tensor,
    row_y: tl.tensor,
    by_a: tl.tensor,
    by_d: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Wo: tl.tensor,
) -> tuple[tl.tensor, tl.tensor]:
    """(first, last) output column, int32, of the pixels (px, py) in rows where x = a dj + row_x and y = d dj + row_y."""
    middle = (tl.full((), 0.0, tl.float64) + Wo - 1.0) * 0.5
    low, high = px * 0 - middle, px * 0 + middle
    low, high = columns_of(px, row_x, by_a, low, high, W)
    low, high = columns_of(py, row_y, by_d, low, high, H)
    # Both are within the output now, but for intervals that are empty.
    first = tl.minimum(tl.ceil(low + middle - 1e-10), 2.0 * middle + 1.0)
    last = tl.maximum(tl.floor(high + middle + 1e-10), -1.0)
    return first.to(tl.int32), last.to(tl.int32)
