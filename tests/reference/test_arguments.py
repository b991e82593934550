"""Bad arguments: one exception class, whose message names the value and the known choices."""

import numpy as np
import pytest

from stn_reference import (
    ReferenceArgumentError,
    affine_grid,
    affine_grid_vjp,
    affine_pixels,
    extend_index,
    pixel_scale,
    sample,
    sample_pixels,
    sample_vjp,
    target_axis,
    transform,
    transform_vjp,
)

IMAGE = np.zeros((2, 3, 4, 5))
GRID = np.zeros((2, 2, 2, 2))
THETA = np.zeros((2, 2, 3))
COTANGENT = np.zeros((2, 3, 2, 2))
POINTS = np.zeros((2, 2, 2))
CONVENTION = {"padding": "zeros", "align_corners": False}
PADDING = r"padding='wrap'; known: 'zeros', 'border', 'reflection'"

CASES = {
    "padding of sample": (lambda: sample(IMAGE, GRID, padding="wrap", align_corners=False), PADDING),
    "padding of sample_vjp": (
        lambda: sample_vjp(IMAGE, GRID, COTANGENT, padding="wrap", align_corners=False),
        PADDING,
    ),
    "padding of extend_index": (lambda: extend_index(np.zeros(2), 3, "wrap", False), PADDING),
    "padding of transform": (
        lambda: transform(IMAGE, THETA, (2, 2), padding="wrap", align_corners=False),
        PADDING,
    ),
    "align_corners": (
        lambda: sample(IMAGE, GRID, padding="zeros", align_corners=None),
        r"align_corners=None; known: True, False",
    ),
    "align_corners as an integer": (lambda: pixel_scale(3, 1), r"align_corners=1; known: True, False"),
    "subgradient": (
        lambda: sample_vjp(IMAGE, GRID, COTANGENT, subgradient="up", **CONVENTION),
        r"subgradient='up'; known: 'right', 'left', 'zero', 'mean'",
    ),
    "subgradient of transform_vjp": (
        lambda: transform_vjp(IMAGE, THETA, (2, 2), COTANGENT, subgradient="up", **CONVENTION),
        r"subgradient='up'; known: 'right', 'left', 'zero', 'mean'",
    ),
    "image without channels": (
        lambda: sample(IMAGE[0], GRID, **CONVENTION),
        r"image has shape \(3, 4, 5\); known: \[N, C, H, W\]",
    ),
    "image without rows": (
        lambda: sample(IMAGE[:, :, :0], GRID, **CONVENTION),
        r"\(2, 3, 0, 5\).*H >= 1 and W >= 1",
    ),
    "complex image": (
        lambda: sample(IMAGE + 1j, GRID, **CONVENTION),
        r"image has dtype complex128; known: real",
    ),
    "grid of triples": (
        lambda: sample(IMAGE, np.zeros((2, 2, 2, 3)), **CONVENTION),
        r"grid has shape \(2, 2, 2, 3\); known: \[N, Ho, Wo, 2\]",
    ),
    "grid of another batch": (
        lambda: sample(IMAGE, GRID[:1], **CONVENTION),
        r"\(1, 2, 2\); known: \(2, 2, 2\)",
    ),
    "x and y of different shapes": (
        lambda: sample_pixels(IMAGE, POINTS, POINTS[:, :1], **CONVENTION),
        r"y has shape \(2, 1, 2\); known: \(2, 2, 2\)",
    ),
    "cotangent of sample_vjp": (
        lambda: sample_vjp(IMAGE, GRID, COTANGENT[:, :1], **CONVENTION),
        r"cotangent has shape \(2, 1, 2, 2\); known: \(2, 3, 2, 2\)",
    ),
    "cotangent of affine_grid_vjp": (
        lambda: affine_grid_vjp(THETA, (2, 3), GRID, align_corners=False),
        r"cotangent has shape \(2, 2, 2, 2\); known: \(2, 2, 3, 2\)",
    ),
    "theta of another shape": (
        lambda: affine_grid(np.zeros((2, 3, 2)), (2, 2), align_corners=False),
        r"theta has shape \(2, 3, 2\); known: \[N, 2, 3\]",
    ),
    "theta without batch": (
        lambda: affine_grid(np.zeros(6), (2, 2), align_corners=False),
        r"theta has shape \(6,\); known: \[N, 2, 3\], \[N, 2\]",
    ),
    "negative size": (
        lambda: affine_grid(THETA, (2, -1), align_corners=False),
        r"size=-1; known: integers from 0",
    ),
    "size of three": (
        lambda: affine_grid(THETA, (1, 2, 3), align_corners=False),
        r"known: \(rows, columns\)",
    ),
    "fractional size": (lambda: target_axis(2.5, False), r"size=2.5; known: integers from 0"),
    "empty image_size": (
        lambda: affine_pixels(THETA, (2, 2), (0, 3), align_corners=False),
        r"image_size=0; known: integers from 1",
    ),
    "size of extend_index": (
        lambda: extend_index(np.zeros(2), 0, "zeros", False),
        r"size=0; known: integers from 1",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_argument_is_named_with_the_known_choices(name):
    call, message = CASES[name]
    with pytest.raises(ReferenceArgumentError, match=message):
        call()


def test_the_exception_is_a_value_error():
    assert issubclass(ReferenceArgumentError, ValueError)
