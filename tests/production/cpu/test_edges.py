"""What lies at the edge of the contract: nothing at all, coordinates and pixels that are not finite, layouts."""

import math

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")

from stn_production.cpu import (  # noqa: E402 # where Numba is
    sample_backward,
    sample_forward,
    transform_backward,
    transform_forward,
)

PADDINGS = ("zeros", "border", "reflection")
IDENTITY = torch.eye(2, 3)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("empty", range(6))
def test_nothing(empty: int, padding: str) -> None:
    lengths = [2, 3, 4, 5, 6, 7]
    lengths[empty] = 0
    N, C, H, W, *size = lengths
    image, theta, cotangent = torch.randn(N, C, H, W), IDENTITY.repeat(N, 1, 1), torch.randn(N, C, *size)
    assert transform_forward(image, theta, size, False, padding).shape == cotangent.shape
    grads = transform_backward(cotangent, image, theta, size, False, padding, True, True)
    assert [grad.shape for grad in grads] == [image.shape, theta.shape]
    assert not any(grad.any() for grad in grads)
    grid = torch.zeros(N, *size, 2)
    assert sample_forward(image, grid, False, padding).shape == cotangent.shape
    grads = sample_backward(cotangent, image, grid, False, padding, True, True)
    assert [grad.shape for grad in grads] == [image.shape, grid.shape]


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("channels", [1, 3, 16])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_theta_that_is_not_finite_spoils_its_own_image_alone(
    padding: str, channels: int, bad: float
) -> None:
    image, cotangent = torch.randn(3, channels, 9, 20), torch.randn(3, channels, 9, 20)
    theta = (IDENTITY + 0.1 * torch.randn(3, 2, 3)).contiguous()
    whole = transform_forward(image, theta, (9, 20), False, padding)
    grads = transform_backward(cotangent, image, theta, (9, 20), False, padding, True, True)
    theta[1, 0, 0] = bad
    output = transform_forward(image, theta, (9, 20), False, padding)
    grad_image, grad_theta = transform_backward(cotangent, image, theta, (9, 20), False, padding, True, True)
    assert output[1].isnan().all()
    assert grad_theta[1].isnan().all()
    assert not grad_image[1].any()
    for result, before in ((output, whole), (grad_image, grads[0]), (grad_theta, grads[1])):
        assert torch.equal(result[[0, 2]], before[[0, 2]])


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("huge", [1e10, -1e30, 3e38])
def test_a_huge_theta(padding: str, huge: float) -> None:
    image = torch.randn(2, 3, 5, 6)
    theta = IDENTITY.repeat(2, 1, 1)
    theta[0, 0, 2] = theta[1, 1, 0] = huge
    output = transform_forward(image, theta, (5, 6), False, padding)
    assert output.isfinite().all()
    if padding == "zeros":
        assert not output[0].any()
    grads = transform_backward(torch.ones(2, 3, 5, 6), image, theta, (5, 6), False, padding, True, True)
    assert grads[0].isfinite().all()


@pytest.mark.parametrize("channels", [1, 3, 16])
@pytest.mark.parametrize("huge", [1e9, 1e20, -1e20])
def test_a_border_far_away_receives_every_cotangent(huge: float, channels: int) -> None:
    image, theta = torch.zeros(1, channels, 40, 20), IDENTITY[None].clone()
    theta[0, 1, 2] = huge
    grad_image, _ = transform_backward(
        torch.ones(1, channels, 8, 20), image, theta, (8, 20), False, "border", True, True
    )  # fmt: skip
    row = -1 if huge > 0 else 0
    assert torch.equal(grad_image[..., row, :], torch.full((1, channels, 20), 8.0))
    assert grad_image.sum() == 8 * 20 * channels


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("channels", [1, 3, 20])
@pytest.mark.parametrize("width", [3, 40])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_points_that_are_not_finite(
    padding: str, channels: int, width: int, layout: "torch.memory_format"
) -> None:
    image = torch.randn(1, channels, 5, 6).contiguous(memory_format=layout)
    grid, cotangent = torch.zeros(1, 2, width, 2), torch.ones(1, channels, 2, width)
    spoilt = torch.zeros(2, width, dtype=torch.bool)
    for row, column, axis, bad in ((0, 1, 0, math.nan), (1, 2, 1, math.inf), (1, width - 1, 0, -math.inf)):
        grid[0, row, column, axis] = bad
        spoilt[row, column] = True
    output = sample_forward(image, grid, False, padding)
    assert torch.equal(output.isnan(), spoilt.expand(1, channels, 2, width))
    grad_image, grad_grid = sample_backward(cotangent, image, grid, False, padding, True, True)
    assert grad_image.isfinite().all()
    assert grad_image.sum() == channels * (~spoilt).sum()
    assert torch.equal(grad_grid.isnan(), spoilt[None, ..., None].expand(1, 2, width, 2))


@pytest.mark.parametrize("padding", ["zeros", "border"])
@pytest.mark.parametrize("channels", [1, 3, 20])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("huge", [1e10, -1e30, 3e37])
def test_points_far_away(padding: str, channels: int, layout: "torch.memory_format", huge: float) -> None:
    image = torch.randn(1, channels, 5, 6).contiguous(memory_format=layout)
    grid, cotangent = torch.zeros(1, 4, 10, 2), torch.ones(1, channels, 4, 10)
    grid[..., 0] = huge
    grid[..., 1] = -0.4  # row 1 exactly
    output = sample_forward(image, grid, False, padding)
    grad_image, grad_grid = sample_backward(cotangent, image, grid, False, padding, True, True)
    assert not grad_grid[..., 0].any()
    if padding == "zeros":
        assert not output.any()
        assert not grad_image.any()
    else:
        assert torch.allclose(output, image[:, :, 1:2, -1 if huge > 0 else 0, None].expand_as(output))
        assert torch.allclose(grad_image.sum(), torch.tensor(40.0 * channels))


@pytest.mark.parametrize("padding", ["zeros", "border"])
@pytest.mark.parametrize("channels", [1, 3, 20])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("scattered", [False, True])
def test_a_pixel_of_nan_reaches_only_the_points_that_touch_it(
    padding: str, channels: int, layout: "torch.memory_format", scattered: bool
) -> None:
    generator = torch.Generator().manual_seed(3)
    image = torch.randn(1, channels, 20, 40, generator=generator)
    grid = 2.4 * torch.rand(1, 20, 41, 2, generator=generator) - 1.2
    if not scattered:
        theta = torch.tensor([[[1.1, 0.02, 0.1], [-0.01, 1.2, 0.1]]])
        grid = torch.nn.functional.affine_grid(theta, [1, 1, 20, 41], align_corners=False)
    cotangent = torch.randn(1, channels, 20, 41, generator=generator).contiguous(memory_format=layout)

    def slopes(of: "torch.Tensor") -> "torch.Tensor":
        _, along = sample_backward(cotangent, of, grid, False, padding, False, True)
        assert along is not None
        return along

    def laid(values: "torch.Tensor") -> "torch.Tensor":
        return values.contiguous(memory_format=layout)

    clean, clean_slopes = sample_forward(laid(image), grid, False, padding), slopes(laid(image))
    mark = torch.zeros_like(image)
    for y, x in ((0, 0), (19, 39), (9, 20)):
        mark[..., y, x] = 1
        image[..., y, x] = math.nan
    touched = sample_forward(laid(mark), grid, False, padding) != 0
    output = sample_forward(laid(image), grid, False, padding)
    assert touched.any()
    assert torch.equal(output.isnan(), touched)
    assert torch.equal(output[~touched], clean[~touched])
    apart = ~touched.any(dim=1)
    assert torch.equal(slopes(laid(image))[apart], clean_slopes[apart])


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("channels", [1, 3, 5, 16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_pixel_of_nan_reaches_only_its_cells(
    padding: str, channels: int, layout: "torch.memory_format"
) -> None:
    image = torch.randn(1, channels, 20, 40)
    theta = torch.tensor([[[1.3, 0.2, 0.4], [-0.1, 1.2, 0.3]]])
    clean = transform_forward(image.contiguous(memory_format=layout), theta, (20, 40), False, padding)
    reached = torch.zeros_like(image)
    for y, x in ((0, 0), (19, 39), (9, 20)):
        reached[..., y, x] = 1
        image[..., y, x] = math.nan
    touched = transform_forward(reached, theta, (20, 40), False, padding) != 0
    output = transform_forward(image.contiguous(memory_format=layout), theta, (20, 40), False, padding)
    assert output[touched].isnan().all()
    kept = ~touched & output.isfinite()
    assert torch.equal(output[kept], clean[kept])
    assert (output.isnan() & ~touched).sum() <= 4 * channels  # corners of cells at weight zero


@pytest.mark.parametrize("channels", [2, 3, 16, 20])
def test_channels_last_is_kept(channels: int) -> None:
    image = torch.randn(2, channels, 9, 11).contiguous(memory_format=torch.channels_last)
    theta = IDENTITY.repeat(2, 1, 1)
    output = transform_forward(image, theta, (7, 8), False, "zeros")
    grad_image, _ = transform_backward(output, image, theta, (7, 8), False, "zeros", True, True)
    for result in (output, grad_image, sample_forward(image, torch.zeros(2, 3, 4, 2), False, "zeros")):
        assert result.is_contiguous(memory_format=torch.channels_last)


def test_what_is_not_needed_is_none() -> None:
    image, theta = torch.randn(1, 1, 4, 4), IDENTITY[None]
    assert transform_backward(image, image, theta, (4, 4), False, "zeros", False, True)[0] is None
    assert transform_backward(image, image, theta, (4, 4), False, "zeros", True, False)[1] is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_grid_of_more_bits_than_the_image(dtype: "torch.dtype", layout: "torch.memory_format") -> None:
    image = torch.randn(2, 5, 9, 11).to(dtype).contiguous(memory_format=layout)
    cotangent = torch.randn(2, 5, 7, 20).to(dtype).contiguous(memory_format=layout)
    grid = 2 * torch.rand(2, 7, 20, 2, dtype=torch.float64) - 1
    wide = sample_forward(image.double(), grid, False, "border")
    assert torch.equal(sample_forward(image, grid, False, "border"), wide.to(dtype))
    grads = sample_backward(cotangent, image, grid, False, "border", True, True)
    wide_grads = sample_backward(cotangent.double(), image.double(), grid, False, "border", True, True)
    assert [grad.dtype for grad in grads] == [dtype, torch.float64]
    for grad, wide_grad in zip(grads, wide_grads, strict=True):
        assert torch.equal(grad, wide_grad.to(grad.dtype))
