"""The kernels called at once, where autograd alone watches: the same bits, and all that autograd promises."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

import stn_production  # noqa: E402  after the skip, for it imports torch
from stn_production.autograd import Generated, Sampled  # noqa: E402
from stn_production.calls import Choices  # noqa: E402
from stn_production.plainness import plain  # noqa: E402

Inputs = tuple[Any, Any, Any]
PADDINGS = ("zeros", "border", "reflection")


def called(image: Any, theta: Any) -> Any:
    """Fused."""
    return stn_production.spatial_transform(image, theta, (4, 6))


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "packed": lambda values: values.contiguous(),
    "channels last": lambda values: values.contiguous(memory_format=torch.channels_last),
    "transposed": lambda values: values.mT.contiguous().mT,
    "every other": lambda values: values.repeat_interleave(2, 3)[..., ::2],
    "expanded": lambda values: values[:, :1].expand(values.shape),
}


@st.composite
def calls(draw: st.DrawFn) -> tuple[list[Any], Any, Choices]:
    """[image, theta or grid], of which one at least wants its gradient; a cotangent; and the choices."""
    N, C = draw(st.integers(0, 3)), draw(st.integers(0, 5))
    H, W = draw(st.integers(1, 9)), draw(st.integers(1, 20))
    size = draw(st.integers(0, 5)), draw(st.integers(0, 20))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    dtypes = st.sampled_from((torch.float64, torch.float32, torch.float16, torch.bfloat16))
    layouts = st.sampled_from(list(LAYOUTS))

    def drawn(*shape: int) -> Any:
        return torch.randn(*shape, generator=generator)

    image = LAYOUTS[draw(layouts)](drawn(N, C, H, W).to(draw(dtypes)))
    of_theta = draw(st.booleans())
    places = torch.eye(2, 3) + 0.3 * drawn(N, 2, 3) if of_theta else drawn(N, *size, 2)
    cotangent = LAYOUTS[draw(layouts)](drawn(N, C, *size).to(image.dtype))
    choices = Choices(size if of_theta else None, draw(st.booleans()), draw(st.sampled_from(PADDINGS)))
    needed = draw(st.sampled_from(((True, True), (True, False), (False, True))))
    arrays = image, places.to(draw(dtypes))
    return [each.requires_grad_(need) for each, need in zip(arrays, needed, strict=True)], cotangent, choices


def of_user(image: Any, places: Any, choices: Choices) -> Any:
    """By what a user calls."""
    size, align_corners, padding = choices
    if size is None:
        return stn_production.grid_sample(image, places, align_corners=align_corners, padding=padding)
    return stn_production.spatial_transform(image, places, size, align_corners=align_corners, padding=padding)


def agree(results: list[tuple[Any, ...]]) -> None:
    """In their bits and strides."""
    for mine, theirs in zip(*results, strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.stride() == theirs.stride()
        assert torch.equal(mine, theirs)


@settings(deadline=None, max_examples=100)
@given(call=calls())
def test_the_bits_are_those_of_the_operators(call: tuple[list[Any], Any, Choices]) -> None:
    leaves, cotangent, choices = call
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    assert plain(*leaves)
    outputs = of_user(*leaves, choices), Sampled.apply(*leaves, choices)
    agree([(each, *torch.autograd.grad(each, wanted, cotangent)) for each in outputs])
    with torch.no_grad():
        alone = of_user(*leaves, choices)
    assert torch.equal(alone, outputs[0])
    assert not alone.requires_grad


@settings(deadline=None)
@given(
    batch=st.integers(0, 3),
    size=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    dtype=st.sampled_from((torch.float64, torch.float32, torch.float16, torch.bfloat16)),
    align_corners=st.booleans(),
)
def test_a_generated_grid_too(batch: int, size: tuple[int, int], dtype: Any, align_corners: bool) -> None:
    generator = torch.Generator().manual_seed(batch)
    theta = torch.randn(batch, 2, 3, generator=generator).to(dtype).requires_grad_()
    cotangent = torch.randn(batch, *size, 2, generator=generator).to(dtype)
    outputs = (
        stn_production.affine_grid(theta, size, align_corners=align_corners),
        Generated.apply(theta, size, align_corners),
    )
    assert "AtOnce" in outputs[0].grad_fn.name()
    agree([(each, *torch.autograd.grad(each, theta, cotangent)) for each in outputs])
    with torch.no_grad():
        alone = stn_production.affine_grid(theta, size, align_corners=align_corners)
    assert torch.equal(alone, outputs[0])
    assert not alone.requires_grad


def test_a_saved_input_that_was_changed_is_noticed(inputs: Inputs) -> None:
    image, theta, _ = inputs
    output = called(image, theta.requires_grad_())
    image.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


def test_hooks_on_what_is_saved(inputs: Inputs) -> None:
    image, theta, _ = (each.requires_grad_() for each in inputs)
    packed: list[Any] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: packed.append(x) or x.clone(), lambda x: x):
        output = called(image, theta)
    assert len(packed) == 2
    expected = torch.autograd.grad(called(image, theta).sum(), (image, theta))
    for mine, theirs in zip(torch.autograd.grad(output.sum(), (image, theta)), expected, strict=True):
        assert torch.equal(mine, theirs)


def test_inference_mode_and_checkpoints(inputs: Inputs) -> None:
    from torch.utils.checkpoint import checkpoint

    image, theta, _ = (each.requires_grad_() for each in inputs)
    with torch.inference_mode():
        assert called(image, theta).is_inference()
    again = checkpoint(called, image, theta, use_reentrant=False)
    expected = torch.autograd.grad(called(image, theta).sum(), (image, theta))
    for mine, theirs in zip(torch.autograd.grad(again.sum(), (image, theta)), expected, strict=True):
        assert torch.equal(mine, theirs)


def test_a_second_pass_needs_the_graph(inputs: Inputs) -> None:
    image, theta, _ = (each.requires_grad_() for each in inputs)
    output = called(image, theta).sum()
    output.backward(retain_graph=True)
    first = theta.grad.clone()
    output.backward()
    assert torch.equal(theta.grad, 2 * first)
    with pytest.raises(RuntimeError, match="second time"):
        output.backward()


def test_the_profiler(inputs: Inputs) -> None:
    image, theta, _ = (each.requires_grad_() for each in inputs)
    with torch.profiler.profile(acc_events=True) as profile:
        called(image, theta).sum().backward()
    assert any("SampledAtOnce" in event.key for event in profile.key_averages())
