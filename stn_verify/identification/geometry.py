"""Where a coordinate reads, once the ramps have told it, on images of sizes at which coordinates convert exactly."""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.probing import position_error
from stn_verify.formats import Array
from stn_verify.identification.probe import Probe
from stn_verify.identification.ramps import Line, Ramps


@dataclass(frozen=True)
class Side:
    """One axis of an image of a given size."""

    size: int
    scale: float
    offset: float
    scale_bound: float = 0.0
    offset_bound: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether multiples of a small power of two convert without rounding, in every usual formula."""
        return self.scale_bound == 0.0

    def coordinates(self, pixels: Array) -> Array:
        """Those that read there."""
        return (pixels - self.offset) / self.scale

    def pixels(self, coordinates: Array) -> Array:
        """Where coordinates read."""
        return coordinates * self.scale + self.offset


@dataclass(frozen=True)
class Points:
    """Points as the target gets them, and where they read."""

    native: Array
    """[M, 2], in the target's order and units, as stored."""
    x: Array
    y: Array
    """[M] each, in pixels."""


@dataclass(frozen=True)
class Geometry:
    """Both axes."""

    probe: Probe
    ramps: Ramps
    x: Side
    y: Side

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)"""
        return self.y.size, self.x.size

    def points(self, x: Array, y: Array) -> Points:
        """Points that read at or near given pixels, [M] each."""
        across, down = (
            self.probe.stored(side.coordinates(pixels)) for side, pixels in ((self.x, x), (self.y, y))
        )
        return self.reading(across, down)

    def reading(self, across: Array, down: Array) -> Points:
        """Points of given coordinates along x and y, [M] each, as stored."""
        order = (across, down) if self.ramps.axis_order == "xy" else (down, across)
        return Points(np.stack(order, axis=-1), self.x.pixels(across), self.y.pixels(down))

    def errors(self, points: Points, arithmetic: Arithmetic) -> tuple[Array, Array]:
        """How far from x and from y a right implementation may read, in pixels."""
        found = []
        for side, pixels in ((self.x, points.x), (self.y, points.y)):
            measured = side.scale_bound * np.abs(side.coordinates(pixels)) + side.offset_bound
            rounded = position_error(pixels, side.size, arithmetic, fused=self.probe.fused)
            found.append(rounded + measured)
        return found[0], found[1]


def geometry(probe: Probe, ramps: Ramps) -> Geometry:
    """Sizes of about 8 and 16, where the formulas are known; else those of the scan, with what it leaves open."""
    return Geometry(probe, ramps, _side(ramps.x, 3), _side(ramps.y, 4))


def _side(line: Line, exponent: int) -> Side:
    if line.map is None:
        return Side(line.size, line.scale, line.offset, line.scale_bound, line.offset_bound)
    size = line.map.scale.exact_size(exponent)
    return Side(size, line.map.scale.at(size), line.map.offset.at(size))
