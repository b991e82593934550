"""Control points of thin plate splines: the regular ones, and which ones determine a spline."""

from math import isqrt

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_length
from stn_reference.errors import ReferenceArgumentError

ROUNDOFF = 2.0**-53
"""The unit roundoff of float64."""


def as_control(values: npt.ArrayLike) -> Array:
    """`values` as control points [K, 2] that determine a spline.

    Raises:
        ReferenceArgumentError: fewer than 3 points, a coordinate that is not finite, points that coincide or lie
            on one line within the rounding of their positions.
    """
    control = as_axes("control", values, "K 2")
    if len(control) < 3:
        raise ReferenceArgumentError(f"control has {len(control)} points; known: 3 or more")
    strays = np.flatnonzero(~np.isfinite(control).all(axis=1))
    if strays.size:
        k = int(strays[0])
        raise ReferenceArgumentError(f"control[{k}] is {_spelt(control[k])}; known: finite coordinates")
    reach = float(np.abs(control).max())
    _check_apart(control, reach)
    _check_spread(control, reach)
    return control


def square_lattice(points: int) -> Array:
    """The regular square lattice over [-1, 1]^2 as [K, 2], (x, y), row by row from (-1, -1).

    Raises:
        ReferenceArgumentError: a number that is no square, or below 4.
    """
    count = as_length("points", points, least=0)
    side = isqrt(count)
    if side < 2 or side * side != count:
        raise ReferenceArgumentError(
            f"{count} control points make no square lattice; known: 4, 9, 16 and so on, or control"
        )
    line = (2 * np.arange(side) - (side - 1)) / (side - 1)
    return np.stack([np.tile(line, side), np.repeat(line, side)], axis=-1)


def _check_apart(control: Array, reach: float) -> None:
    with np.errstate(over="ignore"):
        step = control[:, None] - control
        distance = np.hypot(step[..., 0], step[..., 1])
    np.fill_diagonal(distance, np.inf)
    first, second = divmod(int(np.argmin(distance)), len(control))
    # Each coordinate of either is rounded by at most ROUNDOFF reach.
    if distance[first, second] <= 2 * np.sqrt(2) * ROUNDOFF * reach:
        raise ReferenceArgumentError(
            f"control[{first}] and control[{second}] coincide at {_spelt(control[first])}; known: distinct points"
        )


def _check_spread(control: Array, reach: float) -> None:
    # Of unit size, so that nothing overflows.
    unit = control / reach
    _, least = np.linalg.svd(unit - unit.mean(axis=0), compute_uv=False)
    # It is 0 for points on one line. The rounding of the positions, of the quotients and of the mean moves it by at
    # most the Frobenius norm of the change: K points, two coordinates, 3 ROUNDOFF each.
    if least <= 3 * np.sqrt(2 * len(control)) * ROUNDOFF:
        raise ReferenceArgumentError(
            f"control has all {len(control)} points on one line, from {_spelt(control[0])} "
            f"through {_spelt(control[1])}; known: points that are not collinear"
        )


def _spelt(point: Array) -> str:
    x, y = map(float, point)
    return f"({x!r}, {y!r})"
