"""What a network meets: values, dtypes, layouts, coordinates that are not finite, and what is said of wrong arguments."""

import subprocess
import sys
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

import stn_production  # noqa: E402  after the skip, for it imports torch

Inputs = tuple[Any, Any, Any]
IDENTITY = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(5, 7), (56, 223), (1, 1)])
def test_the_identity_is_exact_for_every_width(
    dtype: Any, align_corners: bool, size: tuple[int, int]
) -> None:
    image = torch.randn(2, 3, *size).to(dtype)
    theta = torch.tensor([IDENTITY] * 2)
    output = stn_production.spatial_transform(image, theta, size, align_corners=align_corners)
    assert torch.equal(output, image)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_coordinate_that_is_not_finite(padding: str, value: float, inputs: Inputs) -> None:
    """NaN to its own output and slope, nothing to the image, and nothing to any other point."""
    image, _, grid = (each.requires_grad_() for each in inputs)
    spoilt = grid.detach().clone()
    spoilt[0, 1, 2, 1] = value
    spoilt.requires_grad_()
    output = stn_production.grid_sample(image, spoilt, padding=padding)
    right = stn_production.grid_sample(image, grid, padding=padding)
    kept = torch.ones(2, 4, 6, dtype=torch.bool)
    kept[0, 1, 2] = False
    assert output[0, :, 1, 2].isnan().all()
    assert torch.equal(output.movedim(1, -1)[kept], right.movedim(1, -1)[kept])
    by_image, by_grid = torch.autograd.grad(output.sum(), [image, spoilt])
    masked = (right * kept[:, None]).sum()
    expected_image, expected_grid = torch.autograd.grad(masked, [image, grid])
    torch.testing.assert_close(by_image, expected_image)
    assert by_grid[0, 1, 2].isnan().all()
    torch.testing.assert_close(by_grid[kept], expected_grid[kept])


def test_channels_last_is_kept(inputs: Inputs) -> None:
    image, theta, _ = inputs
    laid = image.to(memory_format=torch.channels_last).requires_grad_()
    output = stn_production.spatial_transform(laid, theta, (4, 6))
    assert output.is_contiguous(memory_format=torch.channels_last)
    (gradient,) = torch.autograd.grad(output.sum(), [laid])
    assert gradient.is_contiguous(memory_format=torch.channels_last)


def test_an_image_in_16_bits_and_a_theta_in_32(inputs: Inputs) -> None:
    image, theta = inputs[0].half().requires_grad_(), inputs[1].float().requires_grad_()
    output = stn_production.spatial_transform(image, theta, (4, 6))
    by_image, by_theta = torch.autograd.grad(output.sum(), [image, theta])
    assert (output.dtype, by_image.dtype, by_theta.dtype) == (torch.float16, torch.float16, torch.float32)


def test_under_autocast_nothing_is_narrowed(inputs: Inputs) -> None:
    image, theta = inputs[0].float(), inputs[1].float()
    with torch.autocast("cpu", torch.bfloat16):
        output = stn_production.spatial_transform(image, theta, (4, 6))
    assert torch.equal(output, stn_production.spatial_transform(image, theta, (4, 6)))


def test_modules_do_what_the_functions_do(inputs: Inputs) -> None:
    image, theta, grid = inputs
    modules = (
        stn_production.SpatialTransform(padding="border"),
        stn_production.GridSample(),
        stn_production.AffineGrid((4, 6)),
    )
    assert all(module.state_dict() == {} for module in modules)
    transform, sample, generate = modules
    assert torch.equal(
        transform(image, theta), stn_production.spatial_transform(image, theta, (5, 7), padding="border")
    )
    assert torch.equal(sample(image, grid), stn_production.grid_sample(image, grid))
    assert torch.equal(generate(theta), stn_production.affine_grid(theta, (4, 6)))
    assert repr(transform) == "SpatialTransform(size=None, align_corners=False, padding='border')"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            {"padding": "wrap"},
            stn_production.UnknownChoiceError,
            "unknown padding 'wrap'; known: zeros, border",
        ),
        ({"align_corners": 1}, stn_production.UnknownChoiceError, "unknown align_corners 1"),
        ({"size": (4,)}, stn_production.ShapeError, r"size is \(4,\); it must be \(Ho, Wo\)"),
        ({"size": (-1, 2)}, stn_production.ShapeError, "whole numbers of at least 0"),
        (
            {"image": torch.ones(3, 5, 7)},
            stn_production.ShapeError,
            r"\[3, 5, 7\]; it must be \[N, C, H, W\]",
        ),
        ({"image": torch.ones(2, 3, 0, 7)}, stn_production.ShapeError, "no pixel to sample"),
        (
            {"image": torch.ones(2, 3, 5, 7, dtype=torch.int32)},
            stn_production.DtypeError,
            "torch.int32; known",
        ),
        ({"theta": torch.ones(2, 3, 3)}, stn_production.ShapeError, r"it must be \[N, 2, 3\]"),
        ({"theta": torch.ones(3, 2, 3)}, stn_production.ShapeError, "their first axes, N, must be equal"),
        ({"theta": [[1.0]]}, stn_production.DtypeError, "theta is of list; it must be a tensor"),
    ],
    ids=str,
)
def test_wrong_arguments(change: dict[str, Any], error: type[Exception], words: str) -> None:
    given = {"image": torch.ones(2, 3, 5, 7), "theta": torch.ones(2, 2, 3), "size": (4, 6)} | change
    with pytest.raises(error, match=words):
        stn_production.spatial_transform(given.pop("image"), given.pop("theta"), given.pop("size"), **given)


def test_importing_it_is_cheap() -> None:
    """Neither compilers nor the verifier."""
    others = ("numba", "triton", "torch._dynamo", "stn_verify", "stn_reference")
    look = f"import sys, stn_production; print([name for name in {others} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
