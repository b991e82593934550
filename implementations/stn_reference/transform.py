"""Grid generator and sampler together.

Affine transformations and translations stay in pixel coordinates all the way, formed around the image's centre: no
normalised grid is rounded. Every other family goes through its normalised grid.
"""

from collections.abc import Sequence

import numpy.typing as npt

from stn_reference.arguments import Array, as_image
from stn_reference.generators.family import Family
from stn_reference.generators.registry import as_family
from stn_reference.gradients import gradients_at, grid_gradient
from stn_reference.interpolation import CUBIC, as_kernel
from stn_reference.sampler import grid_to_pixels, sample_at


def transform(
    image: npt.ArrayLike,
    theta: npt.ArrayLike,
    size: Sequence[int],
    *,
    padding: str,
    align_corners: bool,
    family: str | Family = "affine",
    interpolation: str = "bilinear",
    ties: str = "even",
    cubic: float = CUBIC,
) -> Array:
    """The image under a transformation; the identity of an affine or a translation returns it bit for bit.

    Only these two are formed around the image's centre. The others pass through their normalised grid, whose
    rounding grows with the distance from the centre.

    Args:
        image: [N, C, H, W], or a volume [N, C, D, H, W].
        theta: as the family takes it, in normalised units, from output to image; affine: [N, 2, 3] or [N, 2], and
            [N, 3, 4] of a volume. The other families are of images.
        size: (Ho, Wo), or (Do, Ho, Wo).
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie, in both image and output.
        family: a name in FAMILIES, or a Family.
        interpolation, ties, cubic: as sample_pixels.

    Returns:
        [N, C, Ho, Wo] or [N, C, Do, Ho, Wo] float64; NaN where a coordinate is not finite.

    Raises:
        ReferenceArgumentError: as the family's grid and sample, an unknown family.
    """
    pixels = as_image(image)
    kernel = as_kernel(interpolation, ties=ties, cubic=cubic, subgradient="right", axes=pixels.ndim - 2)
    points = _points(as_family(family), theta, size, pixels.shape[2:], align_corners)
    return sample_at(pixels, points, kernel, padding, align_corners)


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
    interpolation: str = "bilinear",
    ties: str = "even",
    cubic: float = CUBIC,
) -> tuple[Array, Array]:
    """The gradient of sum(cotangent * transform(image, theta, size)).

    Args:
        image: [N, C, H, W], or a volume [N, C, D, H, W].
        theta: as transform.
        size: (Ho, Wo), or (Do, Ho, Wo).
        cotangent: [N, C, Ho, Wo], or [N, C, Do, Ho, Wo].
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie, in both image and output.
        family: a name in FAMILIES, or a Family.
        subgradient, interpolation, ties, cubic: as sample_pixels_vjp.

    Returns:
        grad_image: float64, of the image's shape.
        grad_theta: float64, of theta's shape; NaN in what moves a point with a non-finite coordinate.

    Raises:
        ReferenceArgumentError: as transform, a cotangent of another shape, an unknown subgradient.
    """
    pixels = as_image(image)
    kernel = as_kernel(interpolation, ties=ties, cubic=cubic, subgradient=subgradient, axes=pixels.ndim - 2)
    chosen, image_size = as_family(family), pixels.shape[2:]
    points = _points(chosen, theta, size, image_size, align_corners)
    grad_image, by_pixel = gradients_at(pixels, points, cotangent, kernel, padding, align_corners)
    grad_grid = grid_gradient(by_pixel, image_size, align_corners)
    return grad_image, chosen.vjp(theta, size, grad_grid, align_corners=align_corners)


def _points(
    family: Family,
    theta: npt.ArrayLike,
    size: Sequence[int],
    image_size: Sequence[int],
    align_corners: bool,
) -> tuple[Array, ...]:
    """x, y[, z] in pixels, [N, Ho, Wo] or [N, Do, Ho, Wo]."""
    if family.pixels is not None:
        return family.pixels(theta, size, image_size, align_corners=align_corners)
    grid = family.grid(theta, size, align_corners=align_corners)
    return grid_to_pixels(grid, image_size, align_corners)
