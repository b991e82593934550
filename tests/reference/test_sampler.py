"""Sampled values against exact rational arithmetic."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from stn_reference import PADDINGS, pixel_scale, sample, sample_pixels, to_normalised, transform

ROUNDINGS = 6
"""Of each term of equation 5: its weight along x, product, sum; its weight along y, product, sum. That bounds
the error by 6 u = 3 ulp of sum |weight pixel|; the largest seen over 55,000 random values was 2.00 ulp."""


@settings(deadline=None)
@given(st.data())
def test_values_at_pixel_coordinates_are_equation_5(scenes, budget, data):
    scene = data.draw(scenes)
    values = sample_pixels(
        scene.image, scene.x, scene.y, padding=scene.padding, align_corners=scene.align_corners
    )
    worst = 0.0
    for n, c, i, j in np.ndindex(values.shape):
        terms = scene.oracle(n, c).terms(Fraction(scene.x[n, i, j]), Fraction(scene.y[n, i, j]))
        worst = max(worst, budget(values[n, c, i, j], sum(terms), sum(map(abs, terms)), ROUNDINGS))
    target(worst)
    assert worst <= 1


def reachable(plane, x, y, dx, dy):
    """Largest |pixel|, |dV/dx| and |dV/dy| of an exact plane within (dx, dy) of (x, y)."""
    columns = range(floor(x - dx), floor(x + dx) + 2)
    rows = range(floor(y - dy), floor(y + dy) + 2)
    level = max(abs(plane.pixel(m, n)) for m in columns for n in rows)
    steep_x = max(abs(plane.pixel(m + 1, n) - plane.pixel(m, n)) for m in columns[:-1] for n in rows)
    steep_y = max(abs(plane.pixel(m, n + 1) - plane.pixel(m, n)) for m in columns for n in rows[:-1])
    return level, steep_x, steep_y


def check_with_uncertain_coordinates(values, scene, exact, uncertainty):
    """A coordinate wrong by d moves the value by at most d times the steepest slope within reach.

    `exact` and `uncertainty` hold one mapping from [n, i, j] to pixels for x and one for y.
    """
    worst = 0.0
    for n, c, i, j in np.ndindex(values.shape):
        at, plane = (n, i, j), scene.oracle(n, c)
        x, y = exact[0][at], exact[1][at]
        dx, dy = uncertainty[0][at], uncertainty[1][at]
        level, steep_x, steep_y = reachable(plane, x, y, dx, dy)
        bound = (
            dx * steep_x
            + dy * steep_y
            + Fraction(ROUNDINGS, 2**53 - ROUNDINGS) * level
            + Fraction(1, 2**1054)
        )
        error = abs(Fraction(float(values[n, c, i, j])) - plane.value(x, y))
        worst = max(worst, float(error / bound))
    target(worst)
    assert worst <= 1


@settings(deadline=None)
@given(st.data())
def test_values_on_a_normalised_grid(scenes, data):
    scene = data.draw(scenes)
    # Beyond 2^20 a rounded coordinate may be cells away from the exact one: nothing to bound.
    near = np.clip(scene.x, -(2**20), 2**20), np.clip(scene.y, -(2**20), 2**20)
    sizes = scene.image.shape[3], scene.image.shape[2]
    grid = np.stack(
        [to_normalised(x, s, scene.align_corners) for x, s in zip(near, sizes, strict=True)], axis=-1
    )
    values = sample(scene.image, grid, padding=scene.padding, align_corners=scene.align_corners)
    exact, uncertainty = [], []
    for axis, size in enumerate(sizes):
        scale, centre = Fraction(pixel_scale(size, scene.align_corners)), Fraction(size - 1, 2)
        products = {at: Fraction(grid[(*at, axis)]) * scale for at in np.ndindex(grid.shape[:3])}
        exact.append({at: p + centre for at, p in products.items()})
        # Two roundings: product and sum (test_coordinates).
        uncertainty.append({at: Fraction(2, 2**53 - 2) * (abs(p) + centre) for at, p in products.items()})
    check_with_uncertain_coordinates(values, scene, exact, uncertainty)


@settings(deadline=None)
@given(st.data())
def test_values_under_an_affine_theta(scenes, data):
    scene = data.draw(scenes)
    size = scene.x.shape[1:]
    numbers = st.floats(-2, 2, allow_subnormal=False)
    theta = np.array(data.draw(st.lists(numbers, min_size=6, max_size=6))).reshape(1, 2, 3)
    theta = np.repeat(theta, len(scene.image), axis=0)
    values = transform(scene.image, theta, size, padding=scene.padding, align_corners=scene.align_corners)
    exact, uncertainty = [{}, {}], [{}, {}]
    output = [Fraction(pixel_scale(s, scene.align_corners)) or Fraction(1) for s in size]
    for n, i, j in np.ndindex(scene.x.shape):
        xt, yt = (j - Fraction(size[1] - 1, 2)) / output[1], (i - Fraction(size[0] - 1, 2)) / output[0]
        for axis, length in ((0, scene.image.shape[3]), (1, scene.image.shape[2])):
            a, b, c = map(Fraction, map(float, theta[n, axis]))
            scale, centre = Fraction(pixel_scale(length, scene.align_corners)), Fraction(length - 1, 2)
            parts = [centre, a * xt * scale, b * yt * scale, c * scale]
            exact[axis][n, i, j] = sum(parts)
            # Six roundings (test_affine).
            uncertainty[axis][n, i, j] = Fraction(6, 2**53 - 6) * sum(map(abs, parts))
    check_with_uncertain_coordinates(values, scene, exact, uncertainty)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", range(1, 65))
def test_the_identity_returns_the_image_bit_for_bit(size, align_corners):
    random = np.random.default_rng(size)
    identity = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    for shape in ((size, size), (size, 65 - size)):
        image = random.standard_normal((1, 2, *shape))
        for padding in PADDINGS:
            output = transform(image, identity, shape, padding=padding, align_corners=align_corners)
            np.testing.assert_array_equal(output, image)


PAD_MODES = {"zeros": "constant", "border": "edge"}


def theta_for(shift, scale):
    """A parameter whose product with the scale rounds to the shift; None where no float does (3, 23.5)."""
    quotient = shift / scale
    candidates = (quotient, np.nextafter(quotient, np.inf), np.nextafter(quotient, -np.inf))
    return next((float(t) for t in candidates if t * scale == shift), None)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("shift", [(1, 0), (0, -1), (2, 3), (-5, 4)])
def test_a_whole_pixel_shift_moves_the_image_bit_for_bit(shift, padding, align_corners):
    random = np.random.default_rng(0)
    mode = PAD_MODES.get(padding, "reflect" if align_corners else "symmetric")
    checked = 0
    for height, width in zip(range(2, 65), range(64, 1, -1), strict=True):
        tx = theta_for(shift[0], pixel_scale(width, align_corners))
        ty = theta_for(shift[1], pixel_scale(height, align_corners))
        if tx is None or ty is None:
            continue
        checked += 1
        image = random.standard_normal((1, 1, height, width))
        theta = np.array([[tx, ty]])
        output = transform(image, theta, (height, width), padding=padding, align_corners=align_corners)
        padded = np.pad(image[0, 0], 5, mode=mode)
        rows, columns = slice(5 + shift[1], 5 + shift[1] + height), slice(5 + shift[0], 5 + shift[0] + width)
        np.testing.assert_array_equal(output[0, 0], padded[rows, columns])
    assert checked > 40, "most sizes have such a theta"


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_a_non_finite_coordinate_gives_nan_there_and_nowhere_else(bad, padding):
    image = np.arange(24.0).reshape(1, 2, 3, 4)
    grid = np.zeros((1, 2, 2, 2))
    grid[0, 0, 1, 0] = bad
    grid[0, 1, 0, 1] = bad
    values = sample(image, grid, padding=padding, align_corners=False)
    np.testing.assert_array_equal(
        np.isnan(values), np.broadcast_to([[False, True], [True, False]], values.shape)
    )


@pytest.mark.parametrize(
    ("image", "size"), [((2, 3, 4, 5), (0, 3)), ((0, 3, 4, 5), (2, 3)), ((2, 0, 4, 5), (2, 3))]
)
@pytest.mark.parametrize("padding", PADDINGS)
def test_empty_batches_channels_and_outputs(image, size, padding):
    values = sample(np.ones(image), np.zeros((image[0], *size, 2)), padding=padding, align_corners=True)
    assert values.shape == (*image[:2], *size)
