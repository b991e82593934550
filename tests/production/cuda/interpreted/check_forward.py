"""Forward: values against the float64 oracle, and what needs no bound."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import CONVENTIONS, LAYOUTS, forward, judge_output, tensor

from stn_production.cuda import sample_forward, transform_forward
from stn_verify.cases import grids, thetas
from stn_verify.cases.strategies import sample_cases, transform_cases
from stn_verify.cases.thetas import identity_cases
from stn_verify.contract.convention import PADDINGS, Convention


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@settings(max_examples=60)
@given(draw=st.data(), convention=CONVENTIONS, layout=LAYOUTS)
def test_transform(
    dtype: str, draw: st.DataObject, convention: Convention, layout: torch.memory_format
) -> None:
    case = draw.draw(transform_cases(dtype, convention, thetas.ALL))
    judge_output(case, forward(case, layout))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@settings(max_examples=60)
@given(draw=st.data(), convention=CONVENTIONS, layout=LAYOUTS)
def test_sample(dtype: str, draw: st.DataObject, convention: Convention, layout: torch.memory_format) -> None:
    case = draw.draw(sample_cases(dtype, convention, grids.ALL))
    judge_output(case, forward(case, layout))


@settings(max_examples=30)
@given(draw=st.data(), convention=CONVENTIONS, layout=LAYOUTS)
def test_the_identity_is_the_image(
    draw: st.DataObject, convention: Convention, layout: torch.memory_format
) -> None:
    case = draw.draw(identity_cases("float32", convention))
    output = forward(case, layout)
    assert torch.equal(output, tensor(case.image, "float32"))
    # The format is kept; one channel or pixel is in both.
    assert output.is_contiguous(memory_format=layout)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [(128, 128), (33, 127)])
def test_whole_images(size: tuple[int, int], layout: torch.memory_format) -> None:
    image = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 2, *size), dtype=np.float32))
    image = image.contiguous(memory_format=layout)
    output = transform_forward(image, torch.eye(2, 3)[None], size, False, "zeros")
    assert torch.equal(output, image)


@settings(max_examples=20)
@given(draw=st.data(), convention=CONVENTIONS, layout=LAYOUTS)
def test_bfloat16_is_near(draw: st.DataObject, convention: Convention, layout: torch.memory_format) -> None:
    """The interpreter cuts where the device rounds: up to a unit in the last place, twice what storing may cost."""
    case = draw.draw(transform_cases("bfloat16", convention, thetas.GENERIC))
    output = forward(case, layout).double()
    image, theta = tensor(case.image, "float64"), tensor(case.theta, "float64")
    exact = transform_forward(image, theta, case.size, convention.align_corners, convention.padding)
    assert (output - exact).abs().le(2.0**-7 * exact.abs() + 2.0**-20 * image.abs().max()).all()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_coordinate_that_is_not_finite_spoils_its_own_output(
    padding: str, aligned: bool, value: float, layout: torch.memory_format
) -> None:
    image = torch.ones(2, 5, 3, 4).contiguous(memory_format=layout)
    grid = torch.zeros(2, 2, 3, 2)
    grid[1, 0, 2, 1] = value
    output = sample_forward(image, grid, aligned, padding)
    spoilt = torch.zeros(2, 5, 2, 3, dtype=torch.bool)
    spoilt[1, :, 0, 2] = True
    assert torch.equal(output.isnan(), spoilt)
    theta = torch.eye(2, 3).repeat(2, 1, 1)
    theta[0, 0, 2] = value
    assert torch.equal(
        transform_forward(image, theta, (3, 4), aligned, padding).isnan()[:, 0, 0, 0],
        torch.tensor([True, False]),
    )


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("far", [1e9, 3e38, -3e38, 1e300, -1e300])
def test_a_huge_coordinate_reads_zero_or_a_pixel(padding: str, aligned: bool, far: float) -> None:
    image = torch.arange(1.0, 13.0, dtype=torch.float64).reshape(1, 1, 3, 4)
    output = sample_forward(
        image, torch.full((1, 1, 1, 2), far, dtype=torch.float64), aligned, padding
    ).item()
    if padding == "zeros":
        assert output == 0
    elif padding == "border":
        assert output == (12 if far > 0 else 1)
    else:
        assert 1 <= output <= 12


@pytest.mark.parametrize("shape", [(0, 2, 3, 4), (2, 0, 3, 4)])
def test_empty_inputs(shape: tuple[int, ...]) -> None:
    theta = torch.zeros(shape[0], 2, 3)
    assert transform_forward(torch.zeros(shape), theta, (5, 6), False, "zeros").shape == (*shape[:2], 5, 6)


@pytest.mark.parametrize("size", [(0, 3), (3, 0)])
def test_empty_outputs(size: tuple[int, int]) -> None:
    output = transform_forward(torch.ones(1, 2, 3, 4), torch.zeros(1, 2, 3), size, True, "border")
    assert output.shape == (1, 2, *size)


@pytest.mark.parametrize("channels", [1, 3, 5, 37, 67])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_many_channels_are_each_read(channels: int, layout: torch.memory_format) -> None:
    image = torch.arange(2.0 * channels * 15).reshape(2, channels, 3, 5).contiguous(memory_format=layout)
    assert torch.equal(
        transform_forward(image, torch.eye(2, 3).expand(2, 2, 3), (3, 5), True, "border"), image
    )


def test_theta_may_be_wider_or_narrower_than_the_image() -> None:
    image = torch.arange(12.0).reshape(1, 1, 3, 4)
    for kinds in (
        (torch.float16, torch.float64),
        (torch.float64, torch.float16),
        (torch.float32, torch.bfloat16),
    ):
        output = transform_forward(
            image.to(kinds[0]), torch.eye(2, 3, dtype=kinds[1])[None], (3, 4), False, "zeros"
        )
        assert output.dtype == kinds[0]
        assert torch.equal(output.float(), image)


def test_any_strides_are_read() -> None:
    image = torch.arange(48.0).reshape(2, 2, 3, 4).transpose(2, 3)
    theta = torch.eye(2, 3).expand(2, 2, 3)
    assert torch.equal(transform_forward(image, theta, (4, 3), False, "zeros"), image)
