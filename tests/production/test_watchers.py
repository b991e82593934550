"""Whoever watches a call beside autograd gets operators: modes, subclasses, tracers, function transforms, forward mode."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402  after the skip
from torch.autograd import forward_ad  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

import stn_production  # noqa: E402
from stn_production import plainness  # noqa: E402
from stn_production.plainness import plain  # noqa: E402

Inputs = tuple[Any, Any, Any]


def called(image: Any, theta: Any) -> Any:
    """Fused."""
    return stn_production.spatial_transform(image, theta, (4, 6))


class Counting(TorchDispatchMode):
    """Counts the operators of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, function: Any, kinds: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function.namespace == "stn_production":
            self.seen.append(function._opname)
        return function(*args, **(kwargs or {}))


class Naming(TorchFunctionMode):
    """Names what is called."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_function__(self, function: Any, kinds: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen.append(str(function))
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


def test_a_dispatch_mode_that_comes_later_sees_operators(inputs: Inputs) -> None:
    """In a backward pass whose forward pass nobody watched."""
    image, theta, _ = (each.requires_grad_() for each in inputs)
    outputs = called(image, theta), stn_production.affine_grid(theta, (4, 6))
    for output, operator in zip(outputs, ("transform_backward", "grid_backward"), strict=True):
        with Counting() as counting:
            torch.autograd.grad(output.sum(), theta)
        assert counting.seen == [operator]


def test_a_function_mode_sees_operators(inputs: Inputs) -> None:
    image, theta, _ = inputs
    with Naming() as naming:
        called(image, theta)
    assert "stn_production.transform" in naming.seen


def test_a_subclass_sees_operators(inputs: Inputs) -> None:
    image, theta, _ = inputs
    Wrapped.seen.clear()
    output = called(image.as_subclass(Wrapped), theta)
    assert any("stn_production.transform" in name for name in Wrapped.seen)
    assert torch.equal(output.as_subclass(torch.Tensor), called(image, theta))


def test_fake_tensors(inputs: Inputs) -> None:
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        image, theta, _ = (mode.from_tensor(each) for each in inputs)
        assert called(image, theta).shape == (2, 3, 4, 6)


def test_meta_tensors(inputs: Inputs) -> None:
    image, theta, _ = (each.to("meta") for each in inputs)
    assert called(image, theta).is_meta


@pytest.mark.parametrize("pre_dispatch", [False, True])
@pytest.mark.parametrize("tracing_mode", ["real", "fake", "symbolic"])
def test_a_traced_graph_holds_the_operator(pre_dispatch: bool, tracing_mode: str, inputs: Inputs) -> None:
    from torch.fx.experimental.proxy_tensor import make_fx

    image, theta, _ = inputs
    graph = make_fx(called, tracing_mode=tracing_mode, pre_dispatch=pre_dispatch)(image, theta)
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


def test_a_parameter_and_a_default_device(inputs: Inputs) -> None:
    image, theta, _ = inputs
    parameter = torch.nn.Parameter(theta)
    assert plain(image, parameter)
    with torch.device("meta"):
        output = called(image, parameter)
        assert "AtOnce" in output.grad_fn.name()
        gradient = torch.autograd.grad(output, parameter, image.new_ones(output.shape, device="cpu"))[0]
    assert output.device.type == gradient.device.type == "cpu"


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


def _under_a_fake_mode(image: Any, theta: Any) -> None:
    with FakeTensorMode() as mode:
        called(mode.from_tensor(image), mode.from_tensor(theta))


def _under_a_default_device(image: Any, theta: Any) -> None:
    with torch.device("meta"):
        called(image, theta)


FIRST_CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "fake": _under_a_fake_mode,
    "device": _under_a_default_device,
    "inference": torch.inference_mode()(called),
    "grad": torch.func.grad(lambda image, theta: called(image, theta).sum()),
    "vmap": torch.func.vmap(lambda image, theta: called(image[None], theta[None])),
}


@pytest.mark.parametrize("first", FIRST_CALLS.values(), ids=FIRST_CALLS)
def test_who_watched_the_first_call_is_forgotten(first: Callable[[Any, Any], Any], inputs: Inputs) -> None:
    """What ordinary tensors look like is looked up once in a process."""
    image, theta, _ = inputs
    plainness._ordinary.cache_clear()
    first(image, theta)
    assert plain(image, theta)
