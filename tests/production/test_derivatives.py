"""Every order and mode of differentiation, and calls that are mapped."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

import stn_production  # noqa: E402  after the skip, for it imports torch

SIZE = (4, 6)
# The suites look at every pair.
CHOICES = [
    {"padding": "zeros", "align_corners": False},
    {"padding": "border", "align_corners": True},
    {"padding": "reflection", "align_corners": False},
]
BOTH_WAYS = {"check_forward_ad": True, "check_batched_grad": True, "check_batched_forward_grad": True}
Inputs = tuple[Any, Any, Any]


def called(name: str, inputs: Inputs, choices: dict[str, Any]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A function of tensors alone, and tensors for it."""
    image, theta, grid = inputs
    if name == "transform":
        return partial(lambda i, t: stn_production.spatial_transform(i, t, SIZE, **choices)), (image, theta)
    if name == "sample":
        return partial(lambda i, g: stn_production.grid_sample(i, g, **choices)), (image, grid)
    aligned = choices["align_corners"]
    return partial(lambda t: stn_production.affine_grid(t, SIZE, align_corners=aligned)), (theta,)


NAMES = pytest.mark.parametrize("name", ["transform", "sample", "generate"])
ALL_CHOICES = pytest.mark.parametrize("choices", CHOICES, ids=str)


@NAMES
@ALL_CHOICES
def test_every_order_agrees_with_differences(name: str, choices: dict[str, Any], inputs: Inputs) -> None:
    function, arguments = called(name, inputs, choices)
    leaves = [argument.requires_grad_() for argument in arguments]
    assert torch.autograd.gradcheck(function, leaves, **BOTH_WAYS)
    assert torch.autograd.gradgradcheck(function, leaves, check_fwd_over_rev=True, check_batched_grad=True)


@NAMES
def test_functional_transforms(name: str, inputs: Inputs) -> None:
    function, arguments = called(name, inputs, CHOICES[0])
    last = len(arguments) - 1

    def of_places(places: Any) -> Any:
        return function(*arguments[:-1], places)

    backward, forward = (
        torch.func.jacrev(of_places)(arguments[last]),
        torch.func.jacfwd(of_places)(arguments[last]),
    )
    torch.testing.assert_close(backward, forward)

    def loss(places: Any) -> Any:
        return of_places(places).square().sum()

    gradients = torch.func.grad(loss)(arguments[last])
    assert torch.func.hessian(loss)(arguments[last]).shape == gradients.shape * 2
    alone = torch.func.vmap(torch.func.grad(lambda *each: function(*(e[None] for e in each)).square().sum()))
    torch.testing.assert_close(
        alone(*arguments), torch.func.grad(lambda i, *r: function(i, *r).square().sum())(*arguments)
    )


@NAMES
def test_mapped_over_one_argument_alone(name: str, inputs: Inputs) -> None:
    function, arguments = called(name, inputs, CHOICES[0])
    several = torch.stack([arguments[-1], -arguments[-1]])
    mapped = torch.func.vmap(lambda places: function(*arguments[:-1], places))(several)
    torch.testing.assert_close(mapped, torch.stack([function(*arguments[:-1], each) for each in several]))


def test_gradients_reach_only_what_asks_for_them(inputs: Inputs) -> None:
    image, theta, _ = inputs
    output = stn_production.spatial_transform(image, theta.requires_grad_(), SIZE)
    (gradient,) = torch.autograd.grad(output.sum(), [theta])
    assert gradient.shape == theta.shape
    assert not stn_production.spatial_transform(image, theta.detach(), SIZE).requires_grad
