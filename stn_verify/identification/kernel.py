"""Which kernel interpolates: the response to a single lit pixel, slid along each axis."""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.probing import value_error
from stn_verify.formats import Array
from stn_verify.identification.geometry import Geometry
from stn_verify.identification.kernels import NAMED_A, Kernel, cubic_share, cubic_without, hat

TOLD = (0.0, 0.25, 0.75, 1.0, 1.25, 1.75)
"""Distances at which a response that is no known kernel's is told."""

OFF = 0.0107

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
    image = np.zeros((1, height, width))
    image[0, row, column] = 1.0
    still = np.zeros_like(steps)
    points = geometry.points(column + np.concatenate([steps, still]), row + np.concatenate([still, steps]))
    values = geometry.probe.read(image, points.native)[0]
    across = np.arange(len(values)) < len(steps)
    distance = np.where(across, points.x - column, points.y - row)
    for number, arithmetic in enumerate(geometry.probe.arithmetics()):
        error_x, error_y = geometry.errors(points, arithmetic)
        response = Response(distance, values, error_x + error_y)
        explaining = [
            kernel
            for kernel in (
                _hat(response, arithmetic),
                _box(response, arithmetic),
                _cubic(response, arithmetic),
            )
            if kernel is not None
        ]
        if len(explaining) == 1 or (explaining and number == 0):
            return explaining, arithmetic.compute.name, None
        if explaining:
            # A coarse arithmetic that explains several explains nothing.
            break
    seen = ", ".join(f"{values[across][np.argmin(np.abs(distance[across] - d))]:.4g} at {d:g}" for d in TOLD)
    return [], "none", f"a lit pixel is seen from pixels away along x as {seen}"


def _hat(response: Response, arithmetic: Arithmetic) -> Kernel | None:
    expected = hat(response.distance)
    bound = value_error(np.abs(expected), response.moved, arithmetic)
    return Kernel("bilinear") if np.all(np.abs(response.value - expected) <= bound) else None


def _box(response: Response, arithmetic: Arithmetic) -> Kernel | None:
    clear = np.abs(np.abs(response.distance) - 0.5) > response.moved
    expected = (np.abs(response.distance) < 0.5).astype(np.float64)
    bound = value_error(expected, np.zeros_like(expected), arithmetic)
    right = np.abs(response.value - expected) <= bound
    return Kernel("nearest") if np.all(clear) and np.all(right) else None


def _cubic(response: Response, arithmetic: Arithmetic) -> Kernel | None:
    """The least-squares a, which every value has to agree with."""
    fixed, share = cubic_without(response.distance), cubic_share(response.distance)
    kernel = Kernel("bicubic", -1.0)
    moved = STEEPEST_CUBIC * response.moved
    bound = value_error(np.ones_like(fixed), moved, arithmetic, weights=2 * kernel.roundings)
    square = float(share @ share)
    a = float(share @ (response.value - fixed)) / square
    a_bound = float(np.abs(share) @ bound) / square
    if not -1 - a_bound <= a <= a_bound:
        return None
    if np.any(np.abs(response.value - fixed - a * share) > bound + np.abs(share) * a_bound):
        return None
    named = [known for known in NAMED_A if abs(a - known) <= a_bound]
    return Kernel("bicubic", named[0] if len(named) == 1 else a, a_bound)
