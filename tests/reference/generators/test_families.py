"""What all families have in common, where they agree, and the transformation through each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import (
    FAMILIES,
    PADDINGS,
    affine_grid,
    sample,
    sample_vjp,
    target_axis,
    thin_plate_family,
    transform,
    transform_vjp,
)

NUMBERS = st.floats(-4, 4, allow_subnormal=False)
SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))
EXACT = [name for name in FAMILIES if name != "thin_plate"]
"""Families whose identity is not rounded."""


def grid_of(name, theta, size, align_corners):
    return FAMILIES[name].grid(np.array(theta), size, align_corners=align_corners)


def gradient_of(name, theta, size, cotangent, align_corners):
    return FAMILIES[name].vjp(np.array(theta), size, cotangent, align_corners=align_corners)


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_is_known_by_its_name(name):
    assert FAMILIES[name].name == name


def test_the_shapes_of_theta():
    shapes = {name: family.shape(5, (2, 3), 16) for name, family in FAMILIES.items()}
    assert shapes == {
        "translation": (5, 2),
        "attention": (5, 3),
        "similarity": (5, 4),
        "affine": (5, 2, 3),
        "projective": (5, 8),
        "thin_plate": (5, 16, 2),
        "displacement": (5, 2, 3, 2),
    }


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("size", [(1, 1), (3, 1), (4, 7)])
@pytest.mark.parametrize("align_corners", [False, True])
def test_the_identity_is_the_regular_grid(name, size, align_corners):
    grid = grid_of(name, FAMILIES[name].identity(2, size), size, align_corners)
    x, y = np.meshgrid(target_axis(size[1], align_corners), target_axis(size[0], align_corners))
    np.testing.assert_array_equal(grid, np.broadcast_to(np.stack([x, y], axis=-1), (2, *size, 2)))


@pytest.mark.parametrize("name", FAMILIES)
def test_an_identity_may_be_written_to(name):
    family = FAMILIES[name]
    theta = family.identity(2, (2, 3))
    theta[0] += 1
    np.testing.assert_array_equal(theta[1], family.identity(1, (2, 3))[0])


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("size", [(0, 3), (3, 0), (1, 4), (4, 1), (1, 1)])
def test_empty_and_single_lengths(name, count, size):
    family = FAMILIES[name]
    theta = family.identity(count, size)
    assert theta.shape == family.shape(count, size)
    grid = family.grid(theta, size, align_corners=True)
    assert grid.shape == (count, *size, 2)
    gradient = family.vjp(theta, size, np.ones(grid.shape), align_corners=True)
    assert gradient.shape == theta.shape
    if 0 in size:
        np.testing.assert_array_equal(gradient, 0)


@pytest.mark.parametrize("name", EXACT)
def test_linear_is_said_of_what_is_linear(name):
    family = FAMILIES[name]
    random = np.random.default_rng(1)
    first = family.identity(1, (3, 3))
    step = random.integers(-2, 3, first.shape) / 8
    grids = [family.grid(first + k * step, (3, 3), align_corners=True) for k in range(3)]
    bend = np.abs(grids[2] - 2 * grids[1] + grids[0]).max()
    # Eighths and whole coordinates: nothing linear is rounded.
    assert (bend == 0) == family.linear


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.linear])
def test_a_linear_gradient_knows_no_theta(name):
    family = FAMILIES[name]
    cotangent = np.random.default_rng(2).uniform(-1, 1, (2, 3, 4, 2))
    theta = family.identity(2, (3, 4))
    np.testing.assert_array_equal(
        family.vjp(theta, (3, 4), cotangent, align_corners=False),
        family.vjp(theta * np.nan, (3, 4), cotangent, align_corners=False),
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e308])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_bad_theta_spoils_its_own_sample_only(name, bad):
    family = FAMILIES[name]
    theta = family.identity(2, (3, 4))
    alone = family.grid(theta[1:], (3, 4), align_corners=False)
    cotangent = np.full((2, 3, 4, 2), 1e3)
    alone_gradient = family.vjp(theta[1:], (3, 4), cotangent[1:], align_corners=False)
    theta[0] = bad
    grid = family.grid(theta, (3, 4), align_corners=False)
    np.testing.assert_array_equal(grid[1:], alone)
    if not np.isfinite(bad):
        assert not np.isfinite(grid[0]).any()
    gradient = family.vjp(theta, (3, 4), cotangent, align_corners=False)
    np.testing.assert_array_equal(gradient[1:], alone_gradient)


@given(hnp.arrays(np.float64, (2, 8), elements=NUMBERS), SIZES, st.booleans(), st.data())
def test_special_cases_agree_bit_for_bit(numbers, size, align_corners, data):
    cotangent = data.draw(hnp.arrays(np.float64, (2, *size, 2), elements=NUMBERS))
    zero, one = np.zeros(2), np.ones(2)
    a, b, tx, ty, c, d, *_ = numbers.T
    # (special, its theta), (general, its theta), and where the special gradient is in the general one.
    pairs = [
        ("translation", [tx, ty], "affine", [one, zero, tx, zero, one, ty], [2, 5]),
        ("translation", [tx, ty], "attention", [one, tx, ty], [1, 2]),
        ("attention", [a, tx, ty], "similarity", [a, zero, tx, ty], [0, 2, 3]),
        ("similarity", [a, b, tx, ty], "affine", [a, -b, tx, b, a, ty], None),
        ("affine", [a, b, tx, c, d, ty], "projective", [a, b, tx, c, d, ty, zero, zero], range(6)),
    ]
    for special, narrow, general, wide, places in pairs:
        few = np.stack(narrow, axis=-1).reshape(FAMILIES[special].shape(2, size))
        many = np.stack(wide, axis=-1).reshape(FAMILIES[general].shape(2, size))
        np.testing.assert_array_equal(
            grid_of(special, few, size, align_corners), grid_of(general, many, size, align_corners)
        )
        if places is not None:
            whole = gradient_of(general, many, size, cotangent, align_corners).reshape(2, -1)
            part = gradient_of(special, few, size, cotangent, align_corners).reshape(2, -1)
            np.testing.assert_array_equal(part, whole[:, list(places)])
    shift = np.broadcast_to(numbers[:, None, None, :2], (2, *size, 2))
    np.testing.assert_array_equal(
        grid_of("displacement", shift, size, align_corners),
        grid_of("translation", numbers[:, :2], size, align_corners),
    )


IMAGE = np.random.default_rng(3).uniform(-1, 1, (2, 3, 5, 6))
COTANGENT = np.random.default_rng(4).uniform(-1, 1, (2, 3, 3, 4))
CONVENTIONS = [
    {"padding": padding, "align_corners": aligned} for padding in PADDINGS for aligned in (False, True)
]


def theta_near_the_identity(family):
    theta = family.identity(2, (3, 4))
    return theta + np.random.default_rng(5).uniform(-0.2, 0.2, theta.shape)


@pytest.mark.parametrize("convention", CONVENTIONS, ids=str)
@pytest.mark.parametrize(
    "family",
    [
        *(name for name in FAMILIES if name not in {"affine", "translation"}),
        pytest.param(thin_plate_family([[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]]), id="three control points"),
    ],
)
def test_transform_is_the_family_s_grid_sampled(family, convention):
    chosen = FAMILIES[family] if isinstance(family, str) else family
    theta, aligned = theta_near_the_identity(chosen), convention["align_corners"]
    grid = chosen.grid(theta, (3, 4), align_corners=aligned)
    np.testing.assert_array_equal(
        transform(IMAGE, theta, (3, 4), family=family, **convention), sample(IMAGE, grid, **convention)
    )
    for rule in ("right", "zero"):
        keywords = {**convention, "subgradient": rule}
        grad_image, grad_theta = transform_vjp(IMAGE, theta, (3, 4), COTANGENT, family=family, **keywords)
        expected_image, grad_grid = sample_vjp(IMAGE, grid, COTANGENT, **keywords)
        np.testing.assert_array_equal(grad_image, expected_image)
        expected = chosen.vjp(theta, (3, 4), grad_grid, align_corners=aligned)
        np.testing.assert_array_equal(grad_theta, expected)


@pytest.mark.parametrize("convention", CONVENTIONS, ids=str)
@pytest.mark.parametrize("name", ["affine", "translation"])
def test_affine_and_translation_are_formed_around_the_centre(name, convention):
    theta = theta_near_the_identity(FAMILIES[name])
    # By name or by theta's shape: the same.
    np.testing.assert_array_equal(
        transform(IMAGE, theta, (3, 4), family=name, **convention),
        transform(IMAGE, theta, (3, 4), **convention),
    )
    for named, plain in zip(
        transform_vjp(IMAGE, theta, (3, 4), COTANGENT, family=name, **convention),
        transform_vjp(IMAGE, theta, (3, 4), COTANGENT, **convention),
        strict=True,
    ):
        np.testing.assert_array_equal(named, plain)
    # 49 columns: their normalised coordinates are rounded, their pixels are not.
    image = np.random.default_rng(6).uniform(-1, 1, (1, 1, 49, 49))
    identity = FAMILIES[name].identity(1, (49, 49))
    np.testing.assert_array_equal(transform(image, identity, (49, 49), family=name, **convention), image)
    grid = affine_grid(identity, (49, 49), align_corners=False)
    assert not np.array_equal(sample(image, grid, padding="zeros", align_corners=False), image)
