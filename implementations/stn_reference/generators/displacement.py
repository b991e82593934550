"""Dense displacement fields: each output pixel has a vector of its own."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_size, check_shape
from stn_reference.generators.family import Family
from stn_reference.generators.target_grid import as_points, target_axes


def displacement_grid(theta: npt.ArrayLike, size: Sequence[int], *, align_corners: bool) -> Array:
    """Normalised sample points x^s_ij = x^t_j + dx_ij, y^s_ij = y^t_i + dy_ij.

    Args:
        theta: [N, Ho, Wo, 2], (dx, dy), in normalised units.
        size: (Ho, Wo), which theta has too.
        align_corners: where -1 and 1 lie.

    Returns:
        [N, Ho, Wo, 2] float64, (x, y), normalised.

    Raises:
        ReferenceArgumentError: theta of another shape, a negative size, an align_corners that is no bool.
    """
    field = _checked(theta, size)
    xt, yt = target_axes(size, align_corners)
    with np.errstate(over="ignore"):
        return as_points(field[..., 0] + xt, field[..., 1] + yt)


def displacement_grid_vjp(
    theta: npt.ArrayLike, size: Sequence[int], cotangent: npt.ArrayLike, *, align_corners: bool
) -> Array:
    """The gradient of sum(cotangent * displacement_grid(theta)) with respect to theta: a copy of the cotangent.

    Args:
        theta: [N, Ho, Wo, 2]; its shape alone matters.
        size: (Ho, Wo).
        cotangent: [N, Ho, Wo, 2], per normalised unit.
        align_corners: where -1 and 1 lie.

    Returns:
        [N, Ho, Wo, 2] float64.

    Raises:
        ReferenceArgumentError: as displacement_grid, or a cotangent that is not of the grid's shape.
    """
    field = _checked(theta, size)
    target_axes(size, align_corners)
    received = as_axes("cotangent", cotangent, "N Ho Wo 2")
    check_shape("cotangent", received, field.shape)
    # d x^s / d dx = 1.
    return received.copy()


def _checked(theta: npt.ArrayLike, size: Sequence[int]) -> Array:
    field = as_axes("theta", theta, "N Ho Wo 2")
    check_shape("theta", field, (field.shape[0], *as_size("size", size, least=0), 2))
    return field


DISPLACEMENT = Family(
    name="displacement",
    axes=("N", "Ho", "Wo", 2),
    grid=displacement_grid,
    vjp=displacement_grid_vjp,
    neutral=np.zeros,
)
