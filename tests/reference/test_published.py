"""Published values: the GridSample node tests of ONNX.

The numbers are those of onnx/backend/test/case/node/gridsample.py in github.com/onnx/onnx (Apache-2.0), its
two-dimensional linear cases; the grids there are decimals.
"""

from fractions import Fraction

import numpy as np
import pytest

from stn_reference import sample

SQUARE = np.arange(16.0).reshape(4, 4)
TALL = np.arange(6.0).reshape(3, 2)
AXIS = ["-1.0", "-0.6", "-0.2", "0.2", "0.6", "1.0"]

FAR = [
    [("-10", "-10"), ("-5", "-5"), ("-0.2", "-0.2"), ("10", "10")],
    [("10", "10"), ("-0.2", "-0.2"), ("5", "5"), ("10", "10")],
]
DIAGONAL = [
    [("-1", "-1"), ("-0.5", "-0.5"), ("-0.2", "-0.2"), ("0", "0")],
    [("0", "0"), ("-0.2", "-0.2"), ("0.5", "0.5"), ("1", "1")],
]
ADDITIONAL = [
    [("-1", "-0.8"), ("-0.6", "-0.5"), ("-0.1", "-0.2"), ("0.7", "0")],
    [("0", "0.4"), ("0.2", "-0.2"), ("-0.3", "0.5"), ("-1", "1")],
]

CASES = {
    "test_gridsample": (
        SQUARE,
        [[(x, y) for x in AXIS] for y in AXIS],
        "zeros",
        False,
        [
            "0 0.15 0.55 0.95 1.35 0.75",
            "0.6 1.5 2.3 3.1 3.9 2.1",
            "2.2 4.7 5.5 6.3 7.1 3.7",
            "3.8 7.9 8.7 9.5 10.3 5.3",
            "5.4 11.1 11.9 12.7 13.5 6.9",
            "3 6.15 6.55 6.95 7.35 3.75",
        ],
    ),
    "test_gridsample_zeros_padding": (TALL, FAR, "zeros", False, ["0 0 1.7 0", "0 1.7 0 0"]),
    "test_gridsample_border_padding": (TALL, FAR, "border", False, ["0 0 1.7 5", "5 1.7 5 5"]),
    "test_gridsample_reflection_padding": (
        TALL,
        FAR,
        "reflection",
        False,
        ["2.5 0 1.7 2.5", "2.5 1.7 5 2.5"],
    ),
    "test_gridsample_bilinear": (TALL, DIAGONAL, "zeros", False, ["0 0.5 1.7 2.5", "2.5 1.7 4.5 1.25"]),
    "test_gridsample_aligncorners_true": (TALL, DIAGONAL, "zeros", True, ["0 1.25 2 2.5", "2.5 2 3.75 5"]),
    "test_gridsample_bilinear_align_corners_0_additional_1": (
        TALL,
        ADDITIONAL,
        "zeros",
        False,
        ["0 0.45 1.8 2.4", "3.7 2.1 3.7 1"],
    ),
    "test_gridsample_bilinear_align_corners_1_additional_1": (
        TALL,
        ADDITIONAL,
        "zeros",
        True,
        ["0.4 1.2 2.05 2.85", "3.3 2.2 3.35 4"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_reference_gives_the_published_values(name):
    image, grid, padding, align_corners, rows = CASES[name]
    expected = np.array([row.split() for row in rows], dtype=np.float64)
    values = sample(
        image[None, None], np.array([grid], dtype=np.float64), padding=padding, align_corners=align_corners
    )
    # The decimal, its product with the scale and the sum are rounded: 3 u (|g| s + (S-1)/2), at most 3 u * 16
    # with slopes up to 5 an axis (TALL), or 3 u * 4 with slopes up to 15 (SQUARE); 6 u * 15 from the sampler.
    np.testing.assert_allclose(values[0, 0], expected, rtol=0, atol=(3 * 16 * 2 * 5 + 6 * 15) * 2.0**-53)


@pytest.mark.parametrize("name", CASES)
def test_the_exact_sampler_gives_the_published_values_exactly(oracle, name):
    image, grid, padding, align_corners, rows = CASES[name]
    plane = oracle.of(image, padding, align_corners)
    height, width = image.shape
    scales = [Fraction(s - 1 if align_corners else s, 2) for s in (width, height)]
    for points, row in zip(grid, rows, strict=True):
        values = [
            plane.value(
                Fraction(gx) * scales[0] + Fraction(width - 1, 2),
                Fraction(gy) * scales[1] + Fraction(height - 1, 2),
            )
            for gx, gy in points
        ]
        assert values == [Fraction(v) for v in row.split()]
