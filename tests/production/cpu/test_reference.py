"""Every kernel against the float64 oracle, within the bounds of float32 arithmetic (float64 for float64)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stn_reference import affine_grid, target_axis
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.grid_gradient import grid_gradient
from stn_verify.bounds.input_gradient import input_gradient
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.output import output
from stn_verify.bounds.scene import sampled, transformed
from stn_verify.bounds.theta_gradient import theta_gradient
from stn_verify.contract.convention import Convention
from stn_verify.formats import FORMATS

torch = pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")

from stn_production.cpu import (  # noqa: E402 # where Numba is
    sample_backward,
    sample_forward,
    transform_backward,
    transform_forward,
)

CHANNELS = (1, 2, 3, 4, 5, 16, 17, 33)
"""On both sides of each kernel's: planes, narrow and wide blocks, whole and with a rest."""

LENGTHS = (1, 2, 3, 9, 16, 17, 40)

conventions = st.builds(
    Convention, padding=st.sampled_from(("zeros", "border", "reflection")), align_corners=st.booleans()
)  # fmt: skip
shapes = st.tuples(
    st.integers(1, 3), st.sampled_from(CHANNELS), st.sampled_from(LENGTHS), st.sampled_from(LENGTHS)
)  # fmt: skip
sizes = st.tuples(st.sampled_from(LENGTHS), st.sampled_from(LENGTHS))


class Draw:
    """Inputs of one dtype and layout, and their values in float64."""

    def __init__(
        self,
        shape: tuple[int, int, int, int],
        size: tuple[int, int],
        dtype: str,
        last: bool,
        spread: float,
        seed: int,
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        layout = torch.channels_last if last else torch.contiguous_format
        self.format, self.size = FORMATS[dtype], size
        kept = getattr(torch, dtype)
        coordinates = torch.float64 if dtype == "float64" else torch.float32

        def drawn(*lengths: int) -> "torch.Tensor":
            return torch.randn(*lengths, generator=generator, dtype=torch.float64).to(kept)

        self.image = drawn(*shape).contiguous(memory_format=layout)
        self.cotangent = drawn(*shape[:2], *size).contiguous(memory_format=layout)
        by = spread * torch.randn(shape[0], 2, 3, generator=generator, dtype=torch.float64)
        self.theta = (torch.eye(2, 3, dtype=torch.float64) + by).to(coordinates)
        self.compute = FORMATS["float64" if dtype == "float64" else "float32"]

    def held(self, result: "torch.Tensor", interval: Interval) -> None:
        used = interval.budget_used(result.double().numpy().reshape(np.shape(interval.low)))
        assert used.max(initial=0.0) <= 1.0

    def arithmetic(self, of: "torch.Tensor") -> Arithmetic:
        return Arithmetic(self.compute, FORMATS[str(of.dtype).removeprefix("torch.")])


def exact(tensor: "torch.Tensor") -> "np.ndarray":
    return tensor.double().contiguous().numpy()


dtypes = st.sampled_from(("float32", "float32", "float64", "float16", "bfloat16"))
spreads = st.sampled_from((0.5, 0.1, 0.01))  # groups of outputs in many rows of the image, and in few
draws = st.builds(
    Draw, shape=shapes, size=sizes, dtype=dtypes, last=st.booleans(), spread=spreads, seed=st.integers(0, 2**31)
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(draw=draws, convention=conventions)
def test_transform(draw: Draw, convention: Convention) -> None:
    scene = transformed(exact(draw.image), exact(draw.theta), draw.size, convention)
    rules = draw.size, convention.align_corners, convention.padding
    values = transform_forward(draw.image, draw.theta, *rules)
    grad_image, grad_theta = transform_backward(draw.cotangent, draw.image, draw.theta, *rules, True, True)
    cotangent = exact(draw.cotangent)
    rows, columns = (target_axis(length, convention.align_corners) for length in draw.size)
    base = np.stack([*np.meshgrid(columns, rows), np.ones(draw.size)], axis=-1)
    draw.held(values, output(scene, draw.arithmetic(values)))
    draw.held(grad_image, input_gradient(scene, cotangent, draw.arithmetic(grad_image)))
    draw.held(grad_theta, theta_gradient(scene, base, cotangent, draw.arithmetic(grad_theta)))


@settings(deadline=None, max_examples=150)
@given(draw=draws, convention=conventions, scattered=st.booleans())
def test_sample(draw: Draw, convention: Convention, scattered: bool) -> None:
    count, channels, *_ = draw.image.shape
    grid = torch.from_numpy(affine_grid(exact(draw.theta), draw.size, align_corners=convention.align_corners))
    grid = grid.to(draw.theta.dtype)
    if scattered:
        grid = grid[:, torch.randperm(draw.size[0])][:, :, torch.randperm(draw.size[1])].contiguous()
    scene = sampled(exact(draw.image), exact(grid), convention)
    rules = convention.align_corners, convention.padding
    values = sample_forward(draw.image, grid, *rules)
    grad_image, grad_grid = sample_backward(draw.cotangent, draw.image, grid, *rules, True, True)
    cotangent = exact(draw.cotangent)
    assert values.shape == (count, channels, *draw.size)
    draw.held(values, output(scene, draw.arithmetic(values)))
    draw.held(grad_image, input_gradient(scene, cotangent, draw.arithmetic(grad_image)))
    draw.held(grad_grid, grid_gradient(scene, cotangent, draw.arithmetic(grad_grid)))


@pytest.mark.parametrize("width", [7, 28, 224, 1001])
@pytest.mark.parametrize("channels", [1, 3, 16])
def test_the_identity_is_exact(width: int, channels: int) -> None:
    image = torch.randn(1, channels, 5, width)
    theta = torch.eye(2, 3)[None]
    for align_corners in (False, True):
        assert torch.equal(transform_forward(image, theta, (5, width), align_corners, "zeros"), image)
