"""torch's own modes are told as torch's, and the call that is printed does what the target does."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samplers import MAPS, Anything
from test_identify import SAMPLERS, identified

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.probing import position_error, value_error
from stn_verify.contract.convention import Convention
from stn_verify.contract.implementation import undeclared
from stn_verify.formats import FLOAT64
from stn_verify.identification.identify import identify
from stn_verify.identification.kernels import Kernel
from stn_verify.workers.evaluator import InProcessTarget

torch = pytest.importorskip("torch", reason="what is held against torch")
functional = torch.nn.functional

SIZE = (6, 9)
EXACT = Arithmetic(FLOAT64, FLOAT64)


def executed(code: str, **given: Any) -> Any:
    """What the printed code leaves in `output`."""
    names = dict(given)
    exec(code, names)
    return names["output"]


def within(found: Any, expected: Any, kernel: Kernel, image: Any, farthest: float) -> None:
    """The target, torch, and the conversion between them, each with the bounds of one sampler."""
    largest = float(np.abs(image).max())
    place = float(position_error(np.array(farthest), max(SIZE), EXACT, fused=True))
    weighed = np.array(kernel.weighing**2 * largest)
    moved = np.array(2 * kernel.steepness * kernel.weighing * largest * place)
    bound = 3 * float(value_error(weighed, moved, EXACT, weights=2 * kernel.roundings))
    assert np.abs(np.asarray(found) - np.asarray(expected)).max() <= bound


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("aligned", [False, True])
def test_modes_of_torch(mode: str, padding: str, aligned: bool) -> None:
    def sample(image: Any, grid: Any) -> Any:
        return functional.grid_sample(image, grid, mode=mode, padding_mode=padding, align_corners=aligned)

    found = identify(InProcessTarget(undeclared(sample, "torch", "torch")), "sample", Convention(), "float64")
    assert found.identified
    assert found.kernel == (mode if mode != "bicubic" else "bicubic with a = -0.75")
    assert found.align_corners == aligned
    assert found.paddings[0].startswith(padding)
    assert found.ties == (["half to even"] if mode == "nearest" else [])
    assert found.torch_call is not None
    assert found.torch_call.splitlines()[-1] == (
        f'output = F.grid_sample(image, grid, mode="{mode}", padding_mode="{padding}", align_corners={aligned})'
    )


@given(SAMPLERS, st.integers(0, 2**16))
@settings(max_examples=60)
def test_the_printed_call_does_the_same(sampler: Anything, seed: int) -> None:
    found = identified(sampler)
    if found.torch_call is None:
        assert (
            sampler.padding == "wrap"
            or (sampler.kernel == "bicubic" and sampler.a != -0.75)
            or (sampler.kernel == "nearest" and sampler.ties != "half to even")
        )
        assert found.torch_reason
        return
    random = np.random.default_rng(seed)
    height, width = SIZE
    image = random.standard_normal((2, 3, height, width))
    # Where each reads, whatever the units: the maps are affine.
    grid = np.empty((2, 5, 4, 2))
    for axis, size in ((0, width), (1, height)):
        start, end = MAPS[sampler.map](np.array([0.0, 1.0]), size)
        pixels = random.uniform(-2.0 * size, 3.0 * size, grid.shape[:-1])
        grid[..., axis] = (pixels - start) / (end - start)
    if sampler.axis_order == "yx":
        grid = grid[..., ::-1].copy()
    if sampler.layout == "NHWC":
        image = np.moveaxis(image, 1, -1).copy()
    output = executed(found.torch_call, image=torch.tensor(image), grid=torch.tensor(grid))
    kernel = Kernel(sampler.kernel, sampler.a)
    filled = np.append(image.ravel(), sampler.fill)
    within(output, sampler(image, grid), kernel, filled, 3.0 * max(SIZE))


@pytest.mark.parametrize("order", ["xy", "yx"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("aligned", [False, True])
def test_a_fused_transformer(order: str, layout: str, aligned: bool) -> None:
    def transform(image: Any, theta: Any, size: Any) -> Any:
        if order == "yx":
            theta = theta.flip(1)[:, :, [1, 0, 2]]
        if layout == "NHWC":
            image = image.permute(0, 3, 1, 2)
        grid = functional.affine_grid(theta, [len(theta), 1, *size], align_corners=aligned)
        output = functional.grid_sample(image, grid, padding_mode="reflection", align_corners=aligned)
        return output.permute(0, 2, 3, 1) if layout == "NHWC" else output

    target = InProcessTarget(undeclared(transform, "fused", "torch"))
    found = identify(target, "transform", Convention(), "float64")
    assert found.identified
    assert found.convention == Convention("reflection", aligned)
    assert found.dialect is not None
    assert (found.dialect.layout, found.dialect.axis_order) == (layout, order)
    assert found.torch_call is not None
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(2, 3, *SIZE, dtype=torch.float64, generator=generator)
    image = image.permute(0, 2, 3, 1) if layout == "NHWC" else image
    theta = torch.randn(2, 2, 3, dtype=torch.float64, generator=generator)
    given = {"image": image, "theta": theta, "size": (4, 5)}
    within(executed(found.torch_call, **given), transform(**given), Kernel("bilinear"), image.numpy(), 60.0)


def test_a_sampler_and_a_generator_that_do_not_go_together() -> None:
    def transform(image: Any, theta: Any, size: Any) -> Any:
        grid = functional.affine_grid(theta, [len(theta), 1, *size], align_corners=True)
        return functional.grid_sample(image, grid, align_corners=False)

    target = InProcessTarget(undeclared(transform, "fused", "torch"))
    found = identify(target, "transform", Convention(), "float64")
    assert not found.identified
    assert found.convention is None
    assert found.remarks == ["the target grid follows align_corners=True, the sampler align_corners=False"]
    assert found.torch_call is not None
    assert "affine_grid(theta, [len(theta), 1, *size], align_corners=True)" in found.torch_call


def test_a_call_that_raises_is_told_and_ends_nothing() -> None:
    from stn_verify.identification.whole import identification

    def sample(image: Any, grid: Any) -> Any:
        raise RuntimeError("not today")

    found = identification(InProcessTarget(undeclared(sample, "raising", "torch")), "raising")
    assert not found.identified
    assert found.found[0].remarks == ["a call raised: RuntimeError: not today"]
