"""Translations: the affine transformations whose linear part is the identity."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes
from stn_reference.generators.affine import affine_grid, affine_grid_vjp, affine_pixels
from stn_reference.generators.family import Family


def translation_grid(theta: npt.ArrayLike, size: Sequence[int], *, align_corners: bool) -> Array:
    """Normalised sample points x^s = x^t + tx, y^s = y^t + ty.

    Args:
        theta: [N, 2], (tx, ty), in normalised units.
        size: (Ho, Wo).
        align_corners: where -1 and 1 lie.

    Returns:
        [N, Ho, Wo, 2] float64, (x, y), normalised.

    Raises:
        ReferenceArgumentError: theta of another shape, a negative size, an align_corners that is no bool.
    """
    return affine_grid(_checked(theta), size, align_corners=align_corners)


def translation_grid_vjp(
    theta: npt.ArrayLike, size: Sequence[int], cotangent: npt.ArrayLike, *, align_corners: bool
) -> Array:
    """The gradient of sum(cotangent * translation_grid(theta)) with respect to theta, [N, 2] float64.

    Args:
        theta: [N, 2]; its shape alone matters.
        size: (Ho, Wo).
        cotangent: [N, Ho, Wo, 2], per normalised unit.
        align_corners: where -1 and 1 lie.

    Raises:
        ReferenceArgumentError: as translation_grid, or a cotangent that is not of the grid's shape.
    """
    return affine_grid_vjp(_checked(theta), size, cotangent, align_corners=align_corners)


def translation_pixels(
    theta: npt.ArrayLike, size: Sequence[int], image_size: Sequence[int], *, align_corners: bool
) -> tuple[Array, ...]:
    """Sample points x and y [N, Ho, Wo] in pixels of an image of (H, W), as affine_pixels forms them.

    Raises:
        ReferenceArgumentError: as translation_grid, or an image_size below 1.
    """
    return affine_pixels(_checked(theta), size, image_size, align_corners=align_corners)


def _checked(theta: npt.ArrayLike) -> Array:
    return as_axes("theta", theta, "N 2")


TRANSLATION = Family(
    name="translation",
    axes=("N", 2),
    grid=translation_grid,
    vjp=translation_grid_vjp,
    neutral=np.zeros,
    pixels=translation_pixels,
)
