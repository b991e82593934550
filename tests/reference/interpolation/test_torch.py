"""Nearest, bicubic and volumes agree with PyTorch's float64 CPU operators in all six conventions."""

import numpy as np
import pytest

from stn_reference import PADDINGS, affine_grid, affine_grid_vjp, sample, sample_vjp

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
functional = torch.nn.functional

KINDS = [("nearest", 2), ("bicubic", 2), ("bilinear", 3), ("nearest", 3)]
SHAPES = {
    2: [((2, 3, 5, 7), (4, 6)), ((2, 1, 1, 3), (3, 2)), ((1, 2, 3, 1), (5, 1)), ((1, 1, 1, 1), (2, 2))],
    3: [
        ((2, 3, 4, 5, 7), (2, 3, 4)),
        ((2, 1, 1, 3, 2), (3, 1, 2)),
        ((1, 2, 3, 1, 4), (1, 5, 1)),
        ((1, 1, 1, 1, 1), (1, 2, 2)),
    ],
}
SCENES = [(kind, axes, *scene) for kind, axes in KINDS for scene in SHAPES[axes]]
CONVENTIONS = [(padding, align_corners) for padding in PADDINGS for align_corners in (False, True)]
U = 2.0**-53
FARTHEST = 4.0
"""The largest |normalised coordinate| used."""

SLOPE, WEIGHTS = {"nearest": 0, "bilinear": 1, "bicubic": 2}, {"nearest": 1, "bilinear": 1, "bicubic": 2}
"""Along an axis, with pixels in [-1, 1] and a = -0.75: half the largest slope and the largest value, or more. Of Keys' kernel the
absolute weights sum to at most 1.375 (at t = 1/2), the slopes to 3 (there), the second derivatives to 12 (at t = 0)."""


def coordinate_error(size):
    """Roundings of up to (FARTHEST + 2) S: ours 2, torch 3, and 4 to reflect."""
    return 16 * U * (FARTHEST + 2) * size


def close(ours, theirs, bound):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=0, atol=bound)


def scene(seed, shape, size):
    random = np.random.default_rng(seed)
    grid = random.uniform(-FARTHEST, FARTHEST, (shape[0], *size, len(size)))
    return random.uniform(-1, 1, shape), grid, random.uniform(-1, 1, (*shape[:2], *size))


def kink_distance(grid, shape, align_corners):
    """How far, in pixels, the points stay from every half-integer."""
    sizes = np.array(shape[:1:-1])
    pixels = grid * (sizes - 1 if align_corners else sizes) + (sizes - 1)
    # An aligned axis of one pixel does not move.
    return np.min(np.abs(pixels - np.rint(pixels))[..., sizes > 1], initial=1.0) / 2


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("kind", "axes", "shape", "size"), SCENES)
@pytest.mark.parametrize(("padding", "align_corners"), CONVENTIONS)
def test_values_and_gradients_on_a_grid(padding, align_corners, kind, axes, shape, size, seed):
    image, grid, cotangent = scene(seed, shape, size)
    length = max(shape[2:])
    error = coordinate_error(length)
    assert kink_distance(grid, shape, align_corners) > error
    their_image, their_grid = torch.tensor(image, requires_grad=True), torch.tensor(grid, requires_grad=True)
    output = functional.grid_sample(
        their_image, their_grid, mode=kind, padding_mode=padding, align_corners=align_corners
    )
    output.backward(torch.tensor(cotangent))
    keywords = {"padding": padding, "align_corners": align_corners, "interpolation": kind}
    grad_image, grad_grid = sample_vjp(image, grid, cotangent, **keywords)
    channels, points = shape[1], int(np.prod(size))
    weights, steep = WEIGHTS[kind] ** axes, 2 * SLOPE[kind] * WEIGHTS[kind] ** (axes - 1)
    # 64 u: the roundings of each term on both sides. A pixel farther on a slope has changed by at most 4 steep an axis.
    moved = axes * steep * error
    close(sample(image, grid, **keywords), output, moved + 64 * weights * U)
    close(grad_image, their_image.grad, points * (moved + (64 + points) * weights * U))
    close(grad_grid, their_grid.grad, length * channels * (4 * moved + (64 + channels) * steep * U))


@pytest.mark.parametrize(("align_corners", "length"), [(False, 8), (True, 9)])
def test_ties_fall_on_the_same_pixel(align_corners, length):
    line = np.arange(1.0, length + 1).reshape(1, 1, 1, length)
    # The scale is 4, so that both compute these coordinates exactly.
    x = np.arange(-2, length + 3) - 0.5
    grid = np.stack([(x - (length - 1) / 2) / 4, np.zeros(len(x))], axis=-1)[None, None]
    theirs = functional.grid_sample(
        torch.tensor(line), torch.tensor(grid), mode="nearest", align_corners=align_corners
    )
    ours = sample(line, grid, padding="zeros", align_corners=align_corners, interpolation="nearest")
    np.testing.assert_array_equal(ours, theirs.numpy())


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(1, 1, 1), (1, 4, 2), (3, 1, 5), (4, 5, 6)])
@pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid behavior has changed")
def test_the_generator_of_volumes(size, align_corners):
    random = np.random.default_rng(0)
    theta, cotangent = random.uniform(-1, 1, (2, 3, 4)), random.uniform(-1, 1, (2, *size, 3))
    theirs = torch.tensor(theta, requires_grad=True)
    grid = functional.affine_grid(theirs, (2, 1, *size), align_corners=align_corners)
    grid.backward(torch.tensor(cotangent))
    points = int(np.prod(size))
    # Each side: x^t, a product and a sum a column; then a sum a point.
    close(affine_grid(theta, size, align_corners=align_corners), grid, 2 * 4 * 5 * U)
    gradient = affine_grid_vjp(theta, size, cotangent, align_corners=align_corners)
    close(gradient, theirs.grad, 2 * points * (3 + points) * U)
