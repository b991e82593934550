"""Grid generator and sampler together.

Affine transformations and translations stay in pixel coordinates all the way, formed around the image's centre: no
normalised grid is rounded. Every other family goes through its normalised grid.
"""

from collections.abc import Sequence

import numpy.typing as npt

from stn_reference.arguments import Array, as_image
from stn_reference.generators.family import Family
from stn_reference.generators.registry import as_family
from stn_reference.gradients import grid_gradient, sample_pixels_vjp
from stn_reference.sampler import grid_to_pixels, sample_pixels


def transform(
    image: npt.ArrayLike,
    theta: npt.ArrayLike,
    size: Sequence[int],
    *,
    padding: str,
    align_corners: bool,
    family: str | Family = "affine",
) -> Array:
    """The image under a transformation; the identity of an affine or a translation returns it bit for bit.

    Only these two are formed around the image's centre. The others pass through their normalised grid, whose
    rounding grows with the distance from the centre.

    Args:
        image: [N, C, H, W].
        theta: as the family takes it, in normalised units, from output to image; affine: [N, 2, 3] or [N, 2].
        size: (Ho, Wo).
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie, in both image and output.
        family: a name in FAMILIES, or a Family.

    Returns:
        [N, C, Ho, Wo] float64; NaN where a coordinate is not finite.

    Raises:
        ReferenceArgumentError: as the family's grid and sample, an unknown family.
    """
    pixels = as_image(image)
    x, y = _points(as_family(family), theta, size, (pixels.shape[2], pixels.shape[3]), align_corners)
    return sample_pixels(pixels, x, y, padding=padding, align_corners=align_corners)


def transform_vjp(
    image: npt.ArrayLike,
    theta: npt.ArrayLike,
    size: Sequence[int],
    cotangent: npt.ArrayLike,
    *,
    padding: str,
    align_corners: bool,
    subgradient: str = "right",
    family: str | Family = "affine",
) -> tuple[Array, Array]:
    """The gradient of sum(cotangent * transform(image, theta, size)).

    Args:
        image: [N, C, H, W].
        theta: as the family takes it, in normalised units.
        size: (Ho, Wo).
        cotangent: [N, C, Ho, Wo].
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie, in both image and output.
        subgradient: one of SUBGRADIENTS.
        family: a name in FAMILIES, or a Family.

    Returns:
        grad_image: [N, C, H, W] float64.
        grad_theta: float64, of theta's shape; NaN in what moves a point with a non-finite coordinate.

    Raises:
        ReferenceArgumentError: as transform, a cotangent of another shape, an unknown subgradient.
    """
    pixels = as_image(image)
    height, width = pixels.shape[2:]
    chosen = as_family(family)
    x, y = _points(chosen, theta, size, (height, width), align_corners)
    grad_image, grad_x, grad_y = sample_pixels_vjp(
        pixels, x, y, cotangent, padding=padding, align_corners=align_corners, subgradient=subgradient
    )
    grad_grid = grid_gradient(grad_x, grad_y, (height, width), align_corners)
    return grad_image, chosen.vjp(theta, size, grad_grid, align_corners=align_corners)


def _points(
    family: Family,
    theta: npt.ArrayLike,
    size: Sequence[int],
    image_size: tuple[int, int],
    align_corners: bool,
) -> tuple[Array, Array]:
    """x and y [N, Ho, Wo] in pixels."""
    if family.pixels is not None:
        return family.pixels(theta, size, image_size, align_corners=align_corners)
    grid = family.grid(theta, size, align_corners=align_corners)
    return grid_to_pixels(grid, image_size, align_corners)
