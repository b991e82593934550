"""Where each output point reads, in pixels: 0 is the first pixel's centre. From a grid, or from theta."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from stn_production.portable.summation import halving_sum

Size = tuple[int, int]


class Points(NamedTuple):
    """One number for x and one for y of every output point, [N, Ho, Wo] or [N, C, Ho, Wo] each."""

    x: Tensor
    y: Tensor


class Generator(Protocol):
    """What makes points, of a grid or of theta, and the linear part of it both ways."""

    @property
    def image_size(self) -> Size:
        """(H, W)."""

    @property
    def align_corners(self) -> bool:
        """Where -1 and 1 lie."""

    def points(self, places: Tensor) -> Points:
        """Of grid or theta."""

    def direction(self, direction: Tensor) -> Points:
        """How the points move, in pixels, where grid or theta moves along a direction of its shape."""

    def gradient(self, gradient: Points) -> Tensor:
        """The gradient of grid or theta that gradients per pixel make; the adjoint of `direction`."""


def computing_dtype(*tensors: Tensor) -> torch.dtype:
    """float64 where any of them is, else float32: never 16 bits."""
    return torch.float64 if any(t.dtype == torch.float64 for t in tensors) else torch.float32


def pixel_scale(size: int, align_corners: bool) -> float:
    """d pixel / d normalised."""
    return (size - 1) / 2 if align_corners else size / 2


@dataclass(frozen=True)
class OfGrid:
    """Points of a normalised grid [N, Ho, Wo, 2]."""

    image_size: Size
    align_corners: bool

    def points(self, places: Tensor) -> Points:
        """x = g W/2 + (W-1)/2, or g (W-1)/2 + (W-1)/2 with align_corners."""
        return _moved(self.direction(places), self.image_size)

    def direction(self, direction: Tensor) -> Points:
        """In pixels."""
        columns, rows = direction.unbind(-1)
        height, width = self.image_size
        return Points(
            columns * pixel_scale(width, self.align_corners), rows * pixel_scale(height, self.align_corners)
        )

    def gradient(self, gradient: Points) -> Tensor:
        """[N, Ho, Wo, 2]."""
        height, width = self.image_size
        by_column = gradient.x * pixel_scale(width, self.align_corners)
        return torch.stack([by_column, gradient.y * pixel_scale(height, self.align_corners)], -1)


@dataclass(frozen=True)
class OfTheta:
    """Points of theta [N, 2, 3] for an output of (Ho, Wo).

    Measured from the centres of image and output, x - (W-1)/2 = t11 W/Wo (j - (Wo-1)/2) + t12 W/Ho (i - (Ho-1)/2) + t13 W/2; with
    align_corners, every length less one. So the identity is exact for every width.
    """

    size: Size
    image_size: Size
    align_corners: bool

    def points(self, places: Tensor) -> Points:
        """From the first pixel's centre."""
        return _moved(self.direction(places), self.image_size)

    def direction(self, direction: Tensor) -> Points:
        """In pixels, from the centre of the image."""
        centred = self.from_centre(direction)
        lengths = reversed(self.image_size)
        return Points(
            *(
                self.along(length, line, centred)
                for length, line in zip(lengths, direction.unbind(1), strict=True)
            )
        )

    def gradient(self, gradient: Points) -> Tensor:
        """[N, 2, 3]."""
        centred = self.from_centre(gradient.x)
        lengths = reversed(self.image_size)
        return torch.stack(
            [
                self.along_gradient(length, values, centred)
                for length, values in zip(lengths, gradient, strict=True)
            ],
            1,
        )

    def from_centre(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """The output's columns [Wo] and rows [Ho, 1]."""
        rows, columns = self.size
        across = torch.arange(columns, dtype=like.dtype, device=like.device) - (columns - 1) / 2
        down = torch.arange(rows, dtype=like.dtype, device=like.device) - (rows - 1) / 2
        return across, down[:, None]

    def along(self, length: int, lines: Tensor, centred: tuple[Tensor, Tensor]) -> Tensor:
        """Of lines of theta [..., 3], the points' places [..., Ho, Wo] along an axis of the image, of a length."""
        (columns, rows), (across, down, scale) = centred, self._steps_along(length)
        a, b, c = lines[..., None, None].unbind(-3)
        return (a * across) * columns + (b * down) * rows + c * scale

    def along_gradient(self, length: int, values: Tensor, centred: tuple[Tensor, Tensor]) -> Tensor:
        """The adjoint of `along`: [..., Ho, Wo] -> [..., 3]."""
        columns, rows = centred
        by_row, by_column = halving_sum(values, -1), halving_sum(values * columns, -1)
        sums = halving_sum(torch.stack([by_column, by_row * rows[:, 0], by_row], -1), -2)
        steps = self._steps_along(length)
        return torch.stack([each * step for each, step in zip(sums.unbind(-1), steps, strict=True)], -1)

    def _steps_along(self, length: int) -> tuple[float, float, float]:
        """Pixels per output column, per output row, per normalised unit."""
        rows, columns = self.size
        scale = pixel_scale(length, self.align_corners)
        if not self.align_corners:
            return length / max(columns, 1), length / max(rows, 1), scale
        # A single column or row lies at 0.
        across = (length - 1) / (columns - 1) if columns > 1 else 0.0
        down = (length - 1) / (rows - 1) if rows > 1 else 0.0
        return across, down, scale


def _moved(points: Points, image_size: Size) -> Points:
    height, width = image_size
    return Points(points.x + (width - 1) / 2, points.y + (height - 1) / 2)
