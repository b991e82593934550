"""Axis order, units and align_corners, from an x-ramp and a y-ramp.

Whatever the kernel, if only it is symmetric, the value of a ramp is k + 1/2 exactly where the coordinate is: a hat gives the
coordinate itself, a box jumps there, and the ripple of a cubic vanishes there. So a fine scan brackets each half-integer, and
an affine map is told by the brackets that it hits or misses.
"""

import math
from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.probing import position_error
from stn_verify.contract.dialect import AxisOrder
from stn_verify.formats import Array
from stn_verify.identification.formulas import CONVENTIONS, OFFSETS, SCALES, Map
from stn_verify.identification.probe import Probe

HEIGHT, WIDTH = 12, 9
"""No formula of one has the value of a formula of the other."""

INSIDE = 0.25
"""Inside the image as a normalised coordinate, as a pixel and as a share of [0, 1]."""

MOSTLY = 0.5
"""A point whose weights on the image add up to no more lies outside; a ramp that moves by as much in one step jumps."""


@dataclass(frozen=True)
class Crossing:
    """Where a ramp reaches k + 1/2: between two coordinates of the scan."""

    level: float
    low: float
    high: float
    near: float
    """Its place by interpolation, or the middle of a jump."""
    rising: bool


@dataclass(frozen=True)
class Line:
    """One axis: pixel = scale * coordinate + offset, as measured at the size of the scan."""

    letter: str
    size: int
    scale: float
    scale_bound: float
    offset: float
    offset_bound: float
    maps: tuple[Map, ...]
    """Those that hit every bracket."""

    @property
    def map(self) -> Map | None:
        """The only one, or the one that a convention has."""
        known = [found for found in self.maps if found in CONVENTIONS]
        if len(known) == 1:
            return known[0]
        return self.maps[0] if len(self.maps) == 1 else None

    def told(self) -> str:
        """In words."""
        measured = (
            f"{_measured(self.scale, self.scale_bound)} pixels per unit, {_measured(self.offset, self.offset_bound)} at 0"
            f" ({self.letter} = {self.size})"
        )
        if not self.maps:
            return f"scale {measured}"
        if len(self.maps) > 1:
            return f"scale {measured}: {len(self.maps)} formulas explain it, {self.maps[0].told(self.letter)} among them"
        return f"scale {self.maps[0].told(self.letter)}: {measured}"


@dataclass(frozen=True)
class Ramps:
    """What both ramps say."""

    axis_order: AxisOrder
    x: Line
    y: Line


class NoRampError(Exception):
    """The values of the ramps follow no coordinate; the message says what they do."""


def found_ramps(probe: Probe) -> Ramps:
    """One call.

    Raises:
        TargetFailure: it brought no result.
        NoRampError: the values do not follow the coordinates.
    """
    image = np.ones((4, HEIGHT, WIDTH))
    image[1], image[2], image[3] = np.arange(WIDTH), np.arange(HEIGHT)[:, None], 0.0
    many, few = (400, 200) if probe.fused else (1200, 600)
    scan = np.concatenate([np.linspace(-1.25, 1.25, many), np.linspace(-2.0, HEIGHT + 1.5, few)])
    scan = np.unique(probe.stored(scan))
    held = np.full_like(scan, INSIDE)
    points = np.concatenate([np.stack([scan, held], axis=-1), np.stack([held, scan], axis=-1)])
    values = probe.read(image, points)
    # What a constant fill adds is seen where the image is zero.
    ones, across, down = values[:3] - values[3]
    usable = np.abs(ones) > MOSTLY
    with np.errstate(invalid="ignore", divide="ignore"):
        # Padding with zeros, and a kernel whose outer taps miss the image, scale ramp and constant alike.
        across, down = across / ones, down / ones
    first, second = slice(0, len(scan)), slice(len(scan), None)
    follows = {
        (letter, number): _branch(scan, ramp[part], usable[part], size)
        for letter, ramp, size in (("W", across, WIDTH), ("H", down, HEIGHT))
        for number, part in enumerate((first, second))
    }
    orders: tuple[AxisOrder, AxisOrder] = ("xy", "yx")
    for order, (x, y) in zip(orders, ((0, 1), (1, 0)), strict=True):
        if len(follows["W", x]) > 1 and len(follows["H", y]) > 1:
            if len(follows["W", y]) > 1 or len(follows["H", x]) > 1:
                raise NoRampError("a coordinate moves the sample point along both axes")
            return Ramps(
                order, _line(probe, "W", WIDTH, follows["W", x]), _line(probe, "H", HEIGHT, follows["H", y])
            )
    seen = across[usable & np.isfinite(across)]
    extent = f"lie between {seen.min():.4g} and {seen.max():.4g}" if seen.size else "are no numbers"
    raise NoRampError(f"the values of a ramp along x follow no coordinate: they {extent}")


def _measured(value: float, bound: float) -> str:
    """To one digit more than its bound."""
    decimals = 1 - math.floor(math.log10(bound)) if bound > 0 else 6
    return f"{round(value, decimals) + 0.0:g} ± {bound:.1g}"


def _branch(scan: Array, values: Array, usable: Array, size: int) -> list[Crossing]:
    """The crossings of the branch that goes through the image: mirrors and repetitions of it are left out."""
    levels = np.arange(1.5, size - 2)
    found: list[Crossing] = []
    for i in range(len(scan) - 1):
        if not (usable[i] and usable[i + 1]):
            continue
        a, b = values[i], values[i + 1]
        for level in levels[(a < levels) != (b < levels)]:
            share = (level - a) / (b - a) if abs(b - a) < MOSTLY else 0.5
            near = float(scan[i] + share * (scan[i + 1] - scan[i]))
            found.append(Crossing(float(level), float(scan[i]), float(scan[i + 1]), near, bool(b > a)))
    runs: list[list[Crossing]] = []
    for crossing in found:
        if runs and _continues(runs[-1][-1], crossing):
            runs[-1].append(crossing)
        else:
            runs.append([crossing])
    # The seam where an image repeats itself crosses every level within a pixel: it is no image.
    longest = max((_extent(run) for run in runs), default=0.0)
    return min((run for run in runs if 2 * _extent(run) > longest), key=_distance, default=[])


def _extent(run: list[Crossing]) -> float:
    return run[-1].near - run[0].near


def _distance(run: list[Crossing]) -> float:
    return max(run[0].near - INSIDE, INSIDE - run[-1].near, 0.0)


def _continues(one: Crossing, next_: Crossing) -> bool:
    step = 1.0 if one.rising else -1.0
    return one.rising == next_.rising and next_.level - one.level == step


def _line(probe: Probe, letter: str, size: int, crossings: list[Crossing]) -> Line:
    first, last = crossings[0], crossings[-1]
    scale = (last.level - first.level) / (last.near - first.near)
    margins = [_margin(crossing, 0.0) for crossing in crossings]
    maps: list[Map] = []
    for number, arithmetic in enumerate(probe.arithmetics()):
        # The bracket, and how far rounding may move the place of a level.
        moved = float(position_error(np.array(size), size, arithmetic, fused=probe.fused)) / abs(scale)
        widened = [_margin(crossing, moved) for crossing in crossings]
        maps = [Map(s, o) for s in SCALES for o in OFFSETS if _hits(Map(s, o), size, crossings, widened)]
        if number == 0:
            margins = widened
        if maps:
            # A coarse arithmetic that explains several explains nothing.
            maps = maps if number == 0 or len(maps) == 1 else []
            break
    spread = margins[0] + margins[-1]
    scale_bound = abs(scale) * spread / max(last.near - first.near - spread, spread)
    offset = first.level - scale * first.near
    offset_bound = scale_bound * abs(first.near) + abs(scale) * margins[0]
    return Line(letter, size, scale, scale_bound, offset, offset_bound, tuple(maps))


def _margin(crossing: Crossing, moved: float) -> float:
    return max(crossing.high - crossing.near, crossing.near - crossing.low) + moved


def _hits(tried: Map, size: int, crossings: list[Crossing], margins: list[float]) -> bool:
    scale, offset = tried.scale.at(size), tried.offset.at(size)
    return all(
        abs((c.level - offset) / scale - c.near) <= margin
        for c, margin in zip(crossings, margins, strict=True)
    )
