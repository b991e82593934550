"""Where each sample point reads: the cell it lies in, its weights, and the flat addresses of the pixels."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from stn_reference.arguments import Array, Indices, Mask
from stn_reference.extension import extend_index

Side = Literal["right", "left"]


class Neighbour(NamedTuple):
    """A pixel of one axis for each point, as `extend_index` gives it, [M] each."""

    pixel: Indices
    inside: Mask


@dataclass(frozen=True)
class Axis:
    """One coordinate of M points, finite and in pixels, along an axis of `size` pixels."""

    position: Array
    size: int
    padding: str
    align_corners: bool

    @cached_property
    def cell(self) -> Array:
        """The integer at or left of each point."""
        return np.asarray(np.floor(self.position))

    @cached_property
    def on_kink(self) -> Mask:
        """Whether a point lies on an integer."""
        return np.asarray(self.position == self.cell)

    @cached_property
    def high_weight(self) -> Array:
        """The hat max(0, 1 - |x - m|) of equation 5 at the right neighbour m = cell + 1."""
        return np.asarray(self.position - self.cell)

    @cached_property
    def low_weight(self) -> Array:
        """The hat at m = cell, rounded once: in cell -1 the right weight is rounded, but -x is exact."""
        return np.asarray(np.where(self.cell == -1, -self.position, 1 - self.high_weight))

    @cached_property
    def low(self) -> Neighbour:
        """The pixel at the cell's left end."""
        return self._neighbour(0)

    @cached_property
    def high(self) -> Neighbour:
        """The pixel at its right end."""
        return self._neighbour(1)

    def sides(self, side: Side) -> tuple[Neighbour, Neighbour]:
        """The ends of each point's cell; an integer lies in two cells, and `side` says which to take."""
        if side == "right":
            return self.low, self.high
        step = np.where(self.on_kink, -1, 0)
        return self._neighbour(step), self._neighbour(step + 1)

    def _neighbour(self, offset: int | Indices) -> Neighbour:
        return Neighbour(*extend_index(self.cell, self.size, self.padding, self.align_corners, offset=offset))


class Stencil:
    """M = N Ho Wo points over an image [N, C, H, W]; those with a non-finite coordinate meet no pixel.

    Args:
        shape: the image's.
        x, y: [N, Ho, Wo], in pixels.
    """

    def __init__(self, shape: tuple[int, ...], x: Array, y: Array, padding: str, align_corners: bool):
        count, _, height, width = shape
        self.finite: Mask = (np.isfinite(x) & np.isfinite(y)).ravel()
        self.x = Axis(np.where(self.finite, x.ravel(), 0.0), width, padding, align_corners)
        self.y = Axis(np.where(self.finite, y.ravel(), 0.0), height, padding, align_corners)
        self.none = count * height * width
        per_image = x.shape[1] * x.shape[2]
        self._first_row: Indices = np.repeat(np.arange(count, dtype=np.int64) * height, per_image)

    def address(self, x: Neighbour, y: Neighbour) -> Indices:
        """Flat pixel of [N, H, W], [M]; `none`, one past the last, where the extended image has no pixel."""
        flat = (self._first_row + y.pixel) * self.x.size + x.pixel
        return np.where(x.inside & y.inside & self.finite, flat, self.none)

    def corners(self) -> tuple[tuple[Indices, Array], ...]:
        """Address and bilinear weight of the four neighbours of each point, [M] each."""
        x, y = self.x, self.y
        columns = ((x.low, x.low_weight), (x.high, x.high_weight))
        rows = ((y.low, y.low_weight), (y.high, y.high_weight))
        return tuple(
            (self.address(column, row), across * down) for row, down in rows for column, across in columns
        )


def planes(image: Array) -> Array:
    """The pixels [C, N H W + 1], channels first; the last stands for no pixel and is zero."""
    count, channels, height, width = image.shape
    flat = np.zeros((channels, count * height * width + 1))
    flat[:, :-1] = channels_first(image)
    return flat


def channels_first(values: Array) -> Array:
    """[N, C, H, W] as [C, N H W]."""
    count, channels, height, width = values.shape
    return np.moveaxis(values, 1, 0).reshape(channels, count * height * width)
