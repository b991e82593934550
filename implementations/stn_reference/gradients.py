"""Gradients of the bilinear sampler (Jaderberg et al. 2015, equations 6 and 7)."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, Indices, as_axes, as_image, as_real, check_choice, check_shape
from stn_reference.coordinates import pixel_scale
from stn_reference.sampler import grid_to_pixels
from stn_reference.stencil import Axis, Neighbour, Side, Stencil, channels_first, planes

SUBGRADIENTS = ("right", "left", "zero", "mean")
"""The derivative at an integer coordinate: of the cell right of it (neighbours floor and floor + 1), of the
cell left of it, zero (floor and ceil coincide there), or the mean of the two one-sided derivatives."""


def sample_pixels_vjp(
    image: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    cotangent: npt.ArrayLike,
    *,
    padding: str,
    align_corners: bool,
    subgradient: str = "right",
) -> tuple[Array, Array, Array]:
    """The gradient of sum(cotangent * sample_pixels(image, x, y)).

    Args:
        image: [N, C, H, W].
        x, y: [N, Ho, Wo], in pixels.
        cotangent: [N, C, Ho, Wo].
        padding: one of PADDINGS.
        align_corners: only reflection depends on it here.
        subgradient: one of SUBGRADIENTS.

    Returns:
        grad_image: [N, C, H, W] float64; points with a non-finite coordinate add nothing.
        grad_x, grad_y: [N, Ho, Wo] float64, per pixel; NaN at such points.

    Raises:
        ReferenceArgumentError: as sample_pixels, a cotangent of another shape, an unknown subgradient.
    """
    check_choice("subgradient", subgradient, SUBGRADIENTS)
    pixels = as_image(image)
    columns, rows = as_axes("x", x, "N Ho Wo"), as_axes("y", y, "N Ho Wo")
    received = as_real("cotangent", cotangent)
    check_shape("x", columns, (pixels.shape[0], *columns.shape[1:]))
    check_shape("y", rows, columns.shape)
    check_shape("cotangent", received, (*pixels.shape[:2], *columns.shape[1:]))
    stencil = Stencil(pixels.shape, columns, rows, padding, align_corners)
    flat, v = planes(pixels), channels_first(received)

    def across_x(side: Side) -> Array:
        return _slope(flat, stencil.x, stencil.y, side, stencil.address)

    def across_y(side: Side) -> Array:
        return _slope(flat, stencil.y, stencil.x, side, lambda along, across: stencil.address(across, along))

    with np.errstate(invalid="ignore", over="ignore"):
        grad_x = _coordinate_gradient(v, stencil.x, subgradient, across_x)
        grad_y = _coordinate_gradient(v, stencil.y, subgradient, across_y)
        grad_image = _image_gradient(v, stencil, pixels.shape)
    grad_x[~stencil.finite] = np.nan
    grad_y[~stencil.finite] = np.nan
    return grad_image, grad_x.reshape(columns.shape), grad_y.reshape(columns.shape)


def sample_vjp(
    image: npt.ArrayLike,
    grid: npt.ArrayLike,
    cotangent: npt.ArrayLike,
    *,
    padding: str,
    align_corners: bool,
    subgradient: str = "right",
) -> tuple[Array, Array]:
    """The gradient of sum(cotangent * sample(image, grid)).

    Args:
        image: [N, C, H, W].
        grid: [N, Ho, Wo, 2], (x, y), normalised.
        cotangent: [N, C, Ho, Wo].
        padding: one of PADDINGS.
        align_corners: where -1 and 1 lie.
        subgradient: one of SUBGRADIENTS.

    Returns:
        grad_image: [N, C, H, W] float64.
        grad_grid: [N, Ho, Wo, 2] float64, per normalised unit; NaN where a coordinate is not finite.

    Raises:
        ReferenceArgumentError: as sample_pixels_vjp.
    """
    pixels = as_image(image)
    height, width = pixels.shape[2:]
    x, y = grid_to_pixels(grid, (height, width), align_corners)
    grad_image, grad_x, grad_y = sample_pixels_vjp(
        pixels, x, y, cotangent, padding=padding, align_corners=align_corners, subgradient=subgradient
    )
    return grad_image, grid_gradient(grad_x, grad_y, (height, width), align_corners)


def grid_gradient(grad_x: Array, grad_y: Array, image_size: tuple[int, int], align_corners: bool) -> Array:
    """Gradients per pixel [N, Ho, Wo] as one per normalised unit [N, Ho, Wo, 2], over an image of (H, W)."""
    height, width = image_size
    with np.errstate(invalid="ignore", over="ignore"):
        # Chain rule: dV/dg = dV/dx dx/dg, and dx/dg is the pixel scale.
        return np.stack(
            [grad_x * pixel_scale(width, align_corners), grad_y * pixel_scale(height, align_corners)], axis=-1
        )


def _coordinate_gradient(v: Array, along: Axis, subgradient: str, slope: Callable[[Side], Array]) -> Array:
    """dL/dx = sum_c dL/dV_c dV_c/dx, [M]."""
    if subgradient == "mean":
        derivative = (slope("left") + slope("right")) / 2
    elif subgradient == "left":
        derivative = slope("left")
    else:
        derivative = slope("right")
    if subgradient == "zero":
        derivative[:, along.on_kink] = 0.0
    derivative *= v
    return np.asarray(derivative.sum(axis=0))


def _slope(
    flat: Array, along: Axis, across: Axis, side: Side, address: Callable[[Neighbour, Neighbour], Indices]
) -> Array:
    """dV/dx of every channel, [C, M], x being the coordinate `along`."""
    low, high = along.sides(side)

    def difference(line: Neighbour) -> Array:
        step = flat.take(address(high, line), axis=1)
        step -= flat.take(address(low, line), axis=1)
        return step

    # Equation 7: dV/dx = sum_n sum_m U_nm max(0, 1-|y-n|) times +1 at the right neighbour and -1 at the left.
    derivative = difference(across.low) * across.low_weight
    derivative += difference(across.high) * across.high_weight
    return derivative


def _image_gradient(v: Array, stencil: Stencil, shape: tuple[int, ...]) -> Array:
    count, channels, height, width = shape
    corners = stencil.corners()
    addresses = np.concatenate([address for address, _ in corners])
    weights = np.stack([weight for _, weight in corners])
    sums = np.zeros((channels, stencil.none + 1))
    for channel in range(channels):
        # Equation 6: dL/dU_nm = sum over the points of dL/dV max(0, 1-|x-m|) max(0, 1-|y-n|).
        sums[channel] = np.bincount(addresses, (weights * v[channel]).ravel(), minlength=stencil.none + 1)
    shaped = sums[:, :-1].reshape(channels, count, height, width)
    return np.ascontiguousarray(np.moveaxis(shaped, 0, 1))
