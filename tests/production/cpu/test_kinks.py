"""At kinks the kernels follow one rule: the slope right of the point in the extended image, in mirrored parts of it too.

Lengths (with align_corners, less one) are powers of two and pixels whole numbers, so that results are exact.
"""

import numpy as np
import pytest

from stn_reference import pixel_scale, sample, sample_vjp

torch = pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")

import stn_production  # noqa: E402 # where Numba is


@pytest.mark.parametrize("length", [1, 2, 4, 8])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_every_half_pixel_of_three_periods(length: int, align_corners: bool, padding: str) -> None:
    """Along x, on a grid and under translations."""
    width = length + align_corners
    places = np.arange(-3 * width, 4 * width, 0.5)
    grid = np.zeros((1, 1, len(places), 2))
    grid[..., 0] = (places - (width - 1) / 2) / pixel_scale(width, align_corners)
    image = np.arange(1.0, width + 1)[None, None, None] ** 2
    choices = {"align_corners": align_corners, "padding": padding}
    values = sample(image, grid, **choices)
    cotangent = np.ones_like(values)
    grad_image, grad_grid = sample_vjp(image, grid, cotangent, **choices)
    leaves = [torch.tensor(array, requires_grad=True) for array in (image, grid)]
    output = stn_production.grid_sample(*leaves, **choices)
    found = torch.autograd.grad(output, leaves, torch.tensor(cotangent))
    assert np.array_equal(output.detach().numpy(), values)
    assert np.array_equal(found[0].numpy(), grad_image)
    assert np.array_equal(found[1].numpy(), grad_grid)
    for column in range(len(places)):
        theta = torch.tensor([[[1.0, 0.0, grid[0, 0, column, 0]], [0.0, 1.0, 0.0]]], dtype=torch.float64)
        theta.requires_grad_()
        point = stn_production.spatial_transform(torch.tensor(image), theta, (1, 1), **choices)
        point.backward(torch.ones_like(point))
        assert theta.grad[0, 0, 2] == grad_grid[0, 0, column, 0]
