"""What stands outside the image, and what a box does at its ties."""

import numpy as np

from stn_verify.formats import Array
from stn_verify.identification.geometry import Geometry, Points
from stn_verify.identification.kernel import OFF
from stn_verify.identification.kernels import ROUNDINGS, Kernel
from stn_verify.identification.model import Model, Padding


def found_paddings(geometry: Geometry, kernel: Kernel) -> tuple[list[Padding], str, str | None]:
    """The paddings that explain the values, the finest arithmetic in which they do, and the values where none does.

    Those that predict the same are told as one. Two calls. Raises: TargetFailure: they brought no result.
    """
    height, width = geometry.size
    image = geometry.probe.stored(_contrasts((2, height, width)))
    points = _around(geometry)
    far = geometry.points(np.array([-3.0 * width, 0.375]), np.array([height / 2, -3.0 * height]))
    fill = geometry.probe.read(np.zeros_like(image), far.native)
    values = geometry.probe.read(image, points.native)
    candidates = [
        Model(geometry, kernel, padding) for padding in _candidates(kernel, float(fill[0, 0]), geometry)
    ]
    for number, arithmetic in enumerate(geometry.probe.arithmetics()):
        explaining = [model for model in candidates if model.explains(values, image, points, arithmetic)]
        distinct: list[Model] = []
        for model in explaining:
            same = [np.array_equal(model.values(image, points), d.values(image, points)) for d in distinct]
            if not any(same):
                distinct.append(model)
        if len(distinct) > 1 and number:
            # A coarse arithmetic that explains several explains nothing.
            break
        if distinct:
            return [model.padding for model in distinct], arithmetic.compute.name, None
    return [], "none", _told(geometry)


def found_ties(geometry: Geometry, padding: Padding) -> list[str]:
    """The rules that explain which of two pixels the nearest kernel takes half-way between them; one call.

    Raises: TargetFailure: it brought no result.
    """
    height, width = geometry.size
    if not (geometry.x.exact and geometry.y.exact):
        return []
    image = np.stack([np.broadcast_to(np.arange(1.0, width + 1), (height, width)), np.zeros((height, width))])
    image[1] = np.arange(1.0, height + 1)[:, None]
    half_x, half_y = np.arange(-1.0, width) + 0.5, np.arange(-1.0, height) + 0.5
    points = geometry.points(
        np.concatenate([half_x, np.full(len(half_y), 2.0)]),
        np.concatenate([np.full(len(half_x), 2.0), half_y]),
    )
    found = geometry.probe.read(image, points.native)
    across, down = found[0, : len(half_x)] - 1, found[1, len(half_x) :] - 1
    inner = [
        rule for rule in ROUNDINGS if _follows(rule, half_x, across, padding, width, slice(1, -1), geometry)
    ]
    inner = [rule for rule in inner if _follows(rule, half_y, down, padding, height, slice(1, -1), geometry)]
    # The outer ties tell more, where the coordinate is not clipped or folded before it is rounded.
    outer = [rule for rule in inner if _follows(rule, half_x, across, padding, width, slice(None), geometry)]
    return outer or inner


def _follows(
    rule: str, halves: Array, picked: Array, padding: Padding, size: int, part: slice, geometry: Geometry
) -> bool:
    expected = Model(geometry, Kernel("nearest"), padding).picked(halves, size, rule)
    filled = np.where(expected < 0, padding.fill - 1, expected)
    return bool(np.array_equal(picked[part], filled[part]))


def _candidates(kernel: Kernel, fill: float, geometry: Geometry) -> list[Padding]:
    found = [Padding("zeros", fill=fill if np.isfinite(fill) else 0.0)]
    found += [
        Padding("border"),
        Padding("reflection", "centres"),
        Padding("reflection", "edges"),
        Padding("wrap"),
    ]
    found += [Padding("zeros", fill=found[0].fill, cut=cut) for cut in ("centres", "edges")]
    found += [Padding("border", fill=found[0].fill, cut="edges")]
    # Where -1 and 1 are the outer pixels' centres, a clipped grid is the border.
    ends = geometry.x.pixels(np.array([-1.0, 1.0]))
    clips = ends[0] < 0 and ends[1] > geometry.x.size - 1
    return [*found, Padding("zeros", clipped=True)] if clips else found


def _around(geometry: Geometry) -> Points:
    """Along x, along y and in the corners, from two images away to two images beyond; no point on a tie or a kink."""
    height, width = geometry.size
    lines = []
    for size in (width, height):
        coarse, fine = np.arange(-2 * size - 0.125, 3 * size + 1, 0.625), np.arange(-1.875, 0.25, 0.25)
        line = np.concatenate([coarse, fine, size - 1 - fine, size / 2 + fine])
        lines.append(line[np.abs(2 * line - np.rint(2 * line)) > 0.1])
    # On no multiple of a power of two: coordinates and weights of a few bits show.
    across, down = (line + OFF for line in lines)
    corners = min(len(across), len(down)) // 2
    x = np.concatenate([across, np.full(len(down), width // 2 + 0.25), across[:corners]])
    y = np.concatenate([np.full(len(across), height // 2 - 0.375), down, down[:corners]])
    return geometry.points(x, y)


def _contrasts(shape: tuple[int, ...]) -> Array:
    """Pixels of both signs and no small ones, no two alike."""
    random = np.random.default_rng(11)
    return random.uniform(4.0, 8.0, shape) * np.where(random.random(shape) < 0.5, -1.0, 1.0)


def _told(geometry: Geometry) -> str:
    """How a constant and a ramp look outside, for a person."""
    height, width = geometry.size
    beyond = np.array([0.25, 0.75, 1.25])
    places = np.concatenate([-beyond, width - 1 + beyond])
    points = geometry.points(places, np.full(len(places), float(height // 2)))
    image = np.ones((2, height, width))
    image[1] = np.arange(width)
    ones, ramp = geometry.probe.read(image, points.native)
    seen = ", ".join(
        f"{one:.4g} and {r:.4g} at {place:g}" for place, one, r in zip(places, ones, ramp, strict=True)
    )
    return f"along x, {width} pixels of 1 and of a ramp are read as {seen}"
