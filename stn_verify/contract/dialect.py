"""A dialect: how a target spells what every sampler means, its images' layout and its coordinates' order and units."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from pydantic import ConfigDict

ImageLayout = Literal["NCHW", "NHWC"]
AxisOrder = Literal["xy", "yx"]
Units = Literal["normalised", "pixels", "unit"]

IMAGE_LAYOUTS: tuple[ImageLayout, ...] = get_args(ImageLayout)
AXIS_ORDERS: tuple[AxisOrder, ...] = get_args(AxisOrder)
UNITS: tuple[Units, ...] = get_args(Units)


@dataclass(frozen=True, order=True)
class Dialect:
    """Spelling only: what is meant is told in NCHW, (x, y) and normalised coordinates, whatever the dialect."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    layout: ImageLayout = "NCHW"
    """Of images and outputs."""
    axis_order: AxisOrder = "xy"
    """Of a grid's last axis, and of theta's rows and linear columns: with yx, row = t[0] @ (row, column, 1)."""
    units: Units = "normalised"
    """Of a grid: [-1, 1]; pixels, 0 being the first pixel's centre; or unit, (g + 1) / 2, [0, 1]. theta is normalised in any."""

    def __str__(self) -> str:
        order = ", ".join(self.axis_order)
        return f"{self.layout}, ({order}), {'[0, 1]' if self.units == 'unit' else self.units}"


PLAIN = Dialect()
"""The one that calls are made in."""
