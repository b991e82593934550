"""Gradients of the sampler (Jaderberg et al. 2015, equations 6 and 7) over the extended image."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_image, as_real, check_shape
from stn_reference.coordinates import pixel_scale
from stn_reference.interpolation import CUBIC, Kernel, as_kernel
from stn_reference.parts import cuts, each, groups
from stn_reference.planes import Planes
from stn_reference.sampler import as_points, check_scene, grid_to_pixels
from stn_reference.stencil import Stencil


def sample_pixels_vjp(
    image: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    cotangent: npt.ArrayLike,
    *,
    z: npt.ArrayLike | None = None,
    padding: str,
    align_corners: bool,
    subgradient: str = "right",
    interpolation: str = "bilinear",
    ties: str = "even",
    cubic: float = CUBIC,
) -> tuple[Array, ...]:
    """The gradient of sum(cotangent * sample_pixels(image, x, y)).

    Args:
        image: [N, C, H, W], or a volume [N, C, D, H, W].
        x, y: [N, Ho, Wo], or [N, Do, Ho, Wo], in pixels.
        cotangent: [N, C, Ho, Wo], or [N, C, Do, Ho, Wo].
        z: as x, of a volume alone.
        padding: one of PADDINGS.
        align_corners: only reflection depends on it here.
        subgradient: one of SUBGRADIENTS; of bilinear, as bicubic has no kinks and nearest no slope.
        interpolation, ties, cubic: as sample_pixels.

    Returns:
        grad_image: float64, of the image's shape; points with a non-finite coordinate add nothing.
        grad_x, grad_y[, grad_z]: float64, of x's shape, per pixel, with nearest 0; NaN at such points.

    Raises:
        ReferenceArgumentError: as sample_pixels, a cotangent of another shape, an unknown subgradient.
    """
    pixels = as_image(image)
    kernel = as_kernel(interpolation, ties=ties, cubic=cubic, subgradient=subgradient, axes=pixels.ndim - 2)
    points = as_points(pixels, x, y, z)
    grad_image, by_pixel = gradients_at(pixels, points, cotangent, kernel, padding, align_corners)
    return grad_image, *(by_pixel[:, along] for along in range(len(points)))


def sample_vjp(
    image: npt.ArrayLike,
    grid: npt.ArrayLike,
    cotangent: npt.ArrayLike,
    *,
    padding: str,
    align_corners: bool,
    subgradient: str = "right",
    interpolation: str = "bilinear",
    ties: str = "even",
    cubic: float = CUBIC,
) -> tuple[Array, Array]:
    """The gradient of sum(cotangent * sample(image, grid)).

    Args:
        image: [N, C, H, W], or a volume [N, C, D, H, W].
        grid: [N, Ho, Wo, 2], (x, y), or [N, Do, Ho, Wo, 3], (x, y, z), normalised.
        cotangent: [N, C, Ho, Wo], or [N, C, Do, Ho, Wo].
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie.
        subgradient, interpolation, ties, cubic: as sample_pixels_vjp.

    Returns:
        grad_image: float64, of the image's shape.
        grad_grid: float64, of the grid's shape, per normalised unit; NaN where a coordinate is not finite.

    Raises:
        ReferenceArgumentError: as sample_pixels_vjp.
    """
    pixels = as_image(image)
    kernel = as_kernel(interpolation, ties=ties, cubic=cubic, subgradient=subgradient, axes=pixels.ndim - 2)
    size = pixels.shape[2:]
    points = grid_to_pixels(grid, size, align_corners)
    grad_image, by_pixel = gradients_at(pixels, points, cotangent, kernel, padding, align_corners)
    return grad_image, np.ascontiguousarray(grid_gradient(by_pixel, size, align_corners))


def gradients_at(
    image: Array,
    points: Sequence[Array],
    cotangent: npt.ArrayLike,
    kernel: Kernel,
    padding: str,
    align_corners: bool,
) -> tuple[Array, Array]:
    """sample_pixels_vjp at x, y[, z] by a kernel; the coordinates' gradients as one array, x first.

    Raises:
        ReferenceArgumentError: as sample_pixels_vjp.
    """
    size = check_scene(image, points, padding, align_corners)
    received = as_real("cotangent", cotangent)
    check_shape("cotangent", received, (*image.shape[:2], *size))
    count, channels = image.shape[:2]
    coordinates = [x.reshape(count, prod(size)) for x in points]
    weighed = received.reshape(count, channels, prod(size))
    grad_image, by_pixel = np.empty(image.shape), np.empty((count, len(points), prod(size)))

    def work(images: slice) -> None:
        planes = Planes(image[images])
        sums = planes.zeros()
        for cut in cuts(channels, prod(size)):
            stencil = Stencil(planes, [x[images, cut] for x in coordinates], kernel, padding, align_corners)
            v = np.moveaxis(weighed[images, :, cut], 1, 0).reshape(channels, len(stencil.finite))
            with np.errstate(invalid="ignore", over="ignore"):
                _add_terms(sums, v, stencil)
                for along in range(len(points)):
                    slope = np.where(stencil.finite, stencil.slope(v, along), np.nan)
                    by_pixel[images, along, cut] = slope.reshape(-1, cut.stop - cut.start)
        grad_image[images] = planes.image(sums)

    each(work, groups(count, channels, prod(size)))
    return grad_image, by_pixel.reshape(count, len(points), *size)


def grid_gradient(by_pixel: Array, image_size: Sequence[int], align_corners: bool) -> Array:
    """Gradients per pixel [N, D, ...], x first, as one per normalised unit [N, ..., D], over an image of (H, W) or (D, H, W).

    They are scaled in place: the result is a view of them.
    """
    grad_grid = np.moveaxis(by_pixel, 1, -1)
    with np.errstate(invalid="ignore", over="ignore"):
        # Chain rule: dV/dg = dV/dx dx/dg, and dx/dg is the pixel scale.
        for k, length in enumerate(reversed(image_size)):
            grad_grid[..., k] *= pixel_scale(length, align_corners)
    return grad_grid


def _add_terms(sums: Array, v: Array, stencil: Stencil) -> None:
    for address, weight in stencil.terms():
        # Equation 6: dL/dU_nm = sum over the points of dL/dV k(x - m) k(y - n).
        for channel, terms in enumerate(v * weight):
            np.add.at(sums[channel], address, terms)
