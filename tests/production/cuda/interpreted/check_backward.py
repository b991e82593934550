"""Backward: both gradients, by the way that is chosen for the case, against the float64 oracle."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import CONVENTIONS, LAYOUTS, backward, judge_gradients

from stn_production.cuda import sample_backward, transform_backward
from stn_verify.cases import grids, thetas
from stn_verify.cases.strategies import sample_cases, transform_cases
from stn_verify.contract.convention import PADDINGS, Convention

# What is infinite is multiplied by zero on purpose; only NumPy, which interprets, speaks of it.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@settings(max_examples=30)
@given(draw=st.data(), convention=CONVENTIONS, layout=LAYOUTS)
def test_transform(
    dtype: str, draw: st.DataObject, convention: Convention, layout: torch.memory_format
) -> None:
    case = draw.draw(transform_cases(dtype, convention, thetas.ALL))
    judge_gradients(case, backward(case, layout))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@settings(max_examples=30)
@given(draw=st.data(), convention=CONVENTIONS, layout=LAYOUTS)
def test_sample(dtype: str, draw: st.DataObject, convention: Convention, layout: torch.memory_format) -> None:
    case = draw.draw(sample_cases(dtype, convention, grids.ALL))
    judge_gradients(case, backward(case, layout))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_coordinate_that_is_not_finite(padding: str, layout: torch.memory_format) -> None:
    image = torch.ones(2, 5, 3, 4).contiguous(memory_format=layout)
    received = torch.ones(2, 5, 2, 3)
    grid = torch.zeros(2, 2, 3, 2)
    grid[1, 0, 2, 1] = float("nan")
    grad_image, grad_grid = sample_backward(received, image, grid, False, padding, True, True)
    # Every other output's weights sum to 1.
    assert grad_image.sum((1, 2, 3)).tolist() == [30.0, 25.0]
    assert grad_grid.isnan().sum().item() == 2
    assert grad_grid[1, 0, 2].isnan().all()
    theta = torch.eye(2, 3).repeat(2, 1, 1)
    theta[0, 0, 2] = float("inf")
    grad_image, grad_theta = transform_backward(received, image, theta, (2, 3), False, padding, True, True)
    assert grad_image[0].abs().sum() == 0
    assert not grad_image.isnan().any()
    assert grad_theta[0].isnan().all()
    assert not grad_theta[1].isnan().any()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("far", [1e9, -1e300])
def test_huge_coordinates(padding: str, far: float) -> None:
    image, received = torch.ones(1, 1, 3, 4).double(), torch.ones(1, 1, 1, 1).double()
    grid = torch.full((1, 1, 1, 2), far, dtype=torch.float64)
    grad_image, grad_grid = sample_backward(received, image, grid, False, padding, True, True)
    assert grad_image.sum().item() == pytest.approx(0 if padding == "zeros" else 1)
    assert torch.equal(grad_grid, torch.zeros_like(grid))


@pytest.mark.parametrize("padding", ["zeros", "border"])
def test_only_what_is_needed(padding: str) -> None:
    # Whole numbers and halves: every way to them is exact.
    image, received = torch.arange(24.0).reshape(1, 2, 3, 4) % 7, torch.arange(96.0).reshape(1, 2, 6, 8) % 5
    theta = torch.eye(2, 3)[None]
    both = transform_backward(received, image, theta, (6, 8), False, padding, True, True)
    only_image = transform_backward(received, image, theta, (6, 8), False, padding, True, False)
    only_theta = transform_backward(received, image, theta, (6, 8), False, padding, False, True)
    assert torch.equal(both[0], only_image[0])
    assert only_image[1] is None
    assert torch.equal(both[1], only_theta[1])
    assert only_theta[0] is None
    assert transform_backward(received, image, theta, (6, 8), False, padding, False, False) == (None, None)


@pytest.mark.parametrize("shape", [(0, 2, 3, 4), (2, 0, 3, 4)])
@pytest.mark.parametrize("padding", ["zeros", "border"])
def test_empty_inputs(shape: tuple[int, ...], padding: str) -> None:
    theta = torch.ones(shape[0], 2, 3)
    found = transform_backward(
        torch.ones(*shape[:2], 5, 6), torch.ones(shape), theta, (5, 6), True, padding, True, True
    )
    assert found[0].shape == shape
    assert torch.equal(found[1], torch.zeros_like(theta))


@pytest.mark.parametrize("padding", ["zeros", "border"])
def test_an_empty_output_has_zero_gradients(padding: str) -> None:
    image, theta = torch.ones(2, 2, 3, 4), torch.ones(2, 2, 3)
    found = transform_backward(torch.ones(2, 2, 0, 6), image, theta, (0, 6), True, padding, True, True)
    assert torch.equal(found[0], torch.zeros_like(image))
    assert torch.equal(found[1], torch.zeros_like(theta))
    grid = torch.ones(2, 4, 0, 2)
    found = sample_backward(torch.ones(2, 2, 4, 0), image, grid, True, padding, True, True)
    assert torch.equal(found[0], torch.zeros_like(image))
    assert found[1].shape == grid.shape


@pytest.mark.parametrize("channels", [1, 3, 37, 67])
@pytest.mark.parametrize("padding", ["zeros", "border"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_many_channels(channels: int, padding: str, layout: torch.memory_format) -> None:
    image = torch.randn(2, channels, 3, 5).contiguous(memory_format=layout)
    received = torch.randn(2, channels, 3, 5)
    theta = torch.eye(2, 3).expand(2, 2, 3)
    grad_image, _ = transform_backward(received, image, theta, (3, 5), True, padding, True, True)
    assert torch.equal(grad_image, received)
    assert grad_image.is_contiguous(memory_format=layout)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_every_share_of_the_channels_is_in_grad_grid(padding: str, layout: torch.memory_format) -> None:
    """A ramp of one a pixel, two pixels a normalised unit: exact in every order."""
    image = torch.arange(4.0).expand(2, 67, 3, 4).contiguous(memory_format=layout)
    grid = torch.zeros(2, 2, 3, 2)
    received = torch.ones(2, 67, 2, 3)
    _, grad_grid = sample_backward(received, image, grid, False, padding, True, True)
    assert torch.equal(grad_grid, torch.tensor([134.0, 0.0]).expand_as(grid))
