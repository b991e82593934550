"""Ties, kinks of volumes, coordinates that are not finite, empty shapes and axes of one pixel."""

import numpy as np
import pytest

from stn_reference import PADDINGS, SUBGRADIENTS, sample, sample_pixels, sample_pixels_vjp, sample_vjp

KINDS = [("nearest", 2), ("bicubic", 2), ("bilinear", 3), ("nearest", 3)]
IMAGE = {2: (1, 2, 4, 5), 3: (1, 2, 3, 4, 5)}

each_kind = pytest.mark.parametrize(("interpolation", "axes"), KINDS)
each_padding = pytest.mark.parametrize("padding", PADDINGS)


@pytest.mark.parametrize(
    ("ties", "pixels"),
    [("even", [0, 2, 2, 4]), ("up", [1, 2, 3, 4]), ("down", [0, 1, 2, 3]), ("away", [1, 2, 3, 4])],
)
def test_each_rule_at_a_tie(ties, pixels):
    x = np.array([[[0.5, 1.5, 2.5, 3.5]]])
    line = np.arange(5.0).reshape(1, 1, 1, 5)
    keywords = {"padding": "zeros", "align_corners": False, "interpolation": "nearest", "ties": ties}
    assert sample_pixels(line, x, np.zeros_like(x), **keywords).ravel().tolist() == pixels


@pytest.mark.parametrize(("ties", "pixel"), [("even", 1.0), ("up", 1.0), ("down", 0.0), ("away", 0.0)])
def test_a_tie_on_the_low_border(ties, pixel):
    x = np.full((1, 1, 1), -0.5)
    keywords = {"padding": "zeros", "align_corners": False, "interpolation": "nearest", "ties": ties}
    assert sample_pixels(np.ones((1, 1, 1, 3)), x, np.zeros_like(x), **keywords) == pixel


@pytest.mark.parametrize("ties", ["even", "up", "down", "away"])
def test_a_tie_is_not_seen_beside_it(ties):
    """The largest float64 below 1/2: its sum with 1/2 rounds to 1."""
    below = np.nextafter(0.5, 0)
    assert below + 0.5 == 1
    x = np.array([[[below, -below, 0.5 + 2.0**-53]]])
    line = np.array([1.0, 2.0]).reshape(1, 1, 1, 2)
    keywords = {"padding": "border", "align_corners": False, "interpolation": "nearest", "ties": ties}
    assert sample_pixels(line, x, np.zeros_like(x), **keywords).ravel().tolist() == [1, 1, 2]


@pytest.mark.parametrize(("rule", "slope"), [("right", 7.0), ("left", 3.0), ("zero", 0.0), ("mean", 5.0)])
@pytest.mark.parametrize("along", [0, 1, 2])
def test_each_rule_at_an_integer_of_a_volume(rule, slope, along):
    # Slopes 3 to the left and 7 to the right of the middle pixel.
    shape = [1] * 3
    shape[2 - along] = 3
    volume = np.array([1.0, 4.0, 11.0]).reshape(1, 1, *shape)
    points = np.zeros((3, 1, 1, 1, 1))
    points[along] = 1
    x, y, z = points
    _, *gradients = sample_pixels_vjp(
        volume, x, y, np.ones((1, 1, 1, 1, 1)), z=z, padding="border", align_corners=False, subgradient=rule
    )
    assert gradients[along].item() == slope


@pytest.mark.parametrize("rule", SUBGRADIENTS)
def test_an_infinite_cotangent_moves_no_point_of_nearest(rule):
    x = np.array([[[0.25, 1.0, np.nan]]])
    keywords = {"padding": "zeros", "align_corners": False, "interpolation": "nearest", "subgradient": rule}
    cotangent = np.full((1, 1, 1, 3), np.inf)
    _, *gradients = sample_pixels_vjp(np.ones((1, 1, 2, 2)), x, np.zeros_like(x), cotangent, **keywords)
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, [[[0, 0, np.nan]]])


@each_kind
@each_padding
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_a_non_finite_coordinate_is_nan_there_and_adds_nothing(interpolation, axes, padding, bad):
    random = np.random.default_rng(0)
    image = random.standard_normal(IMAGE[axes])
    grid = random.uniform(-1.5, 1.5, (1, *[2] * axes, axes))
    cotangent = random.standard_normal((1, 2, *[2] * axes))
    spoilt, still = grid.copy(), cotangent.copy()
    corner = (0,) * axes
    for along in range(axes):
        place = (0, *corner[:along], 1, *corner[along + 1 :])
        spoilt[(*place, along)] = bad
        still[:, :, *place[1:]] = 0
    keywords = {"padding": padding, "align_corners": False, "interpolation": interpolation}
    values = sample(image, spoilt, **keywords)
    bad_points = ~np.isfinite(spoilt).all(axis=-1)
    assert bad_points.sum() == axes
    expected = np.where(bad_points[:, None], np.nan, sample(image, grid, **keywords))
    np.testing.assert_array_equal(values, expected)
    grad_image, grad_grid = sample_vjp(image, spoilt, cotangent, **keywords)
    image_without, grid_without = sample_vjp(image, grid, still, **keywords)
    np.testing.assert_array_equal(grad_image, image_without)
    np.testing.assert_array_equal(grad_grid, np.where(bad_points[..., None], np.nan, grid_without))


@each_kind
@each_padding
@pytest.mark.parametrize("lead", [(0, 3), (2, 0), (2, 3)])
def test_empty_batches_channels_and_outputs(interpolation, axes, padding, lead):
    image, output = np.ones((*lead, *[2] * axes)), (0, *[3] * (axes - 1)) if all(lead) else (3,) * axes
    grid, cotangent = np.zeros((lead[0], *output, axes)), np.ones((*lead, *output))
    keywords = {"padding": padding, "align_corners": True, "interpolation": interpolation}
    assert sample(image, grid, **keywords).shape == cotangent.shape
    grad_image, grad_grid = sample_vjp(image, grid, cotangent, **keywords)
    np.testing.assert_array_equal(grad_image, np.zeros(image.shape))
    np.testing.assert_array_equal(grad_grid, np.zeros(grid.shape))


@each_kind
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", ["border", "reflection"])
def test_an_image_of_one_pixel_is_that_pixel_everywhere(interpolation, axes, padding, align_corners):
    grid = np.random.default_rng(0).uniform(-9, 9, (1, *[3] * axes, axes))
    keywords = {"padding": padding, "align_corners": align_corners, "interpolation": interpolation}
    values = sample(np.full((1, 1, *[1] * axes), 3.0), grid, **keywords)
    # The weights' sum is 1 up to their roundings: at most 8 each, and theirs is at most 3 an axis.
    np.testing.assert_allclose(values, 3.0, rtol=64 * 3**axes * 2.0**-53, atol=0)
