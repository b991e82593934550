"""Thin plate splines (Bookstein 1989): the smoothest map that takes K control points where theta says."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, check_shape
from stn_reference.generators.control_points import as_control, square_lattice
from stn_reference.generators.family import Family
from stn_reference.generators.spline import basis, coefficients
from stn_reference.generators.target_grid import as_planes, target_axes


def thin_plate_grid(
    theta: npt.ArrayLike, size: Sequence[int], *, align_corners: bool, control: npt.ArrayLike | None = None
) -> Array:
    """Normalised sample points of the spline that takes each control point to its row of theta.

    Both coordinates of p = (x^t, y^t) are a0 + a1 x^t + a2 y^t + sum_k w_k U(|p - c_k|), U(r) = r^2 log r^2.
    theta = control is the identity, up to rounding.

    Args:
        theta: [N, K, 2], the source positions (x, y) of the control points, normalised.
        size: (Ho, Wo).
        align_corners: where -1 and 1 lie.
        control: [K, 2], the target positions (x, y) of the control points, normalised, wherever; by
            default the square lattice of K points.

    Returns:
        [N, Ho, Wo, 2] float64, (x, y), normalised.

    Raises:
        ReferenceArgumentError: theta of another shape, a negative size, an align_corners that is no bool; control
            points that are fewer than 3, not finite, coincident or collinear, the latter two within the
            rounding of their positions, or that float64 cannot tell apart; by default, a K that is no square.
    """
    moved, positions = _checked(theta, control)
    xt, yt = target_axes(size, align_corners)
    weights = basis(positions, xt, yt)
    with np.errstate(invalid="ignore", over="ignore"):
        # Linear in theta: grid = B(p) theta.
        grid = np.asarray(np.matmul(weights, moved))
    return grid.reshape(moved.shape[0], yt.shape[0], xt.shape[0], 2)


def thin_plate_grid_vjp(
    theta: npt.ArrayLike,
    size: Sequence[int],
    cotangent: npt.ArrayLike,
    *,
    align_corners: bool,
    control: npt.ArrayLike | None = None,
) -> Array:
    """The gradient of sum(cotangent * thin_plate_grid(theta)) with respect to theta.

    Args:
        theta: [N, K, 2]; its shape alone matters.
        size: (Ho, Wo).
        cotangent: [N, Ho, Wo, 2], per normalised unit.
        align_corners: where -1 and 1 lie.
        control: [K, 2], as thin_plate_grid takes it; it gets no gradient.

    Returns:
        [N, K, 2] float64.

    Raises:
        ReferenceArgumentError: as thin_plate_grid, or a cotangent that is not of the grid's shape.
    """
    moved, positions = _checked(theta, control)
    xt, yt = target_axes(size, align_corners)
    count, points = moved.shape[0], yt.shape[0] * xt.shape[0]
    planes = as_planes(cotangent, count, size).reshape(count, 2, points)
    with np.errstate(invalid="ignore", over="ignore"):
        # d grid(p) / d theta_k = B(p)_k.
        gradient = np.matmul(planes, basis(positions, xt, yt))
    return np.ascontiguousarray(np.moveaxis(gradient, 1, -1))


def thin_plate_family(control: npt.ArrayLike) -> Family:
    """The thin plate splines with these control points [K, 2], (x, y), normalised.

    Raises:
        ReferenceArgumentError: control points as thin_plate_grid refuses them.
    """
    # A copy, so that what the caller does to its own later changes nothing.
    positions = as_control(control).copy()
    # What no call could use is refused here.
    coefficients(positions)
    return Family(
        name="thin_plate",
        axes=("N", len(positions), 2),
        grid=partial(thin_plate_grid, control=positions),
        vjp=partial(thin_plate_grid_vjp, control=positions),
        neutral=lambda shape: np.broadcast_to(positions, shape).copy(),
    )


def _checked(theta: npt.ArrayLike, control: npt.ArrayLike | None) -> tuple[Array, Array]:
    """theta [N, K, 2] and control [K, 2]."""
    moved = as_axes("theta", theta, "N K 2")
    if control is None:
        return moved, square_lattice(moved.shape[1])
    positions = as_control(control)
    check_shape("theta", moved, (moved.shape[0], *positions.shape))
    return moved, positions


def _neutral(shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(square_lattice(shape[1]), shape).copy()


THIN_PLATE = Family(
    name="thin_plate", axes=("N", "K", 2), grid=thin_plate_grid, vjp=thin_plate_grid_vjp, neutral=_neutral
)
