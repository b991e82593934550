"""A localisation network that shares its weights across the image."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from torch import nn

from stn_production import arguments
from stn_production.errors import ShapeError
from stn_production.localisation.network import Localisation


class Window(NamedTuple):
    """What each convolution and the pooling after it look at, in pixels."""

    kernel: int
    stride: int
    padding: int
    pool: int

    def check(self) -> None:
        """Raises: ShapeError: a length below 1, a padding below 0."""
        for name, value in self._asdict().items():
            arguments.checked_count(name, value, least=0 if name == "padding" else 1)

    def left(self, length: int) -> int:
        """What they leave of an axis; below 1 where they leave nothing."""
        return ((length + 2 * self.padding - self.kernel) // self.stride + 1) // self.pool

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self._asdict().items())


class ConvolutionalLocalisation(Localisation):
    """Convolutions with ReLU and average pooling -> hidden layers with ReLU -> the parameters of a transformation.

    The average has no kink where pixels tie, as the maximum has.
    """

    def __init__(
        self,
        channels: int,
        size: Sequence[int],
        widths: Sequence[int] = (8, 10),
        hidden: Sequence[int] = (32,),
        parameters: int = 6,
        *,
        kernel: int = 5,
        stride: int = 1,
        padding: int = 0,
        pool: int = 2,
    ) -> None:
        """A network for images [N, channels, *size].

        Args:
            channels: C, at least 1.
            size: (H, W), in pixels.
            widths: the channels after each convolution.
            hidden: the widths of the hidden layers after them; () regresses from the last convolution.
            parameters: 2 (translation), 3 (attention: scale, translation), 4 (similarity), or 6 (affine).
            kernel: the side of each convolution, in pixels.
            stride: its step.
            padding: zeros at each side of its input.
            pool: the side of the square that is averaged after each convolution; 1 averages nothing.

        Raises:
            ShapeError: a number that is too small, or a size of which a convolution leaves nothing.
            UnknownChoiceError: no family has so many parameters.
        """
        depths = arguments.checked_count("channels", channels), *arguments.checked_counts("widths", widths)
        window = Window(kernel, stride, padding, pool)
        window.check()
        height, width = arguments.checked_image_size(size)
        rows, columns = height, width
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(pairwise(depths)):
            rows, columns = window.left(rows), window.left(columns)
            if min(rows, columns) < 1:
                raise ShapeError(
                    f"size is {(height, width)}, of which convolution {number} leaves {(max(rows, 0), max(columns, 0))}:"
                    f" too small for {len(widths)} with {window}"
                )
            layers += nn.Conv2d(before, after, kernel, stride, padding), nn.ReLU()
            if pool > 1:
                layers.append(nn.AvgPool2d(pool))
        super().__init__(
            (depths[0], height, width),
            nn.Sequential(*layers, nn.Flatten()),
            depths[-1] * rows * columns,
            hidden,
            parameters,
        )
