"""Similarities: rotation, isotropic scale and translation (Hartley and Zisserman 2004, section 2.4.2)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes
from stn_reference.generators.affine import affine_grid, affine_grid_vjp
from stn_reference.generators.family import Family


def similarity_grid(theta: npt.ArrayLike, size: Sequence[int], *, align_corners: bool) -> Array:
    """Normalised sample points x^s = a x^t - b y^t + tx, y^s = b x^t + a y^t + ty.

    a = s cos(phi) and b = s sin(phi) turn by phi and scale by s: linear in its parameters. It is a similarity
    of normalised coordinates, and of the image where that is square.

    Args:
        theta: [N, 4], (a, b, tx, ty), in normalised units.
        size: (Ho, Wo).
        align_corners: where -1 and 1 lie.

    Returns:
        [N, Ho, Wo, 2] float64, (x, y), normalised.

    Raises:
        ReferenceArgumentError: theta of another shape, a negative size, an align_corners that is no bool.
    """
    return affine_grid(_matrix(_checked(theta)), size, align_corners=align_corners)


def similarity_grid_vjp(
    theta: npt.ArrayLike, size: Sequence[int], cotangent: npt.ArrayLike, *, align_corners: bool
) -> Array:
    """The gradient of sum(cotangent * similarity_grid(theta)) with respect to theta, [N, 4] float64.

    Args:
        theta: [N, 4]; its shape alone matters.
        size: (Ho, Wo).
        cotangent: [N, Ho, Wo, 2], per normalised unit.
        align_corners: where -1 and 1 lie.

    Raises:
        ReferenceArgumentError: as similarity_grid, or a cotangent that is not of the grid's shape.
    """
    g = affine_grid_vjp(_matrix(_checked(theta)), size, cotangent, align_corners=align_corners)
    with np.errstate(invalid="ignore", over="ignore"):
        # d (t11, t22) / da = (1, 1), d (t12, t21) / db = (-1, 1), d t13 / d tx = 1, d t23 / d ty = 1.
        along, across = g[:, 0, 0] + g[:, 1, 1], g[:, 1, 0] - g[:, 0, 1]
    return np.stack([along, across, g[:, 0, 2], g[:, 1, 2]], axis=-1)


def _checked(theta: npt.ArrayLike) -> Array:
    return as_axes("theta", theta, "N 4")


def _matrix(theta: Array) -> Array:
    a, b, tx, ty = theta.T
    # A = [a -b tx; b a ty].
    return np.stack([np.stack([a, -b, tx], axis=-1), np.stack([b, a, ty], axis=-1)], axis=1)


def _neutral(shape: tuple[int, ...]) -> Array:
    return np.broadcast_to([1.0, 0.0, 0.0, 0.0], shape).copy()


SIMILARITY = Family(
    name="similarity", axes=("N", 4), grid=similarity_grid, vjp=similarity_grid_vjp, neutral=_neutral
)
