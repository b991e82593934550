"""Transforms that are right alone and wrong in a network: only there theta and image are what other operations made."""

from collections.abc import Callable
from typing import Any

import pytest
from examining import SMALL, examine

torch = pytest.importorskip("torch", reason="the faults are those of a graph")

from stn_adapters.reference import REFERENCE  # noqa: E402  after the skip
from stn_verify.contract.implementation import implementation  # noqa: E402  likewise
from stn_verify.verdicts.results import Status  # noqa: E402  likewise


def read(image: Any, theta: Any, size: Any) -> Any:
    """Torch's own."""
    grid = torch.nn.functional.affine_grid(theta, (*image.shape[:2], *size), align_corners=False)
    return torch.nn.functional.grid_sample(image, grid, padding_mode="border", align_corners=False)


def right(image: Any, theta: Any, size: Any) -> Any:
    """Nothing is wrong."""
    return read(image, theta, size)


def theta_of_data_only(image: Any, theta: Any, size: Any) -> Any:
    """A theta that something predicted gets no gradient."""
    return read(image, theta if theta.is_leaf else theta.detach(), size)


def image_of_data_only(image: Any, theta: Any, size: Any) -> Any:
    """Nor does an image that another layer made."""
    return read(image if image.is_leaf else image.detach(), theta, size)


class _Replaced(torch.autograd.Function):
    """The image's gradient depends on where theta comes from."""

    @staticmethod
    def forward(ctx: Any, image: Any, theta: Any, size: Any) -> Any:
        ctx.save_for_backward(image, theta)
        ctx.size = size
        return read(image, theta, size)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        with torch.enable_grad():
            image, theta = (each.detach().requires_grad_() for each in ctx.saved_tensors)
            output = read(image, theta, ctx.size)
        by_image, by_theta = torch.autograd.grad(output, [image, theta], cotangent)
        made = ctx.saved_tensors[1].grad_fn is not None
        return by_image * (0.5 if made else 1.0), by_theta, None


def halved_where_theta_is_made(image: Any, theta: Any, size: Any) -> Any:
    """The image's gradient is halved where theta comes from a network."""
    return _Replaced.apply(image, theta, size)


def declared(transform: Callable[..., Any]) -> Any:
    """With border padding, for float64 alone."""
    return implementation(
        "torch", padding="border", align_corners=False, dtypes=("float64",), name=transform.__name__
    )(transform)


@pytest.mark.parametrize("target", [REFERENCE, declared(right)], ids=lambda target: target.name)
def test_right_ones_conform(target: Any) -> None:
    verdicts = examine(target, SMALL, ("module",))
    assert {verdict.subject for verdict in verdicts} == {"output", "grad_input", "grad_parameters"}
    assert all(verdict.status is Status.PASSED for verdict in verdicts)


FAULTS = {
    # No gradient reaches the parameters: the call brings no result at all.
    theta_of_data_only: {"output", "grad_input", "grad_parameters"},
    image_of_data_only: {"grad_input", "grad_parameters"},
    halved_where_theta_is_made: {"grad_input", "grad_parameters"},
}


@pytest.mark.parametrize("transform", FAULTS, ids=lambda transform: transform.__name__)
def test_wrong_ones_do_not(transform: Any) -> None:
    alone = examine(declared(transform), SMALL, ("gradients",))
    assert all(verdict.status.conforms for verdict in alone)
    verdicts = {each.subject: each for each in examine(declared(transform), SMALL, ("module",))}
    assert {subject for subject, each in verdicts.items() if not each.status.conforms} == FAULTS[transform]
