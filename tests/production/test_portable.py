"""The kernels in plain torch operations, held to the reference and to torch bit for bit.

Pixels and cotangents are small whole numbers, coordinates dyadic fractions of a pixel, and lengths (with align_corners, less one)
powers of two. So every sum is exact in float32, in whatever order, at kinks too, and no bound is needed.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stn_reference

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

from stn_production import portable  # noqa: E402  after the skip, for it imports torch

PADDINGS = ("zeros", "border", "reflection")
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


class Scene(NamedTuple):
    """All but the places, in float64; `size` (Ho, Wo)."""

    image: Any
    cotangent: Any
    size: tuple[int, int]
    align_corners: bool
    padding: str
    random: np.random.Generator

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.image.shape[2], self.image.shape[3]

    @property
    def choices(self) -> dict[str, Any]:
        """As the reference takes them."""
        return {"padding": self.padding, "align_corners": self.align_corners}


def lengths(align_corners: bool) -> st.SearchStrategy[int]:
    """Whose scale, S or S - 1, is a power of two, or 0."""
    return st.sampled_from((1, 2, 3, 5) if align_corners else (1, 2, 4))


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Of up to 2 images and 3 channels."""
    aligned = draw(st.booleans())
    height, width, rows, columns = (draw(lengths(aligned)) for _ in range(4))
    shape = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = random.integers(-3, 4, (*shape, height, width)).astype(float)
    cotangent = random.integers(-3, 4, (*shape, rows, columns)).astype(float)
    return Scene(image, cotangent, (rows, columns), aligned, draw(st.sampled_from(PADDINGS)), random)


def some_grid(scene: Scene) -> Any:
    """Normalised, of points at quarters of a pixel, up to an image's length outside on every side."""
    axes = [
        _normalised(
            scene.random.integers(-4 * length, 8 * length, (scene.image.shape[0], *scene.size)) / 4,
            length,
            scene,
        )
        for length in reversed(scene.image_size)
    ]
    return np.stack(axes, -1)


def some_theta(scene: Scene) -> Any:
    """Half turns, mirrors, shears, and moves by halves and quarters."""
    return scene.random.integers(-4, 5, (scene.image.shape[0], 2, 3)) / 4


def _normalised(pixels: Any, length: int, scene: Scene) -> Any:
    """0 is the first pixel's centre; with align_corners, all places on a single pixel are one."""
    scale = (length - 1) / 2 if scene.align_corners else length / 2
    return (pixels - (length - 1) / 2) / (scale or 1)


def same(found: Any, expected: Any, dtype: Any) -> None:
    """Bit for bit, once the expected float64 is rounded to the dtype; zeros of either sign are one."""
    assert found.dtype == dtype
    rounded = torch.as_tensor(expected).to(dtype)
    assert torch.equal(found, rounded), f"{found}\n{rounded}"


def native(arrays: Sequence[Any], dtype: Any) -> list[Any]:
    """Tensors; nothing is lost."""
    tensors = [torch.tensor(array).to(dtype) for array in arrays]
    assert all(np.array_equal(t.double().numpy(), a) for t, a in zip(tensors, arrays, strict=True))
    return tensors


@pytest.mark.parametrize("dtype", DTYPES)
@given(scene=scenes())
def test_a_grid_is_sampled_as_the_reference_does(dtype: Any, scene: Scene) -> None:
    grid = some_grid(scene)
    image, places, cotangent = native((scene.image, grid, scene.cotangent), dtype)
    rest = scene.align_corners, scene.padding
    same(
        portable.sample_forward(image, places, *rest),
        stn_reference.sample(scene.image, grid, **scene.choices),
        dtype,
    )
    gradients = portable.sample_backward(cotangent, image, places, *rest, True, True)
    expected = stn_reference.sample_vjp(scene.image, grid, scene.cotangent, **scene.choices)
    for gradient, right in zip(gradients, expected, strict=True):
        same(gradient, right, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@given(scene=scenes())
def test_a_theta_is_applied_as_the_reference_does(dtype: Any, scene: Scene) -> None:
    theta = some_theta(scene)
    image, places, cotangent = native((scene.image, theta, scene.cotangent), dtype)
    rest = scene.size, scene.align_corners, scene.padding
    same(
        portable.transform_forward(image, places, *rest),
        stn_reference.transform(scene.image, theta, scene.size, **scene.choices),
        dtype,
    )
    gradients = portable.transform_backward(cotangent, image, places, *rest, True, True)
    expected = stn_reference.transform_vjp(scene.image, theta, scene.size, scene.cotangent, **scene.choices)
    for gradient, right in zip(gradients, expected, strict=True):
        same(gradient, right, dtype)


@given(scene=scenes())
def test_a_grid_is_sampled_as_torch_does(scene: Scene) -> None:
    """Slopes under zeros alone: at clip and mirror points torch differentiates the folded coordinate."""
    image, grid, cotangent = native((scene.image, some_grid(scene), scene.cotangent), torch.float64)
    leaves = [image.requires_grad_(), grid.requires_grad_()]
    theirs = torch.nn.functional.grid_sample(
        *leaves, padding_mode=scene.padding, align_corners=scene.align_corners
    )
    by_image, by_grid = torch.autograd.grad(theirs, leaves, cotangent)
    arguments = image.detach(), grid.detach(), scene.align_corners, scene.padding
    same(portable.sample_forward(*arguments), theirs.detach(), torch.float64)
    ours = portable.sample_backward(cotangent, *arguments, True, True)
    same(ours[0], by_image, torch.float64)
    if scene.padding == "zeros":
        same(ours[1], by_grid, torch.float64)


@given(scene=scenes(), needed=st.tuples(st.booleans(), st.booleans()))
def test_only_the_gradients_that_are_needed_come_back(scene: Scene, needed: tuple[bool, bool]) -> None:
    arrays = scene.image, some_theta(scene), some_grid(scene), scene.cotangent
    image, theta, grid, cotangent = native(arrays, torch.float64)
    rest = scene.align_corners, scene.padding
    of_theta = portable.transform_backward(cotangent, image, theta, scene.size, *rest, *needed)
    of_grid = portable.sample_backward(cotangent, image, grid, *rest, *needed)
    assert tuple(each is not None for each in of_theta) == needed
    assert tuple(each is not None for each in of_grid) == needed


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(
    ("shape", "size"), [((0, 3, 4, 4), (2, 2)), ((2, 0, 4, 4), (2, 2)), ((2, 3, 4, 4), (0, 2))]
)
def test_nothing_to_sample(padding: str, shape: tuple[int, ...], size: tuple[int, int]) -> None:
    image, theta = torch.ones(shape), torch.ones(shape[0], 2, 3)
    output = portable.transform_forward(image, theta, size, False, padding)
    assert output.shape == (*shape[:2], *size)
    by_image, by_theta = portable.transform_backward(output, image, theta, size, False, padding, True, True)
    assert torch.equal(by_image, torch.zeros_like(image))
    assert torch.equal(by_theta, torch.zeros_like(theta))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("align_corners", [False, True])
def test_far_from_the_image(padding: str, dtype: Any, align_corners: bool) -> None:
    """No coordinate is too large to be an index: zeros, the edge, or some pixel, and its gradient goes where it reads."""
    image = torch.arange(1.0, 13.0, dtype=dtype).reshape(1, 1, 3, 4)
    far = torch.finfo(dtype).max / 8
    grid = torch.tensor([[[far, far], [-far, -far], [far, -far]]], dtype=dtype)[None]
    output = portable.sample_forward(image, grid, align_corners, padding)[0, 0, 0]
    cotangent = torch.ones(1, 1, 1, 3, dtype=dtype)
    by_image, by_grid = portable.sample_backward(cotangent, image, grid, align_corners, padding, True, True)
    if padding == "zeros":
        assert output.tolist() == [0, 0, 0]
    elif padding == "border":
        assert output.tolist() == [12, 1, 4]
    else:
        assert set(output.tolist()) <= set(image.flatten().tolist())
    assert (by_image * image).sum() == output.sum()
    assert by_grid.isfinite().all()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("entry", [(0, 0), (0, 2), (1, 1)])
def test_a_theta_that_is_not_finite(padding: str, value: float, entry: tuple[int, int]) -> None:
    """NaN to its own image's output and theta, nothing to its image, and nothing to the other image."""
    random = torch.Generator().manual_seed(5)
    image, cotangent = (torch.randn(2, 3, 4, 6, generator=random) for _ in range(2))
    theta = torch.randn(2, 2, 3, generator=random)
    spoilt = theta.clone()
    spoilt[0, *entry] = value
    rest = (4, 6), False, padding
    output = portable.transform_forward(image, spoilt, *rest)
    assert output[0].isnan().all()
    assert torch.equal(output[1], portable.transform_forward(image, theta, *rest)[1])
    by_image, by_theta = portable.transform_backward(cotangent, image, spoilt, *rest, True, True)
    right = portable.transform_backward(cotangent, image, theta, *rest, True, True)
    assert torch.equal(by_image[0], torch.zeros_like(image[0]))
    assert by_theta[0].isnan().all()
    assert torch.equal(by_image[1], right[0][1])
    assert torch.equal(by_theta[1], right[1][1])
