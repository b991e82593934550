"""Attention: an isotropic scale and a translation (Jaderberg et al. 2015, equation 2)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes
from stn_reference.generators.affine import affine_grid, affine_grid_vjp
from stn_reference.generators.family import Family


def attention_grid(theta: npt.ArrayLike, size: Sequence[int], *, align_corners: bool) -> Array:
    """Normalised sample points x^s = s x^t + tx, y^s = s y^t + ty.

    Args:
        theta: [N, 3], (s, tx, ty): the scale s, which may be negative, and a translation in normalised units.
        size: (Ho, Wo).
        align_corners: where -1 and 1 lie.

    Returns:
        [N, Ho, Wo, 2] float64, (x, y), normalised.

    Raises:
        ReferenceArgumentError: theta of another shape, a negative size, an align_corners that is no bool.
    """
    return affine_grid(_matrix(_checked(theta)), size, align_corners=align_corners)


def attention_grid_vjp(
    theta: npt.ArrayLike, size: Sequence[int], cotangent: npt.ArrayLike, *, align_corners: bool
) -> Array:
    """The gradient of sum(cotangent * attention_grid(theta)) with respect to theta, [N, 3] float64.

    Args:
        theta: [N, 3]; its shape alone matters.
        size: (Ho, Wo).
        cotangent: [N, Ho, Wo, 2], per normalised unit.
        align_corners: where -1 and 1 lie.

    Raises:
        ReferenceArgumentError: as attention_grid, or a cotangent that is not of the grid's shape.
    """
    g = affine_grid_vjp(_matrix(_checked(theta)), size, cotangent, align_corners=align_corners)
    with np.errstate(invalid="ignore", over="ignore"):
        # d (t11, t22) / ds = (1, 1), d t13 / d tx = 1, d t23 / d ty = 1.
        return np.stack([g[:, 0, 0] + g[:, 1, 1], g[:, 0, 2], g[:, 1, 2]], axis=-1)


def _checked(theta: npt.ArrayLike) -> Array:
    return as_axes("theta", theta, "N 3")


def _matrix(theta: Array) -> Array:
    matrix = np.zeros((theta.shape[0], 2, 3))
    # Equation 2: A = [s 0 tx; 0 s ty].
    matrix[:, 0, 0] = matrix[:, 1, 1] = theta[:, 0]
    matrix[:, :, 2] = theta[:, 1:]
    return matrix


def _neutral(shape: tuple[int, ...]) -> Array:
    return np.broadcast_to([1.0, 0.0, 0.0], shape).copy()


ATTENTION = Family(
    name="attention", axes=("N", 3), grid=attention_grid, vjp=attention_grid_vjp, neutral=_neutral
)
