"""Projective transformations, or homographies (Hartley and Zisserman 2004, section 2.3)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, check_choice
from stn_reference.errors import ReferenceArgumentError
from stn_reference.generators.family import Family
from stn_reference.generators.target_grid import as_planes, as_points, over_points, target_axes

HORIZONS = ("allowed", "refused")
"""Whether the line whose image lies at infinity may cross the output: computed as IEEE 754 has it, or an error."""


def projective_grid(
    theta: npt.ArrayLike, size: Sequence[int], *, align_corners: bool, horizon: str = "allowed"
) -> Array:
    """Normalised sample points (h11 X + h12 Y + h13, h21 X + h22 Y + h23) / (h31 X + h32 Y + 1), X = x^t, Y = y^t.

    Where the denominator is exactly 0 a coordinate is infinite, or NaN with its numerator 0 too. Points beyond
    that line, with a negative denominator, are computed like any other.

    Args:
        theta: [N, 8], (h11, h12, h13, h21, h22, h23, h31, h32), in normalised units; h33 = 1.
        size: (Ho, Wo).
        align_corners: where -1 and 1 lie.
        horizon: one of HORIZONS. "refused" looks at the whole square [-1, 1]^2 that the output covers with its
            pixels, whatever its size: the denominator may neither vanish nor change its sign there.

    Returns:
        [N, Ho, Wo, 2] float64, (x, y), normalised.

    Raises:
        ReferenceArgumentError: theta of another shape, a negative size, an align_corners that is no bool, an
            unknown horizon, a horizon that is refused.
    """
    check_choice("horizon", horizon, HORIZONS)
    parameters = _checked(theta)
    if horizon == "refused":
        _refuse_horizon(parameters)
    x, y, _ = _projected(parameters, *target_axes(size, align_corners))
    return as_points(x, y)


def projective_grid_vjp(
    theta: npt.ArrayLike, size: Sequence[int], cotangent: npt.ArrayLike, *, align_corners: bool
) -> Array:
    """The gradient of sum(cotangent * projective_grid(theta)) with respect to theta.

    Args:
        theta: [N, 8], as projective_grid takes it.
        size: (Ho, Wo).
        cotangent: [N, Ho, Wo, 2], per normalised unit.
        align_corners: where -1 and 1 lie.

    Returns:
        [N, 8] float64; not finite where a denominator of that sample is exactly 0.

    Raises:
        ReferenceArgumentError: as projective_grid, or a cotangent that is not of the grid's shape.
    """
    parameters = _checked(theta)
    xt, yt = target_axes(size, align_corners)
    planes = as_planes(cotangent, parameters.shape[0], size)
    x, y, denominator = _projected(parameters, xt, yt)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # d x / d (h11, h12, h13) = (X, Y, 1) / d, likewise for y and (h21, h22, h23).
        by_x, by_y = planes[:, 0] / denominator, planes[:, 1] / denominator
        # d (x, y) / d h31 = -(x, y) X / d, and with Y for h32.
        by_d = -(by_x * x + by_y * y)
        return over_points(
            [by_x * xt, by_x * yt, by_x, by_y * xt, by_y * yt, by_y, by_d * xt, by_d * yt]
        )  # fmt: skip


def _checked(theta: npt.ArrayLike) -> Array:
    return as_axes("theta", theta, "N 8")


def _projected(theta: Array, xt: Array, yt: Array) -> tuple[Array, Array, Array]:
    """x, y and the denominator, [N, Ho, Wo] each."""
    h = theta.T[:, :, None, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # (x, y, 1) ~ H (X, Y, 1), H = [h11 h12 h13; h21 h22 h23; h31 h32 1].
        denominator = h[6] * xt + h[7] * yt + 1
        x = (h[0] * xt + h[1] * yt + h[2]) / denominator
        y = (h[3] * xt + h[4] * yt + h[5]) / denominator
    return x, y, denominator


def _refuse_horizon(theta: Array) -> None:
    """Raise unless the denominator is positive on the square, as it is at its centre.

    It is linear, so a corner has the least: 1 - |h31| - |h32|.
    """
    slopes = np.abs(theta[:, 6:])
    # |h31| + |h32| < 1 without rounding: 1 - larger is exact from 1/2 on, and below both are less than 1/2.
    clear = slopes.min(axis=1) < 1 - slopes.max(axis=1)
    for n in np.flatnonzero(~clear):
        h31, h32 = map(float, theta[n, 6:])
        raise ReferenceArgumentError(
            f"theta[{n}] has h31={h31!r} and h32={h32!r}: its line at infinity meets the output; "
            "known: |h31| + |h32| < 1"
        )


def _neutral(shape: tuple[int, ...]) -> Array:
    return np.broadcast_to([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0], shape).copy()


PROJECTIVE = Family(
    name="projective",
    axes=("N", 8),
    grid=projective_grid,
    vjp=projective_grid_vjp,
    neutral=_neutral,
    linear=False,
)
