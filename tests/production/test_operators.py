"""The operators as torch's compilers see them: what opcheck asks, whole graphs, transforms inside of them, exports."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

import stn_production  # noqa: E402  after the skip, for it imports torch

SIZE = (4, 6)
Inputs = tuple[Any, Any, Any]


@pytest.fixture(autouse=True)
def nothing_compiled_before() -> None:
    """A test's own graphs only: there is a limit to how many a function may have."""
    torch.compiler.reset()


def transform(image: Any, theta: Any) -> Any:
    """Fused."""
    return stn_production.spatial_transform(image, theta, SIZE)


def in_two_steps(image: Any, theta: Any) -> Any:
    """By a grid."""
    grid = stn_production.affine_grid(theta, SIZE, align_corners=True)
    return stn_production.grid_sample(image, grid, padding="border", align_corners=True)


FUNCTIONS = pytest.mark.parametrize("function", [transform, in_two_steps])


def _operands(operator: str, inputs: Inputs) -> tuple[Any, ...]:
    image, theta, grid = inputs
    cotangent = torch.ones(2, 3, *SIZE, dtype=image.dtype)
    return {
        "transform": (image, theta, list(SIZE), False, "zeros"),
        "sample": (image, grid, True, "reflection"),
        "transform_backward": (cotangent, image, theta, False, "border", True, True),
        "sample_backward": (cotangent, image, grid, True, "zeros", False, True),
        "grid": (theta, list(SIZE), False),
        "grid_backward": (grid, True),
    }[operator]


OPERATORS = pytest.mark.parametrize(
    "operator", ["transform", "sample", "transform_backward", "sample_backward", "grid", "grid_backward"]
)


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "packed": lambda image: image,
    "channels last": lambda image: image.to(memory_format=torch.channels_last),
    "transposed": lambda image: image.mT.contiguous().mT,
}


@OPERATORS
@pytest.mark.parametrize("form", LAYOUTS)
@pytest.mark.parametrize("differentiated", [False, True])
def test_opcheck(operator: str, form: str, differentiated: bool, inputs: Inputs) -> None:
    image, theta, grid = inputs
    operands = _operands(operator, (LAYOUTS[form](image), theta, grid))
    if differentiated:
        operands = tuple(o.requires_grad_() if isinstance(o, torch.Tensor) else o for o in operands)
    torch.library.opcheck(getattr(torch.ops.stn_production, operator).default, operands)


@OPERATORS
def test_an_operator_differentiates_by_itself(operator: str, inputs: Inputs) -> None:
    """Also one that is called past the functions, as an exported graph calls it."""
    operands = _operands(operator, inputs)
    places = [k for k, operand in enumerate(operands) if isinstance(operand, torch.Tensor)]

    def called(*tensors: Any) -> Any:
        given = dict(zip(places, tensors, strict=True))
        return getattr(torch.ops.stn_production, operator)(*(given.get(k, o) for k, o in enumerate(operands)))

    leaves = [operands[k].requires_grad_() for k in places]
    assert torch.autograd.gradcheck(called, leaves)


@FUNCTIONS
@pytest.mark.parametrize("dynamic", [False, True])
def test_compiled_whole(function: Callable[..., Any], dynamic: bool, inputs: Inputs) -> None:
    leaves = [each.requires_grad_() for each in inputs[:2]]
    # Not Inductor: what is asked here is whether the graph is whole.
    compiled = torch.compile(function, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    torch.testing.assert_close(compiled(*leaves), function(*leaves), rtol=0, atol=0)
    gradients = torch.autograd.grad(compiled(*leaves).square().sum(), leaves)
    torch.testing.assert_close(gradients, torch.autograd.grad(function(*leaves).square().sum(), leaves))


def _loss(function: Callable[..., Any], image: Any, theta: Any) -> Any:
    return function(image, theta).square().sum()


TRANSFORMS: dict[str, Callable[..., Any]] = {
    "grad": lambda f, i, t: torch.func.grad(lambda *a: _loss(f, *a), argnums=(0, 1))(i, t),
    "jvp": lambda f, i, t: torch.func.jvp(f, (i, t), (torch.ones_like(i), torch.ones_like(t)))[1],
    "vmap": lambda f, i, t: torch.func.vmap(lambda *a: f(*(each[None] for each in a)))(i, t),
    "vmap of grad": lambda f, i, t: torch.func.vmap(
        torch.func.grad(lambda *a: _loss(f, *(each[None] for each in a)), argnums=(0, 1))
    )(i, t),
    "jacrev": lambda f, i, t: torch.func.jacrev(f, argnums=1)(i, t),
    "jacfwd": lambda f, i, t: torch.func.jacfwd(f, argnums=1)(i, t),
    "hessian": lambda f, i, t: torch.func.hessian(lambda *a: _loss(f, *a), argnums=1)(i, t),
}


@FUNCTIONS
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_transform_is_the_same_when_compiled(
    function: Callable[..., Any], transform: str, inputs: Inputs
) -> None:
    """An operator alone would have no tangent there, or no gradient: silently."""
    image, theta, _ = inputs

    def transformed(image: Any, theta: Any) -> Any:
        return TRANSFORMS[transform](function, image, theta)

    compiled = torch.compile(transformed, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(image, theta), transformed(image, theta))


@FUNCTIONS
@pytest.mark.parametrize("strict", [False, True])
def test_an_exported_module_can_be_trained(
    function: Callable[..., Any], strict: bool, inputs: Inputs
) -> None:
    class Module(torch.nn.Module):
        def forward(self, image: Any, theta: Any) -> Any:
            return function(image, theta)

    leaves = [each.requires_grad_() for each in inputs[:2]]
    exported = torch.export.export(Module(), tuple(leaves), strict=strict).module()
    output, expected = exported(*leaves), function(*leaves)
    assert torch.equal(output, expected)
    gradients = torch.autograd.grad(output.square().sum(), leaves)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected.square().sum(), leaves))
