"""The affine grid generator (Jaderberg et al. 2015, equation 1) in D axes: where each output pixel reads."""

import numpy as np

from stn_reference import pixel_scale, target_axis
from stn_verify.formats import Array


def target_base(size: tuple[int, ...], align_corners: bool) -> Array:
    """[Ho, Wo, 3] or [Do, Ho, Wo, 4]: normalised target coordinates (X, Y, 1) or (X, Y, Z, 1)."""
    base = np.ones((*size, len(size) + 1))
    for number, length in enumerate(reversed(size)):
        base[..., number] = _along(number, target_axis(length, align_corners))
    return base


def affine_grid(theta: Array, size: tuple[int, ...], *, align_corners: bool) -> Array:
    """[N, Ho, Wo, 2] or [N, Do, Ho, Wo, 3], normalised, of theta [N, 2, 3] or [N, 3, 4]."""
    columns = (slice(None),) * 2 + (None,) * len(size)
    with np.errstate(invalid="ignore", over="ignore"):
        # Equation 1: x^s = t11 x^t + t12 y^t + t13, and likewise for the other coordinates.
        first, *rest = (
            theta[:, :, number][columns] * _along(number, target_axis(length, align_corners))
            for number, length in enumerate(reversed(size))
        )
        grid = sum(rest, first) + theta[:, :, len(size)][columns]
    return np.ascontiguousarray(np.moveaxis(grid, 1, -1))


def affine_pixels(
    theta: Array, size: tuple[int, ...], image_size: tuple[int, ...], *, align_corners: bool
) -> tuple[Array, ...]:
    """The points in pixels of the image, [N, *size] each, x first; formed around its centre, so that the identity is exact."""
    found = []
    for row, image_length in enumerate(reversed(image_size)):
        scale = pixel_scale(image_length, align_corners)
        columns = theta[:, row].T.reshape(len(size) + 1, -1, *(1,) * len(size))
        with np.errstate(invalid="ignore", over="ignore"):
            # x^s s_in + (W-1)/2 with x^t = (j - (Wo-1)/2) / s_out; the scales go together.
            terms = (
                columns[number]
                * _ratio(scale, length, align_corners)
                * _along(number, np.arange(float(length)) - (length - 1) / 2)
                for number, length in enumerate(reversed(size))
            )
            found.append(sum(terms, np.asarray((image_length - 1) / 2)) + columns[-1] * scale)
    return tuple(found)


def _along(number: int, values: Array) -> Array:
    """Values along the axis of that coordinate, to be broadcast over those of lower ones."""
    return values.reshape(-1, *(1,) * number)


def _ratio(scale: float, output_length: int, align_corners: bool) -> float:
    output_scale = pixel_scale(max(output_length, 1), align_corners)
    # A single output point lies at x^t = 0 (target_axis), where the coefficient has no part.
    return scale / output_scale if output_scale else 0.0
