"""Grid generator and sampler together, in pixel coordinates all the way: no normalised grid is rounded."""

from collections.abc import Sequence

import numpy.typing as npt

from stn_reference.arguments import Array, as_image
from stn_reference.gradients import grid_gradient, sample_pixels_vjp
from stn_reference.grid_generator import affine_grid_vjp, affine_pixels
from stn_reference.sampler import sample_pixels


def transform(
    image: npt.ArrayLike, theta: npt.ArrayLike, size: Sequence[int], *, padding: str, align_corners: bool
) -> Array:
    """The image under an affine transformation or a translation; the identity theta returns it bit for bit.

    Args:
        image: [N, C, H, W].
        theta: [N, 2, 3] or [N, 2], in normalised units, from output to image.
        size: (Ho, Wo).
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie, in both image and output.

    Returns:
        [N, C, Ho, Wo] float64; NaN where a coordinate is not finite.

    Raises:
        ReferenceArgumentError: as affine_grid and sample.
    """
    pixels = as_image(image)
    x, y = affine_pixels(theta, size, pixels.shape[2:], align_corners=align_corners)
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
) -> tuple[Array, Array]:
    """The gradient of sum(cotangent * transform(image, theta, size)).

    Args:
        image: [N, C, H, W].
        theta: [N, 2, 3] or [N, 2], in normalised units.
        size: (Ho, Wo).
        cotangent: [N, C, Ho, Wo].
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie, in both image and output.
        subgradient: one of SUBGRADIENTS.

    Returns:
        grad_image: [N, C, H, W] float64.
        grad_theta: float64, of theta's shape; NaN where a sample of the batch has a non-finite coordinate.

    Raises:
        ReferenceArgumentError: as transform, a cotangent of another shape, an unknown subgradient.
    """
    pixels = as_image(image)
    height, width = pixels.shape[2:]
    x, y = affine_pixels(theta, size, (height, width), align_corners=align_corners)
    grad_image, grad_x, grad_y = sample_pixels_vjp(
        pixels, x, y, cotangent, padding=padding, align_corners=align_corners, subgradient=subgradient
    )
    grad_grid = grid_gradient(grad_x, grad_y, (height, width), align_corners)
    return grad_image, affine_grid_vjp(theta, size, grad_grid, align_corners=align_corners)
