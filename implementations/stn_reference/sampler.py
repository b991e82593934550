"""The bilinear sampler (Jaderberg et al. 2015, equation 5) over the extended image."""

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_image, check_shape
from stn_reference.coordinates import to_pixels
from stn_reference.stencil import Neighbour, Stencil, planes


def sample_pixels(
    image: npt.ArrayLike, x: npt.ArrayLike, y: npt.ArrayLike, *, padding: str, align_corners: bool
) -> Array:
    """The image at pixel coordinates.

    Args:
        image: [N, C, H, W].
        x, y: [N, Ho, Wo], in pixels; 0 is the first pixel's centre.
        padding: one of PADDINGS.
        align_corners: only reflection depends on it here.

    Returns:
        [N, C, Ho, Wo] float64; NaN where a coordinate is not finite. A pixel with weight zero is read
        too, so that a non-finite pixel can show in its neighbours (IEEE 754: 0 times infinity).

    Raises:
        ReferenceArgumentError: shapes that do not fit, an unknown padding, an align_corners that is no bool.
    """
    pixels = as_image(image)
    columns, rows = as_axes("x", x, "N Ho Wo"), as_axes("y", y, "N Ho Wo")
    check_shape("x", columns, (pixels.shape[0], *columns.shape[1:]))
    check_shape("y", rows, columns.shape)
    stencil = Stencil(pixels.shape, columns, rows, padding, align_corners)
    flat = planes(pixels)

    def across(row: Neighbour) -> Array:
        left = flat.take(stencil.address(stencil.x.low, row), axis=1)
        right = flat.take(stencil.address(stencil.x.high, row), axis=1)
        left *= stencil.x.low_weight
        right *= stencil.x.high_weight
        left += right
        return left

    with np.errstate(invalid="ignore", over="ignore"):
        # Equation 5: V = sum_n sum_m U_nm max(0, 1-|x-m|) max(0, 1-|y-n|), first along x, then along y.
        values = across(stencil.y.low) * stencil.y.low_weight
        values += across(stencil.y.high) * stencil.y.high_weight
    values[:, ~stencil.finite] = np.nan
    shaped = values.reshape(pixels.shape[1], *columns.shape)
    return np.ascontiguousarray(np.moveaxis(shaped, 0, 1))


def sample(image: npt.ArrayLike, grid: npt.ArrayLike, *, padding: str, align_corners: bool) -> Array:
    """The image at the points of a normalised grid.

    Args:
        image: [N, C, H, W].
        grid: [N, Ho, Wo, 2], (x, y), normalised.
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie.

    Returns:
        [N, C, Ho, Wo] float64; NaN where a coordinate is not finite.

    Raises:
        ReferenceArgumentError: as sample_pixels.
    """
    pixels = as_image(image)
    x, y = grid_to_pixels(grid, (pixels.shape[2], pixels.shape[3]), align_corners)
    return sample_pixels(pixels, x, y, padding=padding, align_corners=align_corners)


def grid_to_pixels(
    grid: npt.ArrayLike, image_size: tuple[int, int], align_corners: bool
) -> tuple[Array, Array]:
    """x and y [N, Ho, Wo] in pixels of a normalised grid [N, Ho, Wo, 2] over an image of (H, W).

    Raises:
        ReferenceArgumentError: a grid of another shape, an align_corners that is no bool.
    """
    points = as_axes("grid", grid, "N Ho Wo 2")
    height, width = image_size
    return to_pixels(points[..., 0], width, align_corners), to_pixels(points[..., 1], height, align_corners)
