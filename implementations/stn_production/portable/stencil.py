"""The cell that each point lies in: reading its four pixels, and writing to them.

Every padding is bilinear interpolation over an infinitely extended image: zeros outside, the border repeated, or mirrored. So the
neighbours are floor and floor + 1 everywhere, and only their indexes know of the padding.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from stn_production.portable.coordinates import Points
from stn_production.portable.summation import halving_sum


class Corners(NamedTuple):
    """The four pixels of each point's cell, [N, C, Ho, Wo] each: p01 is right of p00, p10 below it."""

    p00: Tensor
    p01: Tensor
    p10: Tensor
    p11: Tensor


class _Axis(NamedTuple):
    """The two neighbours of each point along one axis, [N, Ho, Wo] each."""

    fraction: Tensor
    """How far right of the first, in [0, 1]."""
    low: Tensor
    high: Tensor
    low_exists: Tensor | None
    high_exists: Tensor | None
    """None: every point's does."""


class Stencil:
    """M = Ho Wo points over each image of (H, W); those with a coordinate that is not finite read NaN and write nothing."""

    def __init__(self, points: Points, image_size: tuple[int, int], padding: str, align_corners: bool):
        self.image_size = image_size
        self.finite = torch.isfinite(points.x) & torch.isfinite(points.y)
        height, width = image_size
        x = _axis(torch.where(self.finite, points.x, 0.0), width, padding, align_corners)
        y = _axis(torch.where(self.finite, points.y, 0.0), height, padding, align_corners)
        self._fx, self._fy = x.fraction[:, None], y.fraction[:, None]
        rows = ((y.low, y.low_exists), (y.high, y.high_exists))
        columns = ((x.low, x.low_exists), (x.high, x.high_exists))
        self._places = tuple(
            (row * width + column, _both(row_exists, column_exists))
            for row, row_exists in rows
            for column, column_exists in columns
        )

    @property
    def dtype(self) -> torch.dtype:
        """Of the computation."""
        return self._fx.dtype

    def zeros(self, shape: tuple[int, ...]) -> Tensor:
        """In the dtype of the computation."""
        return self._fx.new_zeros(shape)

    def corners(self, image: Tensor) -> Corners:
        """Of an image [N, C, H, W], in the dtype of the coordinates."""
        height, width = self.image_size
        flat = image.reshape(*image.shape[:2], height * width)
        return Corners(*(self._corner(flat, index, exists) for index, exists in self._places))

    def value(self, corners: Corners) -> Tensor:
        """V [N, C, Ho, Wo]."""
        fx, fy = self._fx, self._fy
        above = corners.p00 * (1 - fx) + corners.p01 * fx
        below = corners.p10 * (1 - fx) + corners.p11 * fx
        return self._marked(above * (1 - fy) + below * fy)

    def slopes(self, corners: Corners) -> Points:
        """dV/dx and dV/dy per pixel, [N, C, Ho, Wo] each."""
        fx, fy = self._fx, self._fy
        p00, p01, p10, p11 = corners
        x = (p01 - p00) * (1 - fy) + (p11 - p10) * fy
        y = (p10 - p00) * (1 - fx) + (p11 - p01) * fx
        return Points(self._marked(x), self._marked(y))

    def twist(self, corners: Corners) -> Tensor:
        """d2V / dx dy [N, C, Ho, Wo]; the other second derivatives are zero inside a cell."""
        return self._marked((corners.p11 - corners.p10) - (corners.p01 - corners.p00))

    def scatter(self, values: Tensor) -> Tensor:
        """The adjoint of V: weight times value [N, C, Ho, Wo], summed by pixel, [N, C, H, W]."""
        fx, fy = self._fx, self._fy
        above, below = values * (1 - fy), values * fy
        return self._summed(above * (1 - fx), above * fx, below * (1 - fx), below * fx)

    def scatter_slopes(self, values: Tensor, direction: Points) -> Tensor:
        """The adjoint of direction.x dV/dx + direction.y dV/dy, [N, C, H, W]."""
        fx, fy = self._fx, self._fy
        along, down = values * direction.x[:, None], values * direction.y[:, None]
        x_above, x_below = along * (1 - fy), along * fy
        y_left, y_right = down * (1 - fx), down * fx
        return self._summed(-x_above - y_left, x_above - y_right, y_left - x_below, x_below + y_right)

    def over_channels(self, values: Tensor) -> Tensor:
        """The sum over channels, [N, C, Ho, Wo] -> [N, Ho, Wo]; NaN at points that are not finite, whatever the channels."""
        return torch.where(self.finite, halving_sum(values, 1), torch.nan)

    def _corner(self, flat: Tensor, index: Tensor, exists: Tensor | None) -> Tensor:
        wide = index.flatten(1)[:, None].expand(-1, flat.shape[1], -1)
        values = flat.gather(2, wide).reshape(*flat.shape[:2], *index.shape[1:]).to(self.dtype)
        # The pixel is masked, not its weight: 0 times NaN would tell of a pixel that the point does not touch.
        return values if exists is None else torch.where(exists[:, None], values, 0.0)

    def _summed(self, *contributions: Tensor) -> Tensor:
        height, width = self.image_size
        count, channels = contributions[0].shape[:2]
        sums = contributions[0].new_zeros((count, channels, height * width))
        for (index, exists), values in zip(self._places, contributions, strict=True):
            taking_part = self.finite if exists is None else self.finite & exists
            wide = index.flatten(1)[:, None].expand(-1, channels, -1)
            masked = torch.where(taking_part[:, None], values, 0.0)
            sums = sums.scatter_add(2, wide, masked.reshape(count, channels, wide.shape[2]))
        return sums.reshape(count, channels, height, width)

    def _marked(self, values: Tensor) -> Tensor:
        return torch.where(self.finite[:, None], values, torch.nan)


def _axis(position: Tensor, size: int, padding: str, align_corners: bool) -> _Axis:
    cell = position.floor()
    fraction = position - cell
    # Clamped before the cast: what int64 cannot hold would be undefined.
    match padding:
        case "zeros":
            low = cell.clamp(-2, size).long()
            high = low + 1
            within = (
                low.clamp(0, size - 1),
                high.clamp(0, size - 1),
                (low >= 0) & (low < size),
                (high >= 0) & (high < size),
            )
            return _Axis(fraction, *within)
        case "border":
            low = cell.clamp(-1, size - 1).long()
            return _Axis(fraction, low.clamp(min=0), (low + 1).clamp(max=size - 1), None, None)
        case _:
            return _Axis(fraction, *_mirrored(cell, size, align_corners), None, None)


def _mirrored(cell: Tensor, size: int, align_corners: bool) -> tuple[Tensor, Tensor]:
    """Mirrors at 0 and S-1 with align_corners, period 2(S-1); else at -1/2 and S-1/2, period 2S."""
    period = max(2 * (size - 1), 1) if align_corners else 2 * size
    # The remainder of whole numbers is exact, whatever their magnitude.
    low = cell.remainder(period).long()
    high = (low + 1).remainder(period)
    last = period if align_corners else period - 1
    if size == 1:
        return torch.zeros_like(low), torch.zeros_like(low)
    return torch.minimum(low, last - low), torch.minimum(high, last - high)


def _both(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    return None if first is None or second is None else first & second
