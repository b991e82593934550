"""The three ways to grad_image: each within its bounds, and what each promises beyond them."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import CONVENTIONS, LAYOUTS, judge_gradients, reply, tensor

from stn_production.cuda import sample_backward, transform_backward
from stn_production.cuda.gather import gather
from stn_production.cuda.sampling import Sampling
from stn_production.cuda.scatter import scatter
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.strategies import sample_cases, transform_cases
from stn_verify.contract.convention import Convention

# What is infinite is multiplied by zero on purpose; only NumPy, which interprets, speaks of it.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")


@pytest.fixture
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def sampling(case: SampleCase | TransformCase, layout: torch.memory_format) -> Sampling:
    image = tensor(case.image, case.dtype).contiguous(memory_format=layout)
    source = tensor(case.theta if isinstance(case, TransformCase) else case.grid, case.dtype)
    fused = isinstance(case, TransformCase)
    return Sampling(
        image, source, case.output_size, case.convention.align_corners, case.convention.padding, fused
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fixed_point", [False, True], ids=["atomics", "fixed point"])
@settings(max_examples=25)
@given(draw=st.data(), convention=CONVENTIONS, layout=LAYOUTS)
def test_scatter(
    fixed_point: bool, dtype: str, draw: st.DataObject, convention: Convention, layout: torch.memory_format
) -> None:
    case = draw.draw(
        st.one_of(transform_cases(dtype, convention, thetas.ALL), sample_cases(dtype, convention, grids.ALL))
    )
    found = scatter(
        tensor(case.cotangent, dtype), sampling(case, layout), True, True, fixed_point=fixed_point
    )
    judge_gradients(case, reply(case, *found))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(max_examples=25)
@given(draw=st.data(), aligned=st.booleans(), layout=LAYOUTS)
def test_gather_without_a_cap(
    dtype: str, draw: st.DataObject, aligned: bool, layout: torch.memory_format
) -> None:
    case = draw.draw(transform_cases(dtype, Convention("zeros", aligned), thetas.ALL))
    found = gather(tensor(case.cotangent, dtype), sampling(case, layout), True, deterministic=True)
    judge_gradients(case, reply(case, *found))


MAGNIFYING = {
    "all zero": [[0.0, 0, 0], [0, 0, 0]],
    "one line": [[1.0, 0, 0], [1, 0, 0]],
    "one column": [[0.0, 0, 0.1], [0, 1, 0]],
    "almost one line": [[1.0, 1, 0], [1, 1 + 1e-7, 0]],
    "tiny": [[1e-30, 0, 0], [0, 1e-30, 0]],
    "zoom": [[0.04, 0.01, 0.3], [-0.01, 0.04, -0.2]],
    "huge": [[1e20, 0, 1e20], [0, 1, 0]],
    "turned": [[0.7, -0.7, 0.2], [0.7, 0.7, 0]],
}


@pytest.mark.parametrize("deterministically", [False, True])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("theta", MAGNIFYING.values(), ids=MAGNIFYING.keys())
def test_theta_that_magnifies(
    theta: list[list[float]], layout: torch.memory_format, deterministically: bool
) -> None:
    """Beside an image that is not magnified; 20 x 23 outputs are more than the cap."""
    random = np.random.default_rng(2)
    thetas = np.array([theta, [[0.9, 0.1, 0], [-0.1, 0.9, 0]]])
    case = TransformCase(
        random.integers(-8, 9, (2, 2, 7, 6)).astype(float),
        thetas.astype(np.float32).astype(float),
        (20, 23),
        random.integers(-8, 9, (2, 2, 20, 23)).astype(float),
        "float32",
        Convention("zeros", False),
    )
    received = tensor(case.cotangent, "float32")
    found = gather(received, sampling(case, layout), True, deterministic=deterministically)
    judge_gradients(case, reply(case, *found))


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_fixed_point_has_no_order(dtype: torch.dtype, padding: str, layout: torch.memory_format) -> None:
    """The same outputs in another order give the same bits, though float sums would not."""
    generator = torch.Generator().manual_seed(3)
    image = torch.randn(1, 3, 5, 6, generator=generator).to(dtype).contiguous(memory_format=layout)
    grid = 1.3 * torch.randn(1, 8, 9, 2, generator=generator).to(dtype)
    received = torch.randn(1, 3, 8, 9, generator=generator).to(dtype)
    order = torch.randperm(72, generator=generator)
    first, _ = sample_backward(received, image, grid, False, padding, True, True)
    shuffled = received.flatten(2)[..., order].reshape(received.shape)
    second, _ = sample_backward(
        shuffled, image, grid.flatten(1, 2)[:, order].reshape(grid.shape), False, padding, True, True
    )
    assert torch.equal(first, second)


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_fixed_point_tells_infinite_from_nan(layout: torch.memory_format) -> None:
    """Only the pixels that an output reads know of its cotangent."""
    infinity = float("inf")
    image = torch.zeros(1, 5, 1, 4).contiguous(memory_format=layout)
    # Each output between two pixels: both are read.
    grid = torch.tensor([[[[-0.5, 0.0], [0.0, 0.0]]]])
    received = torch.zeros(1, 5, 1, 2)
    received[0, 0, 0] = torch.tensor([infinity, 1.0])
    received[0, 1, 0] = torch.tensor([infinity, -infinity])
    received[0, 2, 0] = torch.tensor([1.0, -infinity])
    received[0, 3, 0] = torch.tensor([float("nan"), 1.0])
    found, _ = sample_backward(received, image, grid, False, "border", True, False)
    nan = float("nan")
    expected = torch.tensor(
        [
            [infinity, infinity, 0.5, 0],
            [infinity, nan, -infinity, 0],
            [0.5, -infinity, -infinity, 0],
            [nan, nan, 0.5, 0],
            [0, 0, 0, 0],
        ]
    )
    assert torch.equal(found[0, :, 0].nan_to_num(7, 8, 9), expected.nan_to_num(7, 8, 9))


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("size", [1e-45, 1e-30, 1e30, 3e38])
def test_fixed_point_has_the_scale_of_its_plane(size: float) -> None:
    """Planes of one batch as different as can be: each has its own unit."""
    received = torch.tensor([size, 1.0]).reshape(1, 2, 1, 1).expand(1, 2, 2, 3)
    theta = torch.eye(2, 3)[None]
    found, _ = transform_backward(
        received, torch.ones(1, 2, 2, 3), theta, (2, 3), False, "border", True, False
    )
    assert torch.equal(found, received)


@pytest.mark.usefixtures("deterministic")
def test_a_deterministic_transform_gathers_and_a_grid_is_summed_in_fixed_point() -> None:
    generator = torch.Generator().manual_seed(4)
    image, received = (
        torch.randn(2, 3, 6, 7, generator=generator),
        torch.randn(2, 3, 6, 7, generator=generator),
    )
    theta = torch.eye(2, 3) + 0.1 * torch.randn(2, 2, 3, generator=generator)
    for padding in ("zeros", "border"):
        found = transform_backward(received, image, theta, (6, 7), False, padding, True, True)
        sampled = Sampling(image, theta, (6, 7), False, padding, True)
        if padding == "zeros":
            other = gather(received, sampled, True, deterministic=True)
        else:
            other = scatter(received, sampled, True, True, fixed_point=True)
        assert torch.equal(found[0], other[0])
        assert torch.equal(found[1], other[1])
