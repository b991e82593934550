"""The affine grid generator (Jaderberg et al. 2015, equation 1), of images and of volumes: where each output pixel reads."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_real, as_size
from stn_reference.coordinates import pixel_scale
from stn_reference.errors import ReferenceArgumentError
from stn_reference.generators.family import Family
from stn_reference.generators.target_grid import as_planes, over_points, target_axes


def affine_grid(theta: npt.ArrayLike, size: Sequence[int], *, align_corners: bool) -> Array:
    """Normalised sample points of the target grid.

    Args:
        theta: [N, 2, 3] affine, or [N, 2] translation (tx, ty) with the identity as its linear part; [N, 3, 4] of volumes.
        size: (Ho, Wo), or (Do, Ho, Wo).
        align_corners: where -1 and 1 lie.

    Returns:
        [N, Ho, Wo, 2] float64, (x, y), or [N, Do, Ho, Wo, 3], (x, y, z), normalised.

    Raises:
        ReferenceArgumentError: theta of another shape, a negative size, an align_corners that is no bool.
    """
    matrix = _matrix(as_theta(theta))
    axes = matrix.shape[1]
    targets = target_axes(size, align_corners, axes)
    t = matrix[(..., *[None] * axes)]
    with np.errstate(invalid="ignore", over="ignore"):
        # Equation 1: x^s = t11 x^t + t12 y^t + t13, y^s = t21 x^t + t22 y^t + t23.
        grid = t[:, :, 0] * targets[0]
        for k in range(1, axes):
            grid = grid + t[:, :, k] * targets[k]
        grid = grid + t[:, :, axes]
    return np.ascontiguousarray(np.moveaxis(grid, 1, -1))


def affine_grid_vjp(
    theta: npt.ArrayLike, size: Sequence[int], cotangent: npt.ArrayLike, *, align_corners: bool
) -> Array:
    """The gradient of sum(cotangent * affine_grid(theta)) with respect to theta.

    The generator is linear: the gradient depends on theta's shape alone, not on its values.

    Args:
        theta: [N, 2, 3], [N, 2] or [N, 3, 4].
        size: (Ho, Wo), or (Do, Ho, Wo).
        cotangent: [N, Ho, Wo, 2], or [N, Do, Ho, Wo, 3], per normalised unit.
        align_corners: where -1 and 1 lie.

    Returns:
        float64, of theta's shape.

    Raises:
        ReferenceArgumentError: as affine_grid, or a cotangent that is not of the grid's shape.
    """
    parameters = as_theta(theta)
    axes = parameters.shape[1]
    targets = target_axes(size, align_corners, axes)
    planes = as_planes(cotangent, parameters.shape[0], size, axes)
    with np.errstate(invalid="ignore", over="ignore"):
        # d x^s / d (t11, t12, t13) = (x^t, y^t, 1), and likewise for y^s.
        gradient = over_points([*(planes * target for target in targets), planes], axes)
    return gradient if parameters.ndim == 3 else gradient[:, :, 2]


def affine_pixels(
    theta: npt.ArrayLike, size: Sequence[int], image_size: Sequence[int], *, align_corners: bool
) -> tuple[Array, ...]:
    """Sample points in pixels of the image, formed around its centre.

    The identity is exact at every size. Otherwise must equal to_pixels of affine_grid up to rounding.

    Args:
        theta: [N, 2, 3], [N, 2] or [N, 3, 4], in normalised units.
        size: (Ho, Wo), or (Do, Ho, Wo).
        image_size: (H, W), or (D, H, W).
        align_corners: where -1 and 1 lie, in both image and output.

    Returns:
        x, y: [N, Ho, Wo] float64, in pixels; or x, y, z: [N, Do, Ho, Wo].

    Raises:
        ReferenceArgumentError: as affine_grid, or an image_size below 1.
    """
    matrix = _matrix(as_theta(theta))
    axes = matrix.shape[1]
    output = as_size("size", size, least=0, axes=axes)
    lengths = reversed(as_size("image_size", image_size, least=1, axes=axes))
    return tuple(_pixels(matrix[:, k], output, length, align_corners) for k, length in enumerate(lengths))


def as_theta(theta: npt.ArrayLike) -> Array:
    """theta as float64 [N, 2, 3], [N, 2] or [N, 3, 4].

    Raises:
        ReferenceArgumentError: theta has another shape.
    """
    parameters = as_real("theta", theta)
    if parameters.ndim not in (2, 3) or parameters.shape[1:] not in ((2, 3), (2,), (3, 4)):
        raise ReferenceArgumentError(
            f"theta has shape {parameters.shape}; known: [N, 2, 3], [N, 2], [N, 3, 4]"
        )
    return parameters


def _matrix(theta: Array) -> Array:
    if theta.ndim == 3:
        return theta
    linear = np.broadcast_to(np.eye(2), (theta.shape[0], 2, 2))
    return np.concatenate([linear, theta[:, :, None]], axis=2)


def _pixels(row: Array, size: tuple[int, ...], image_length: int, align_corners: bool) -> Array:
    """One coordinate [N, Ho, Wo] or [N, Do, Ho, Wo] from one row [N, 3] or [N, 4] of theta."""
    scale = pixel_scale(image_length, align_corners)
    *factors, shift = np.moveaxis(row, 1, 0).reshape(len(size) + 1, -1, *[1] * len(size))
    x = np.asarray((image_length - 1) / 2)
    with np.errstate(invalid="ignore", over="ignore"):
        # Equation 1 in pixels: x^s s_in + (W-1)/2 with x^t = (j - (Wo-1)/2) / s_out; the scales go together.
        for place, (factor, length) in enumerate(zip(factors, reversed(size), strict=True)):
            from_centre = (np.arange(length) - (length - 1) / 2).reshape(-1, *[1] * place)
            x = x + factor * _ratio(scale, length, align_corners) * from_centre
        x += shift * scale
    return x


def _ratio(scale: float, output_length: int, align_corners: bool) -> float:
    output_scale = pixel_scale(max(output_length, 1), align_corners)
    # A single output point lies at x^t = 0 (target_axis), where the coefficient has no part.
    return scale / output_scale if output_scale else 0.0


def _neutral(shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(np.eye(2, 3), shape).copy()


AFFINE = Family(
    name="affine",
    axes=("N", 2, 3),
    grid=affine_grid,
    vjp=affine_grid_vjp,
    neutral=_neutral,
    pixels=affine_pixels,
)
