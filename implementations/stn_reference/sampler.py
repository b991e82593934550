"""The sampler (Jaderberg et al. 2015, equation 3) over the extended image."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_image, check_align_corners, check_choice, check_shape
from stn_reference.coordinates import to_pixels
from stn_reference.errors import ReferenceArgumentError
from stn_reference.extension import PADDINGS
from stn_reference.interpolation import CUBIC, Kernel, as_kernel
from stn_reference.parts import cuts, each, groups
from stn_reference.planes import Planes
from stn_reference.stencil import Stencil

POINT_AXES = {2: "N Ho Wo", 3: "N Do Ho Wo"}
"""Of a coordinate, for images of 2 and of 3 axes."""


def sample_pixels(
    image: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    z: npt.ArrayLike | None = None,
    padding: str,
    align_corners: bool,
    interpolation: str = "bilinear",
    ties: str = "even",
    cubic: float = CUBIC,
) -> Array:
    """The image at pixel coordinates.

    Args:
        image: [N, C, H, W], or a volume [N, C, D, H, W].
        x, y: [N, Ho, Wo], or [N, Do, Ho, Wo], in pixels; 0 is the first pixel's centre.
        z: likewise, of a volume alone.
        padding: one of PADDINGS.
        align_corners: only reflection depends on it here.
        interpolation: one of INTERPOLATIONS; bilinear is trilinear in a volume, where there is no bicubic.
        ties: one of TIES, what nearest takes half-way between two pixels.
        cubic: the parameter a of the bicubic kernel.

    Returns:
        [N, C, Ho, Wo] or [N, C, Do, Ho, Wo] float64; NaN where a coordinate is not finite. A pixel with weight zero is
        read too, so that a non-finite pixel can show in its neighbours (IEEE 754: 0 times infinity).

    Raises:
        ReferenceArgumentError: shapes that do not fit, an unknown choice, an align_corners that is no bool.
    """
    pixels = as_image(image)
    kernel = as_kernel(interpolation, ties=ties, cubic=cubic, subgradient="right", axes=pixels.ndim - 2)
    return sample_at(pixels, as_points(pixels, x, y, z), kernel, padding, align_corners)


def sample(
    image: npt.ArrayLike,
    grid: npt.ArrayLike,
    *,
    padding: str,
    align_corners: bool,
    interpolation: str = "bilinear",
    ties: str = "even",
    cubic: float = CUBIC,
) -> Array:
    """The image at the points of a normalised grid.

    Args:
        image: [N, C, H, W], or a volume [N, C, D, H, W].
        grid: [N, Ho, Wo, 2], (x, y), or [N, Do, Ho, Wo, 3], (x, y, z), normalised.
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie.
        interpolation, ties, cubic: as sample_pixels.

    Returns:
        [N, C, Ho, Wo] or [N, C, Do, Ho, Wo] float64; NaN where a coordinate is not finite.

    Raises:
        ReferenceArgumentError: as sample_pixels.
    """
    pixels = as_image(image)
    kernel = as_kernel(interpolation, ties=ties, cubic=cubic, subgradient="right", axes=pixels.ndim - 2)
    return sample_at(
        pixels, grid_to_pixels(grid, pixels.shape[2:], align_corners), kernel, padding, align_corners
    )


def sample_at(
    image: Array, points: Sequence[Array], kernel: Kernel, padding: str, align_corners: bool
) -> Array:
    """sample_pixels at x, y[, z] by a kernel.

    Raises:
        ReferenceArgumentError: as sample_pixels.
    """
    size = check_scene(image, points, padding, align_corners)
    count, channels = image.shape[:2]
    coordinates = [x.reshape(count, prod(size)) for x in points]
    output = np.empty((count, channels, prod(size)))

    def work(images: slice) -> None:
        planes = Planes(image[images])
        for cut in cuts(channels, prod(size)):
            stencil = Stencil(planes, [x[images, cut] for x in coordinates], kernel, padding, align_corners)
            with np.errstate(invalid="ignore", over="ignore"):
                values = stencil.value()
            if not stencil.finite.all():
                values[:, ~stencil.finite] = np.nan
            target = np.moveaxis(output[images, :, cut], 1, 0)
            target[...] = values.reshape(target.shape)

    each(work, groups(count, channels, prod(size)))
    return output.reshape(count, channels, *size)


def check_scene(image: Array, points: Sequence[Array], padding: str, align_corners: bool) -> tuple[int, ...]:
    """The output's size, (Ho, Wo) or (Do, Ho, Wo).

    Raises:
        ReferenceArgumentError: points of other shapes, an unknown padding, an align_corners that is no bool.
    """
    check_choice("padding", padding, PADDINGS)
    check_align_corners(align_corners)
    shape = points[0].shape[1:]
    for name, coordinates in zip("xyz", points, strict=False):
        check_shape(name, coordinates, (image.shape[0], *shape))
    return shape


def as_points(image: Array, x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike | None) -> tuple[Array, ...]:
    """x, y[, z] of an image with so many axes.

    Raises:
        ReferenceArgumentError: z missing or too much, a wrong number of axes.
    """
    if (z is None) == (image.ndim == 5):
        known = "z with a volume [N, C, D, H, W], None with an image [N, C, H, W]"
        raise ReferenceArgumentError(
            f"z is {'None' if z is None else 'given'} with shape {image.shape}; known: {known}"
        )
    given = {"x": x, "y": y} if z is None else {"x": x, "y": y, "z": z}
    return tuple(as_axes(name, values, POINT_AXES[image.ndim - 2]) for name, values in given.items())


def grid_to_pixels(grid: npt.ArrayLike, image_size: Sequence[int], align_corners: bool) -> tuple[Array, ...]:
    """x, y[, z] in pixels, [N, Ho, Wo] or [N, Do, Ho, Wo], of a normalised grid over an image of (H, W) or (D, H, W).

    Raises:
        ReferenceArgumentError: a grid of another shape, an align_corners that is no bool.
    """
    axes = len(image_size)
    points = as_axes("grid", grid, f"{POINT_AXES[axes]} {axes}")
    return tuple(to_pixels(points[..., k], image_size[-1 - k], align_corners) for k in range(axes))
