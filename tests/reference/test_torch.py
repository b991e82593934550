"""Agreement with PyTorch's float64 CPU operators in all six conventions."""

import numpy as np
import pytest

from stn_reference import PADDINGS, affine_grid, affine_grid_vjp, sample, sample_vjp, transform, transform_vjp

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
functional = torch.nn.functional

SHAPES = [((2, 3, 5, 7), (4, 6)), ((2, 1, 1, 3), (3, 2)), ((1, 2, 3, 1), (5, 1)), ((1, 1, 1, 1), (2, 2))]
CONVENTIONS = [(padding, align_corners) for padding in PADDINGS for align_corners in (False, True)]
U = 2.0**-53
FARTHEST = 4.0
"""The largest |normalised coordinate| used."""


def coordinate_error(size):
    """Roundings of up to (FARTHEST + 2) S: ours 2, or 6 from theta; torch 3, 4 to reflect, 4 from theta."""
    return 16 * U * (FARTHEST + 2) * size


def random_scene(seed, shape, size):
    """Pixels and cotangents in [-1, 1], and a grid inside and outside the image."""
    random = np.random.default_rng(seed)
    image = random.uniform(-1, 1, shape)
    grid = random.uniform(-FARTHEST, FARTHEST, (shape[0], *size, 2))
    return image, grid, random.uniform(-1, 1, (*shape[:2], *size))


def kink_distance(grid, shape, align_corners):
    """How far, in pixels, the points stay from every integer."""
    sizes = np.array([shape[3], shape[2]])
    pixels = grid * (sizes - 1 if align_corners else sizes) / 2 + (sizes - 1) / 2
    # An aligned axis of one pixel is all kink, but has no gradient (its scale is 0).
    distance = np.abs(pixels - np.rint(pixels))
    return np.min(distance[..., sizes > 1], initial=1.0)


def close(ours, theirs, bound):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=0, atol=bound)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shape", "size"), SHAPES)
@pytest.mark.parametrize(("padding", "align_corners"), CONVENTIONS)
def test_values_and_gradients_on_a_grid(padding, align_corners, shape, size, seed):
    image, grid, cotangent = random_scene(seed, shape, size)
    assert kink_distance(grid, shape, align_corners) > coordinate_error(max(shape[2:]))
    their_image = torch.tensor(image, requires_grad=True)
    their_grid = torch.tensor(grid, requires_grad=True)
    output = functional.grid_sample(
        their_image, their_grid, padding_mode=padding, align_corners=align_corners
    )
    output.backward(torch.tensor(cotangent))
    grad_image, grad_grid = sample_vjp(image, grid, cotangent, padding=padding, align_corners=align_corners)
    channels, length, points = shape[1], max(shape[2:]), 4 * size[0] * size[1]
    # Slopes are at most 2 an axis, the twist 4; 32 u covers the few roundings of each term on both sides.
    moved = 2 * coordinate_error(length)
    close(sample(image, grid, padding=padding, align_corners=align_corners), output, 2 * moved + 32 * U)
    close(grad_image, their_image.grad, points * (moved + (32 + points) * U))
    close(grad_grid, their_grid.grad, length * channels * (2 * moved + (32 + channels) * 2 * U))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shape", "size"), SHAPES)
@pytest.mark.parametrize(("padding", "align_corners"), CONVENTIONS)
@pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid behavior has changed")
def test_values_and_gradients_under_a_theta(padding, align_corners, shape, size, seed):
    image, _, cotangent = random_scene(seed, shape, size)
    theta = np.random.default_rng(seed).uniform(-FARTHEST / 3, FARTHEST / 3, (shape[0], 2, 3))
    grid = affine_grid(theta, size, align_corners=align_corners)
    assert kink_distance(grid, shape, align_corners) > coordinate_error(max(shape[2:]))
    their_image = torch.tensor(image, requires_grad=True)
    their_theta = torch.tensor(theta, requires_grad=True)
    their_grid = functional.affine_grid(their_theta, (*shape[:2], *size), align_corners=align_corners)
    output = functional.grid_sample(
        their_image, their_grid, padding_mode=padding, align_corners=align_corners
    )
    output.backward(torch.tensor(cotangent))
    keywords = {"padding": padding, "align_corners": align_corners}
    grad_image, grad_theta = transform_vjp(image, theta, size, cotangent, **keywords)
    channels, length, points = shape[1], max(shape[2:]), 4 * size[0] * size[1]
    moved = 2 * coordinate_error(length)
    close(grid, their_grid, 8 * U * FARTHEST)
    close(transform(image, theta, size, **keywords), output, 2 * moved + 32 * U)
    close(grad_image, their_image.grad, points * (moved + (32 + points) * U))
    close(
        grad_theta,
        their_theta.grad,
        points * length * channels * (2 * moved + (32 + channels + points) * 2 * U),
    )


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (3, 1), (5, 6)])
@pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid behavior has changed")
def test_the_generators_gradient(size, align_corners):
    random = np.random.default_rng(0)
    theta, cotangent = random.uniform(-1, 1, (2, 2, 3)), random.uniform(-1, 1, (2, *size, 2))
    theirs = torch.tensor(theta, requires_grad=True)
    functional.affine_grid(theirs, (2, 1, *size), align_corners=align_corners).backward(
        torch.tensor(cotangent)
    )
    points = size[0] * size[1]
    gradient = affine_grid_vjp(theta, size, cotangent, align_corners=align_corners)
    close(gradient, theirs.grad, points * (8 + 2 * points) * U)
