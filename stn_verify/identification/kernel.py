"""Which kernel interpolates: the response to a single lit pixel, slid along each axis."""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.probing import value_error
from stn_verify.formats import Array
from stn_verify.identification.geometry import Geometry
from stn_verify.identification.kernels import NAMED_A, Kernel, cubic, cubic_share, cubic_without, hat

TOLD = (0.0, 0.25, 0.75, 1.0, 1.25, 1.75)
"""Distances at which a response that is no known kernel's is told."""

OFF = 0.0107

RANGE_OF_A = 1.0
"""Cubic kernels in use have -1 <= a <= 0."""

STEEPEST_CUBIC = 1.5
"""A bound of |h'| for -1 <= a <= 0: (a+3)^2 / (3 (a+2)) at a = 0."""


@dataclass(frozen=True)
class Response:
    """[M]: distances from the lit pixel, values, and how far either coordinate may be off."""

    distance: Array
    value: Array
    moved: Array


def found_kernel(geometry: Geometry) -> tuple[list[Kernel], str, str | None]:
    """The kernels that explain the response, the finest arithmetic in which they do, and the response where none does.

    One call. Raises: TargetFailure: it brought no result.
    """
    height, width = geometry.size
    row, column = height // 2, width // 2
    # On no multiple of a power of two: coordinates and weights of a few bits show. The ties of a box are told by other means.
    steps = np.arange(-44.0, 45.0) / 16 + OFF
    steps = steps[np.abs(np.abs(steps) % 1 - 0.5) > 2 * OFF]
    image = np.zeros((2, height, width))
    image[0, row, column] = 1.0
    still = np.zeros_like(steps)
    points = geometry.points(column + np.concatenate([steps, still]), row + np.concatenate([still, steps]))
    lit, dark = geometry.probe.read(image, points.native)
    # A constant fill is seen in the dark.
    values = lit - dark
    across = np.arange(len(values)) < len(steps)
    distance = np.where(across, points.x - column, points.y - row)
    for number, arithmetic in enumerate(geometry.probe.arithmetics()):
        error_x, error_y = geometry.errors(points, arithmetic)
        response = Response(distance, values, error_x + error_y)
        explaining = _explaining(response, arithmetic)
        if len(explaining) == 1 or (explaining and number == 0):
            return explaining, arithmetic.compute.name, None
        if explaining:
            # A coarse arithmetic that explains several explains nothing.
            break
    seen = ", ".join(f"{values[across][np.argmin(np.abs(distance[across] - d))]:.4g} at {d:g}" for d in TOLD)
    return [], "none", f"a lit pixel is seen from pixels away along x as {seen}"


def _explaining(response: Response, arithmetic: Arithmetic) -> list[Kernel]:
    cubic_kernel = _cubic(response, arithmetic)
    narrow = cubic_kernel is not None and cubic_kernel.a_bound < RANGE_OF_A / 2
    found = [cubic_kernel] if cubic_kernel is not None and narrow else []
    for kernel, (expected, bound) in _fixed(response, arithmetic).items():
        if np.all(np.abs(response.value - expected) <= bound):
            found.append(kernel)
            if cubic_kernel is not None and not narrow and not _excludes_cubics(response, expected, bound):
                # The bounds of a cubic are so wide that any would do.
                found.append(cubic_kernel)
    return found


def _fixed(response: Response, arithmetic: Arithmetic) -> dict[Kernel, tuple[Array, Array]]:
    """The kernels without a parameter: what each would be seen as, and its bounds."""
    near = hat(response.distance)
    found = {Kernel("bilinear"): (near, value_error(near, response.moved, arithmetic))}
    if np.all(np.abs(np.abs(response.distance) - 0.5) > response.moved):
        inside = (np.abs(response.distance) < 0.5).astype(np.float64)
        found[Kernel("nearest")] = inside, value_error(inside, np.zeros_like(inside), arithmetic)
    return found


def _excludes_cubics(response: Response, expected: Array, bound: Array) -> bool:
    """Whether what is within these bounds is no cubic's response, whatever its a."""
    cubics = (cubic(response.distance, a) for a in np.linspace(-RANGE_OF_A, 0.0, 33))
    return all(bool(np.any(np.abs(expected - other) > bound)) for other in cubics)


def _cubic(response: Response, arithmetic: Arithmetic) -> Kernel | None:
    """The least-squares a, which every value has to agree with."""
    fixed, share = cubic_without(response.distance), cubic_share(response.distance)
    kernel = Kernel("bicubic", -1.0)
    moved = STEEPEST_CUBIC * response.moved
    bound = value_error(np.ones_like(fixed), moved, arithmetic, weights=2 * kernel.roundings)
    square = float(share @ share)
    a = float(share @ (response.value - fixed)) / square
    a_bound = float(np.abs(share) @ bound) / square
    if not -RANGE_OF_A - a_bound <= a <= a_bound:
        return None
    if np.any(np.abs(response.value - fixed - a * share) > bound + np.abs(share) * a_bound):
        return None
    named = [known for known in NAMED_A if abs(a - known) <= a_bound]
    return Kernel("bicubic", named[0] if len(named) == 1 else a, a_bound)
