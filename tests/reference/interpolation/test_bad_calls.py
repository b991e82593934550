"""Wrong choices and shapes: one exception class, whose message names the value and the known choices."""

import numpy as np
import pytest

from stn_reference import (
    FAMILIES,
    ReferenceArgumentError,
    affine_grid,
    sample,
    sample_pixels,
    sample_pixels_vjp,
    sample_vjp,
    transform,
    transform_vjp,
)

IMAGE, GRID, COTANGENT = np.zeros((2, 3, 4, 5)), np.zeros((2, 2, 2, 2)), np.zeros((2, 3, 2, 2))
VOLUME, POINTS = np.zeros((2, 3, 4, 5, 6)), np.zeros((2, 1, 2, 2, 3))
X = np.zeros((2, 1, 2, 2))
THETA = np.zeros((2, 3, 4))
CONVENTION = {"padding": "zeros", "align_corners": False}

INTERPOLATION = r"interpolation='cubic'; known: 'bilinear', 'nearest', 'bicubic'"
TIES = r"ties='odd'; known: 'even', 'up', 'down', 'away'"
NO_BICUBIC = r"interpolation='bicubic' in a volume \[N, C, D, H, W\]; known: 'bilinear', 'nearest'"

CASES = {
    "interpolation of sample": (
        lambda: sample(IMAGE, GRID, interpolation="cubic", **CONVENTION),
        INTERPOLATION,
    ),
    "interpolation of sample_vjp": (
        lambda: sample_vjp(IMAGE, GRID, COTANGENT, interpolation="cubic", **CONVENTION),
        INTERPOLATION,
    ),
    "interpolation of transform": (
        lambda: transform(IMAGE, np.zeros((2, 2)), (2, 2), interpolation="cubic", **CONVENTION),
        INTERPOLATION,
    ),
    "interpolation of transform_vjp": (
        lambda: transform_vjp(
            IMAGE, np.zeros((2, 2)), (2, 2), COTANGENT, interpolation="cubic", **CONVENTION
        ),
        INTERPOLATION,
    ),
    "ties": (lambda: sample(IMAGE, GRID, interpolation="nearest", ties="odd", **CONVENTION), TIES),
    "ties of an interpolation without": (lambda: sample(IMAGE, GRID, ties="odd", **CONVENTION), TIES),
    "cubic that is not finite": (
        lambda: sample(IMAGE, GRID, cubic=np.nan, **CONVENTION),
        r"cubic=nan; known: finite numbers",
    ),
    "cubic that is no number": (
        lambda: sample(IMAGE, GRID, cubic=[-0.5, -0.75], **CONVENTION),
        r"cubic=\[-0.5, -0.75\]; known: finite numbers",
    ),
    "cubic that is a word": (
        lambda: sample(IMAGE, GRID, cubic="keys", **CONVENTION),
        r"cubic has dtype <U4; known: real",
    ),
    "bicubic in a volume": (
        lambda: sample(VOLUME, POINTS, interpolation="bicubic", **CONVENTION),
        NO_BICUBIC,
    ),
    "bicubic gradients in a volume": (
        lambda: transform_vjp(VOLUME, THETA, (1, 2, 2), X, interpolation="bicubic", **CONVENTION),
        NO_BICUBIC,
    ),
    "volume without slices": (
        lambda: sample(VOLUME[:, :, :0], POINTS, **CONVENTION),
        r"\(2, 3, 0, 5, 6\); known: D >= 1 and H >= 1 and W >= 1",
    ),
    "image of six axes": (
        lambda: sample(VOLUME[None], POINTS, **CONVENTION),
        r"\(1, 2, 3, 4, 5, 6\); known: \[N, C, H, W\], \[N, C, D, H, W\]",
    ),
    "grid of an image for a volume": (
        lambda: sample(VOLUME, GRID, **CONVENTION),
        r"grid has shape \(2, 2, 2, 2\); known: \[N, Do, Ho, Wo, 3\]",
    ),
    "grid of a volume for an image": (
        lambda: sample(IMAGE, POINTS, **CONVENTION),
        r"grid has shape \(2, 1, 2, 2, 3\); known: \[N, Ho, Wo, 2\]",
    ),
    "volume without z": (
        lambda: sample_pixels(VOLUME, X, X, **CONVENTION),
        r"z is None with shape \(2, 3, 4, 5, 6\); known: z with a volume",
    ),
    "image with z": (
        lambda: sample_pixels_vjp(IMAGE, X[:, 0], X[:, 0], COTANGENT, z=X[:, 0], **CONVENTION),
        r"z is given with shape \(2, 3, 4, 5\); known: .*None with an image",
    ),
    "z of another shape": (
        lambda: sample_pixels(VOLUME, X, X, z=X[:, :, :1], **CONVENTION),
        r"z has shape \(2, 1, 1, 2\); known: \(2, 1, 2, 2\)",
    ),
    "theta of a volume for an image": (
        lambda: transform(IMAGE, THETA, (2, 2), **CONVENTION),
        r"size=\(2, 2\); known: \(slices, rows, columns\)",
    ),
    "theta of an image for a volume": (
        lambda: transform(VOLUME, np.zeros((2, 2, 3)), (2, 2), **CONVENTION),
        r"image_size=\(4, 5, 6\); known: \(rows, columns\)",
    ),
    "theta of another shape": (
        lambda: affine_grid(np.zeros((2, 4, 3)), (1, 2, 2), align_corners=False),
        r"theta has shape \(2, 4, 3\); known: \[N, 2, 3\], \[N, 2\], \[N, 3, 4\]",
    ),
    "a family of images for a volume": (
        lambda: transform(VOLUME, np.zeros((2, 8)), (2, 2), family="projective", **CONVENTION),
        r"known: ",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_argument_is_named_with_the_known_choices(name):
    call, message = CASES[name]
    with pytest.raises(ReferenceArgumentError, match=message):
        call()


def test_every_family_but_affine_is_of_images():
    refused = []
    for name, family in FAMILIES.items():
        theta = np.zeros(family.shape(2, (2, 2)))
        with pytest.raises(ReferenceArgumentError, match="known: "):
            transform(VOLUME, theta, (2, 2), family=name, **CONVENTION)
        refused.append(name)
    assert refused == list(FAMILIES)
