"""The kernels called at once, where autograd alone watches; and everyone else who watches, who gets operators."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

from torch.autograd import forward_ad  # noqa: E402  after the skip
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

import stn_production  # noqa: E402
from stn_production.autograd import Sampled  # noqa: E402
from stn_production.calls import Choices  # noqa: E402
from stn_production.plainness import plain  # noqa: E402

Inputs = tuple[Any, Any, Any]
PADDINGS = ("zeros", "border", "reflection")


def called(image: Any, theta: Any) -> Any:
    """Fused."""
    return stn_production.spatial_transform(image, theta, (4, 6))


@settings(deadline=None, max_examples=60)
@given(
    shape=st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 9), st.integers(1, 20)),
    size=st.tuples(st.integers(0, 5), st.integers(0, 20)),
    dtypes=st.tuples(*[st.sampled_from(("float64", "float32", "float16", "bfloat16"))] * 2),
    align_corners=st.booleans(),
    padding=st.sampled_from(PADDINGS),
    last=st.booleans(),
    needed=st.sampled_from(((True, True), (True, False), (False, True))),
    seed=st.integers(0, 99),
)
def test_the_bits_are_those_of_the_operators(
    shape: tuple[int, ...], size: tuple[int, int], dtypes: tuple[str, str], align_corners: bool, padding: str, last: bool,
    needed: tuple[bool, bool], seed: int,
) -> None:  # fmt: skip
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(shape, generator=generator).to(getattr(torch, dtypes[0]))
    image = image.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
    theta = (torch.eye(2, 3) + 0.3 * torch.randn(shape[0], 2, 3, generator=generator)).to(
        getattr(torch, dtypes[1])
    )
    cotangent = torch.randn(*shape[:2], *size, generator=generator).to(image.dtype)
    leaves = [each.detach().requires_grad_(need) for each, need in zip((image, theta), needed, strict=True)]
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    assert plain(*leaves)
    one = stn_production.spatial_transform(*leaves, size, align_corners=align_corners, padding=padding)
    other = Sampled.apply(*leaves, Choices(size, align_corners, padding))
    with torch.no_grad():
        alone = stn_production.spatial_transform(*leaves, size, align_corners=align_corners, padding=padding)
    results = [
        (output, *torch.autograd.grad(output, wanted, cotangent, retain_graph=True))
        for output in (one, other)
    ]
    for mine, theirs in zip(*results, strict=True):
        assert mine.stride() == theirs.stride()
        assert torch.equal(mine, theirs)
    assert torch.equal(alone, one)
    assert not alone.requires_grad


class Counting(TorchDispatchMode):
    """Counts the operators of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, function: Any, kinds: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function.namespace == "stn_production":
            self.seen.append(function._opname)
        return function(*args, **(kwargs or {}))


class Wrapped(torch.Tensor):
    """A subclass that sees the operators."""

    seen: list[str] = []  # noqa: RUF012  the test's

    @classmethod
    def __torch_function__(cls, function: Any, kinds: Any, args: Any = (), kwargs: Any = None) -> Any:
        cls.seen.append(str(function))
        return super().__torch_function__(function, kinds, args, kwargs or {})


def test_a_dispatch_mode_sees_operators(inputs: Inputs) -> None:
    image, theta, _ = (each.requires_grad_() for each in inputs)
    with Counting() as counting:
        torch.autograd.grad(called(image, theta).sum(), (image, theta))
    assert counting.seen == ["transform", "transform_backward"]


def test_a_subclass_sees_operators(inputs: Inputs) -> None:
    image, theta, _ = inputs
    Wrapped.seen.clear()
    output = called(image.as_subclass(Wrapped), theta)
    assert any("stn_production.transform" in name for name in Wrapped.seen)
    assert torch.equal(output.as_subclass(torch.Tensor), called(image, theta))


def test_fake_tensors(inputs: Inputs) -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        image, theta, _ = (mode.from_tensor(each) for each in inputs)
        assert called(image, theta).shape == (2, 3, 4, 6)


def test_meta_tensors(inputs: Inputs) -> None:
    image, theta, _ = (each.to("meta") for each in inputs)
    assert called(image, theta).is_meta


def test_a_traced_graph_holds_the_operator(inputs: Inputs) -> None:
    from torch.fx.experimental.proxy_tensor import make_fx

    image, theta, _ = inputs
    graph = make_fx(called)(image, theta)
    assert "stn_production.transform" in graph.code
    moved = theta + 0.1
    assert torch.equal(graph(image, moved), called(image, moved))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.jit, which still has users
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # of arguments that are checked
def test_a_jit_trace_follows_its_inputs(inputs: Inputs) -> None:
    image, theta, _ = inputs
    traced = torch.jit.trace(called, (image, theta))
    moved = theta + 0.1
    assert torch.equal(traced(image, moved), called(image, moved))


def test_a_lazy_negation_is_undone(inputs: Inputs) -> None:
    image, theta, _ = inputs
    negated = torch._neg_view(image)
    assert negated.is_neg()
    assert torch.equal(called(negated, theta), called(-image, theta))
    output = called(image.requires_grad_(), theta)
    (gradient,) = torch.autograd.grad(output, image, torch._neg_view(torch.ones_like(output)))
    (expected,) = torch.autograd.grad(called(image, theta), image, -torch.ones_like(output))
    assert torch.equal(gradient, expected)


def test_forward_over_reverse(inputs: Inputs) -> None:
    """The first gradients' own tangents, where the graph of the backward pass is not kept."""
    image, theta, _ = (each.requires_grad_() for each in inputs)
    direction = torch.ones_like(theta)

    def gradient(theta: Any) -> Any:
        return torch.autograd.grad(called(image, theta).square().sum(), theta)[0]

    with forward_ad.dual_level():
        dual = forward_ad.make_dual(theta, direction)
        tangent = forward_ad.unpack_dual(gradient(dual)).tangent
    step = 1e-6
    expected = (gradient(theta + step * direction) - gradient(theta - step * direction)) / (2 * step)
    torch.testing.assert_close(tangent, expected, rtol=1e-5, atol=1e-5)


def test_a_level_that_opens_after_the_forward_pass(inputs: Inputs) -> None:
    image, theta, _ = (each.requires_grad_() for each in inputs)
    output = called(image, theta)
    cotangent = torch.randn_like(output)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(cotangent, cotangent)
        gradient = torch.autograd.grad(output, image, dual)[0]
        primal, tangent = forward_ad.unpack_dual(gradient)
    torch.testing.assert_close(tangent, primal)  # linear in the cotangent


def test_a_batch_of_cotangents(inputs: Inputs) -> None:
    image, theta, _ = (each.requires_grad_() for each in inputs)
    output = called(image, theta)
    cotangents = torch.randn(3, *output.shape, dtype=output.dtype)
    batched = torch.autograd.grad(
        output, (image, theta), cotangents, is_grads_batched=True, retain_graph=True
    )
    for k in range(3):
        alone = torch.autograd.grad(output, (image, theta), cotangents[k], retain_graph=True)
        for mine, theirs in zip(batched, alone, strict=True):
            torch.testing.assert_close(mine[k], theirs)


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


def test_a_parameter_and_a_default_device(inputs: Inputs) -> None:
    image, theta, _ = inputs
    parameter = torch.nn.Parameter(theta)
    assert plain(image, parameter)
    with torch.device("meta"):
        output = called(image, parameter)
        gradient = torch.autograd.grad(output, parameter, image.new_ones(output.shape, device="cpu"))[0]
    assert output.device.type == gradient.device.type == "cpu"


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
    with torch.profiler.profile() as profile:
        called(image, theta).sum().backward()
    assert any("SampledAtOnce" in event.key for event in profile.key_averages())


def watched(function: Callable[..., Any], *arrays: Any) -> list[bool]:
    """What `plain` says inside a function transform."""
    said: list[bool] = []
    function(lambda *inside: (said.append(plain(*inside)), inside[0].sum())[1])(*arrays)
    return said


@pytest.mark.parametrize("transform", ["grad", "vmap", "jvp"])
def test_function_transforms_are_not_plain(transform: str, inputs: Inputs) -> None:
    image, theta, _ = inputs
    if transform == "jvp":
        said: list[bool] = []
        torch.func.jvp(lambda x: (said.append(plain(x)), x)[1], (image,), (image,))
    else:
        said = watched(getattr(torch.func, transform), image, theta)
    assert said == [False]
