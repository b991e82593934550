"""Gradients of the sampler against exact differences of exact values."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import (
    PADDINGS,
    SUBGRADIENTS,
    affine_pixels,
    pixel_scale,
    sample_pixels,
    sample_pixels_vjp,
    sample_vjp,
    to_pixels,
    transform_vjp,
)

SLOPE_ROUNDINGS = 5
"""Of each term of equation 7: difference, weight, product, sum; `mean` adds two. The cotangent makes one
more product, and the channels one sum less than their number. With two channels that is 3.5 ulp of the
magnitude; the largest seen over 55,000 random slopes was 1.74."""

WEIGHT_ROUNDINGS = 4
"""Of each term of equation 6: two weights, their product, the cotangent's; then a sum a contribution.
The largest error seen over twelve points was 1.35 ulp of the magnitude."""


@settings(deadline=None)
@given(st.data(), st.sampled_from(SUBGRADIENTS))
def test_coordinate_gradients_are_exact_differences_inside_the_cell(scenes, budget, data, rule):
    scene = data.draw(scenes)
    _, *gradients = sample_pixels_vjp(
        scene.image,
        scene.x,
        scene.y,
        scene.cotangent,
        padding=scene.padding,
        align_corners=scene.align_corners,
        subgradient=rule,
    )
    roundings = SLOPE_ROUNDINGS + scene.image.shape[1]
    worst = 0.0
    for n, i, j in np.ndindex(scene.x.shape):
        x, y = Fraction(scene.x[n, i, j]), Fraction(scene.y[n, i, j])
        weighed = [
            (Fraction(scene.cotangent[n, c, i, j]), scene.oracle(n, c)) for c in range(scene.image.shape[1])
        ]
        exact_x = sum(v * plane.slope_x(x, y, rule) for v, plane in weighed)
        exact_y = sum(v * plane.slope_y(x, y, rule) for v, plane in weighed)
        magnitude_x = sum(abs(v) * plane.steepness_x(x, y) for v, plane in weighed)
        magnitude_y = sum(abs(v) * plane.steepness_y(x, y) for v, plane in weighed)
        worst = max(
            worst,
            budget(gradients[0][n, i, j], exact_x, magnitude_x, roundings),
            budget(gradients[1][n, i, j], exact_y, magnitude_y, roundings),
        )
    target(worst)
    assert worst <= 1


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_the_image_gradient_is_the_response_to_each_pixel(scenes, budget, data):
    scene = data.draw(scenes)
    gradient, _, _ = sample_pixels_vjp(
        scene.image,
        scene.x,
        scene.y,
        scene.cotangent,
        padding=scene.padding,
        align_corners=scene.align_corners,
    )
    points = list(np.ndindex(scene.x.shape[1:]))
    # All four corners of every point can meet in one pixel.
    roundings = WEIGHT_ROUNDINGS + 4 * len(points)
    worst = 0.0
    for n, c, row, column in np.ndindex(scene.image.shape):
        # The sampler is linear in the image: its response to one lit pixel is the derivative (equation 6).
        lit = scene.oracle(n, c).lit(row, column)
        terms = [
            Fraction(scene.cotangent[n, c, i, j])
            * lit.value(Fraction(scene.x[n, i, j]), Fraction(scene.y[n, i, j]))
            for i, j in points
        ]
        worst = max(worst, budget(gradient[n, c, row, column], sum(terms), sum(map(abs, terms)), roundings))
    target(worst)
    assert worst <= 1


def at_computed_pixels(scene, theta, size):
    """The points that `transform` reads, by [n, i, j], as rationals (error: test_affine)."""
    x, y = affine_pixels(theta, size, scene.image.shape[2:], align_corners=scene.align_corners)
    return {at: (Fraction(x[at]), Fraction(y[at])) for at in np.ndindex(x.shape)}


@settings(deadline=None, max_examples=50)
@given(st.data(), st.sampled_from(SUBGRADIENTS), st.booleans())
def test_the_theta_gradient_is_the_chain_rule(scenes, budget, data, rule, translation):
    scene = data.draw(scenes)
    size = scene.x.shape[1:]
    count = 2 if translation else 6
    numbers = st.one_of(st.floats(-2, 2, allow_subnormal=False), st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]))
    theta = np.array(data.draw(st.lists(numbers, min_size=count, max_size=count)))
    one = theta.reshape((1, 2) if translation else (1, 2, 3))
    theta = np.repeat(one, len(scene.image), axis=0)
    _, gradient = transform_vjp(
        scene.image,
        theta,
        size,
        scene.cotangent,
        padding=scene.padding,
        align_corners=scene.align_corners,
        subgradient=rule,
    )
    assert gradient.shape == theta.shape
    points = at_computed_pixels(scene, theta, size)
    output = [Fraction(pixel_scale(s, scene.align_corners)) or Fraction(1) for s in size]
    channels = scene.image.shape[1]
    # The slope's, the scale, x^t and its product, then a sum a point.
    roundings = SLOPE_ROUNDINGS + channels + 3 + size[0] * size[1]
    worst = 0.0
    for index in np.ndindex(theta.shape):
        n, axis, term = (*index, 2)[:3]
        scale = Fraction(pixel_scale(scene.image.shape[3 - axis], scene.align_corners))
        exact = magnitude = Fraction(0)
        for i, j in np.ndindex(size):
            xt, yt = (j - Fraction(size[1] - 1, 2)) / output[1], (i - Fraction(size[0] - 1, 2)) / output[0]
            factor = (xt, yt, Fraction(1))[term] * scale
            for c in range(channels):
                plane, v = scene.oracle(n, c), Fraction(scene.cotangent[n, c, i, j])
                slope = (plane.slope_x, plane.slope_y)[axis](*points[n, i, j], rule)
                steepness = (plane.steepness_x, plane.steepness_y)[axis](*points[n, i, j])
                exact += factor * v * slope
                magnitude += abs(factor * v) * steepness
        worst = max(worst, budget(gradient[index], exact, magnitude, roundings))
    target(worst)
    assert worst <= 1


@settings(deadline=None)
@given(st.data(), st.sampled_from(SUBGRADIENTS))
def test_the_grid_gradient_is_the_pixel_gradient_times_the_scale(scenes, data, rule):
    scene = data.draw(scenes)
    keywords = {"padding": scene.padding, "align_corners": scene.align_corners}
    # Quarters: at and between integers, inside and outside.
    quarters = st.integers(-12, 12).map(lambda q: q / 4)
    grid = data.draw(hnp.arrays(np.float64, (*scene.x.shape, 2), elements=quarters))
    height, width = scene.image.shape[2:]
    scales = np.array([pixel_scale(width, scene.align_corners), pixel_scale(height, scene.align_corners)])
    x = to_pixels(grid[..., 0], width, scene.align_corners)
    y = to_pixels(grid[..., 1], height, scene.align_corners)
    image, by_grid = sample_vjp(scene.image, grid, scene.cotangent, subgradient=rule, **keywords)
    expected, *by_pixel = sample_pixels_vjp(scene.image, x, y, scene.cotangent, subgradient=rule, **keywords)
    np.testing.assert_array_equal(image, expected)
    np.testing.assert_array_equal(by_grid, np.stack(by_pixel, axis=-1) * scales)


@pytest.mark.parametrize(("rule", "slope"), [("right", 7.0), ("left", 3.0), ("zero", 0.0), ("mean", 5.0)])
@pytest.mark.parametrize("axis", ["x", "y"])
def test_each_rule_at_an_integer(rule, slope, axis):
    # Slopes 3 to the left and 7 to the right of the middle pixel.
    line = np.array([1.0, 4.0, 11.0])
    image = line.reshape((1, 1, 1, 3) if axis == "x" else (1, 1, 3, 1))
    middle, other = np.ones((1, 1, 1)), np.zeros((1, 1, 1))
    x, y = (middle, other) if axis == "x" else (other, middle)
    _, *gradients = sample_pixels_vjp(
        image, x, y, np.ones((1, 1, 1, 1)), padding="border", align_corners=False, subgradient=rule
    )
    assert gradients["xy".index(axis)] == slope


def test_five_output_pixels_read_one_pixel():
    """The worked case: pixel (2, 1) neighbours five outputs' points, and collects exactly five terms."""
    readers = {
        (0, 0): (1.5, 0.5),
        (0, 1): (2.25, 1.0),
        (1, 0): (2.0, 0.5),
        (1, 1): (2.5, 1.25),
        (2, 1): (2.0, 1.0),
    }
    weights = {(0, 0): 0.25, (0, 1): 0.75, (1, 0): 0.5, (1, 1): 0.375, (2, 1): 1.0}
    # The sixth output reads elsewhere.
    x, y = np.zeros((1, 3, 2)), np.full((1, 3, 2), 3.0)
    for (i, j), (column, row) in readers.items():
        x[0, i, j], y[0, i, j] = column, row
    image = np.zeros((1, 1, 4, 4))
    collected = {}
    for i, j in np.ndindex(3, 2):
        cotangent = np.zeros((1, 1, 3, 2))
        cotangent[0, 0, i, j] = 1
        gradient, _, _ = sample_pixels_vjp(image, x, y, cotangent, padding="zeros", align_corners=False)
        if gradient[0, 0, 1, 2]:
            collected[i, j] = gradient[0, 0, 1, 2]
    assert collected == weights
    powers = 10.0 ** np.arange(6).reshape(1, 1, 3, 2)
    total, _, _ = sample_pixels_vjp(image, x, y, powers, padding="zeros", align_corners=False)
    assert total[0, 0, 1, 2] == 0.25 + 7.5 + 50 + 375 + 100_000


@settings(deadline=None)
@given(st.data())
def test_the_image_gradient_is_the_adjoint(scenes, data):
    scene = data.draw(scenes)
    keywords = {"padding": scene.padding, "align_corners": scene.align_corners}
    values = sample_pixels(scene.image, scene.x, scene.y, **keywords)
    gradient, _, _ = sample_pixels_vjp(scene.image, scene.x, scene.y, scene.cotangent, **keywords)
    # <A u, v> = <u, A^T v>: all bounds above together, over sums of at most 48 terms.
    magnitude = np.sum(
        sample_pixels(np.abs(scene.image), scene.x, scene.y, **keywords) * np.abs(scene.cotangent)
    )
    difference = abs(np.sum(values * scene.cotangent) - np.sum(scene.image * gradient))
    assert difference <= 128 * 2.0**-53 * magnitude + 2.0**-1000


@pytest.mark.parametrize("rule", SUBGRADIENTS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.filterwarnings("error")
def test_a_non_finite_coordinate_is_nan_in_its_own_gradient_and_adds_nothing(padding, rule):
    image = np.arange(24.0).reshape(1, 2, 3, 4)
    grid = np.full((1, 2, 2, 2), 0.125)
    cotangent = np.ones((1, 2, 2, 2))
    keywords = {"padding": padding, "align_corners": False, "subgradient": rule}
    grid[0, 0, 1, 0], grid[0, 1, 0, 1] = np.nan, np.inf
    with_bad, grad_grid = sample_vjp(image, grid, cotangent, **keywords)
    bad = np.array([[[[False] * 2, [True] * 2], [[True] * 2, [False] * 2]]])
    np.testing.assert_array_equal(np.isnan(grad_grid), bad)
    cotangent[:, :, [0, 1], [1, 0]] = 0
    without, _ = sample_vjp(image, np.full((1, 2, 2, 2), 0.125), cotangent, **keywords)
    np.testing.assert_array_equal(with_bad, without)


@pytest.mark.filterwarnings("error")
def test_a_non_finite_theta_spoils_its_own_sample_only():
    image = np.arange(24.0).reshape(2, 1, 3, 4)
    theta = np.tile(np.array([[[0.9, 0.1, 0.0], [0.0, 0.8, 0.1]]]), (2, 1, 1))
    theta[0, 0, 2] = np.nan
    grad_image, grad_theta = transform_vjp(
        image, theta, (2, 2), np.ones((2, 1, 2, 2)), padding="zeros", align_corners=True
    )
    assert np.all(np.isnan(grad_theta[0]))
    assert np.all(np.isfinite(grad_theta[1]))
    np.testing.assert_array_equal(grad_image[0], 0)


@pytest.mark.parametrize(
    ("image", "size"), [((2, 3, 4, 5), (0, 3)), ((0, 3, 4, 5), (2, 3)), ((2, 0, 4, 5), (2, 3))]
)
@pytest.mark.parametrize("rule", SUBGRADIENTS)
def test_empty_batches_channels_and_outputs(image, size, rule):
    keywords = {"padding": "reflection", "align_corners": True, "subgradient": rule}
    cotangent = np.ones((*image[:2], *size))
    grid, theta = np.zeros((image[0], *size, 2)), np.zeros((image[0], 2, 3))
    grad_image, grad_grid = sample_vjp(np.ones(image), grid, cotangent, **keywords)
    _, grad_theta = transform_vjp(np.ones(image), theta, size, cotangent, **keywords)
    assert grad_image.shape == image
    for gradient, of in ((grad_grid, grid), (grad_theta, theta)):
        assert gradient.shape == of.shape
        np.testing.assert_array_equal(gradient, 0)


def test_a_point_a_hair_left_of_pixel_0_keeps_its_weight():
    # 1 - (x + 1) would be 0: the distance to the cell's right end is -x itself.
    x, y = np.full((1, 1, 1), -1e-18), np.zeros((1, 1, 1))
    gradient, _, _ = sample_pixels_vjp(
        np.zeros((1, 1, 1, 2)), x, y, np.ones((1, 1, 1, 1)), padding="reflection", align_corners=True
    )
    np.testing.assert_array_equal(gradient[0, 0, 0], [1, 1e-18])


def test_an_added_constant_does_not_move_the_grid_gradient():
    random = np.random.default_rng(0)
    # Integers and quarters, so that adding 64 is exact.
    image = random.integers(-8, 8, (1, 2, 4, 4)).astype(np.float64)
    x, y = random.integers(0, 12, (2, 1, 3, 3)) / 4
    cotangent = random.integers(-8, 8, (1, 2, 3, 3)).astype(np.float64)
    for rule in SUBGRADIENTS:
        keywords = {"padding": "border", "align_corners": False, "subgradient": rule}
        _, *still = sample_pixels_vjp(image, x, y, cotangent, **keywords)
        _, *moved = sample_pixels_vjp(image + 64, x, y, cotangent, **keywords)
        np.testing.assert_array_equal(moved, still)
