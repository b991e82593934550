"""The affine generator and the transformation of volumes."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import (
    PADDINGS,
    affine_grid,
    affine_grid_vjp,
    affine_pixels,
    pixel_scale,
    sample,
    sample_pixels_vjp,
    to_pixels,
    transform,
    transform_vjp,
)

NUMBERS = st.floats(-4, 4, allow_subnormal=False)
THETAS = hnp.arrays(np.float64, (1, 3, 4), elements=NUMBERS)
SIZES = st.tuples(*[st.integers(1, 4)] * 3)
IDENTITY = np.eye(3, 4)[None]


def target_points(size, align_corners):
    """(x^t, y^t, z^t, 1) of every output point, exact."""
    scales = [Fraction(pixel_scale(s, align_corners)) or Fraction(1) for s in size]
    for at in np.ndindex(size):
        centred = [
            (Fraction(k) - Fraction(s - 1, 2)) / scale for k, s, scale in zip(at, size, scales, strict=True)
        ]
        yield at, [*reversed(centred), Fraction(1)]


@settings(deadline=None)
@given(THETAS, SIZES, st.booleans())
def test_the_grid_is_equation_1(budget, theta, size, align_corners):
    grid = affine_grid(theta, size, align_corners=align_corners)
    assert grid.shape == (1, *size, 3)
    for at, point in target_points(size, align_corners):
        for axis in range(3):
            terms = [Fraction(t) * p for t, p in zip(theta[0, axis], point, strict=True)]
            # x^t, the product, three sums.
            assert budget(grid[(0, *at, axis)], sum(terms), sum(map(abs, terms)), 5) <= 1


@settings(deadline=None)
@given(THETAS, SIZES, SIZES, st.booleans())
def test_pixels_are_those_of_the_grid(budget, theta, size, image_size, align_corners):
    pixels = affine_pixels(theta, size, image_size, align_corners=align_corners)
    for axis, (x, length) in enumerate(zip(pixels, reversed(image_size), strict=True)):
        scale, centre = Fraction(pixel_scale(length, align_corners)), Fraction(length - 1, 2)
        for at, point in target_points(size, align_corners):
            terms = [centre, *(Fraction(t) * p * scale for t, p in zip(theta[0, axis], point, strict=True))]
            # The ratio of scales, two products, four sums.
            assert budget(x[(0, *at)], sum(terms), sum(map(abs, terms)), 7) <= 1


@settings(deadline=None)
@given(st.data(), SIZES, st.booleans())
def test_the_generators_gradient_sums_over_the_points(budget, data, size, align_corners):
    cotangent = data.draw(hnp.arrays(np.float64, (1, *size, 3), elements=NUMBERS))
    gradient = affine_grid_vjp(np.zeros((1, 3, 4)), size, cotangent, align_corners=align_corners)
    for axis, column in np.ndindex(3, 4):
        terms = [
            Fraction(cotangent[(0, *at, axis)]) * p[column] for at, p in target_points(size, align_corners)
        ]
        # x^t, the product, and the sum.
        assert budget(gradient[0, axis, column], sum(terms), sum(map(abs, terms)), 2 + len(terms)) <= 1


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(1, 1, 1), (2, 3, 5), (7, 1, 4), (9, 8, 31)])
def test_the_identity_returns_the_volume_bit_for_bit(size, interpolation, padding, align_corners):
    volume = np.random.default_rng(0).standard_normal((1, 2, *size))
    keywords = {"padding": padding, "align_corners": align_corners, "interpolation": interpolation}
    np.testing.assert_array_equal(transform(volume, IDENTITY, size, **keywords), volume)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("interpolation", ["nearest", "bicubic"])
def test_the_identity_returns_the_image_bit_for_bit(interpolation, padding, align_corners):
    for size in range(1, 40):
        image = np.random.default_rng(size).standard_normal((1, 2, size, 40 - size))
        keywords = {"padding": padding, "align_corners": align_corners, "interpolation": interpolation}
        np.testing.assert_array_equal(
            transform(image, np.eye(2, 3)[None], image.shape[2:], **keywords), image
        )


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("align_corners", [False, True])
def test_a_volume_of_equal_slices_is_sampled_as_an_image(padding, align_corners):
    random = np.random.default_rng(0)
    # Quarters and integers: both ways are exact. z is that of the middle slice.
    image = random.integers(-8, 8, (1, 2, 4, 4)).astype(np.float64)
    grid = random.integers(-8, 9, (1, 3, 5, 2)) / 4
    volume = np.repeat(image[:, :, None], 3, axis=2)
    points = np.concatenate([grid, np.zeros((1, 3, 5, 1))], axis=-1)[:, None]
    keywords = {"padding": padding, "align_corners": align_corners}
    np.testing.assert_array_equal(
        sample(volume, points, **keywords)[:, :, 0], sample(image, grid, **keywords)
    )


@settings(deadline=None, max_examples=40)
@given(THETAS, SIZES, SIZES, st.sampled_from(PADDINGS), st.booleans(), st.integers(0, 99))
def test_the_theta_gradient_is_the_chain_rule(theta, image_size, size, padding, align_corners, seed):
    """The generator's own gradient, of the pixel gradients times the scales: the same arithmetic, so the same bits."""
    random = np.random.default_rng(seed)
    volume, cotangent = random.standard_normal((1, 2, *image_size)), random.standard_normal((1, 2, *size))
    keywords = {"padding": padding, "align_corners": align_corners}
    grad_volume, grad_theta = transform_vjp(volume, theta, size, cotangent, **keywords)
    x, y, z = affine_pixels(theta, size, image_size, align_corners=align_corners)
    expected, *by_pixel = sample_pixels_vjp(volume, x, y, cotangent, z=z, **keywords)
    scales = [pixel_scale(s, align_corners) for s in reversed(image_size)]
    grid_gradient = np.stack([g * s for g, s in zip(by_pixel, scales, strict=True)], axis=-1)
    np.testing.assert_array_equal(grad_volume, expected)
    np.testing.assert_array_equal(
        grad_theta, affine_grid_vjp(theta, size, grid_gradient, align_corners=align_corners)
    )


@pytest.mark.parametrize("align_corners", [False, True])
def test_the_last_axis_of_a_grid_is_x_y_z(align_corners):
    """A volume whose value is 100 z + 10 y + x gives the coordinates back."""
    z, y, x = np.meshgrid(*map(np.arange, (2.0, 3.0, 4.0)), indexing="ij")
    volume = (100 * z + 10 * y + x)[None, None]
    grid = np.array([0.25, -0.5, 0.125]).reshape(1, 1, 1, 1, 3)
    expected = sum(
        weight * to_pixels(grid[..., k], length, align_corners)
        for k, (weight, length) in enumerate([(1, 4), (10, 3), (100, 2)])
    )
    np.testing.assert_array_equal(
        sample(volume, grid, padding="border", align_corners=align_corners)[0], expected
    )
