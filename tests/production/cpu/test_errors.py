"""The goal in float32: errors against float64 at most a tenth of eager torch's, in every result.

Medians, for where eager's coordinates land on the wrong side of a kink its error is as large as the gradient.
"""

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")

from torch.nn import functional  # noqa: E402 # where PyTorch is

import stn_production  # noqa: E402 # where Numba is

DRAWS = 24
GOAL = 10


def eager(image: Any, theta: Any, size: tuple[int, int]) -> Any:
    grid = functional.affine_grid(theta, [*image.shape[:2], *size], align_corners=False)
    return functional.grid_sample(image, grid, align_corners=False)


def results(transform: Any, image: Any, theta: Any, cotangent: Any) -> tuple[Any, ...]:
    """Output, grad_image, grad_theta."""
    leaves = image.detach().requires_grad_(), theta.detach().requires_grad_()
    output = transform(*leaves, image.shape[2:])
    return output.detach(), *torch.autograd.grad(output, leaves, cotangent)


def errors(one: tuple[Any, ...], exact: tuple[Any, ...]) -> list[Any]:
    """Relative to the largest value."""
    return [((a.double() - b) / b.abs().max()).abs() for a, b in zip(one, exact, strict=True)]


@pytest.mark.parametrize("shape", [(2, 16, 32, 32), (2, 16, 56, 56), (2, 4, 32, 32), (2, 1, 28, 28)])
@pytest.mark.parametrize("spread", [1e-3, 0.5])
def test_errors_are_a_tenth_of_eagers(shape: tuple[int, int, int, int], spread: float) -> None:
    seen: list[tuple[list[Any], list[Any]]] = []
    for draw in range(DRAWS):
        generator = torch.Generator().manual_seed(draw)
        image, cotangent = (torch.randn(shape, generator=generator) for _ in range(2))
        theta = torch.eye(2, 3) + spread * torch.randn(shape[0], 2, 3, generator=generator)
        exact = results(eager, image.double(), theta.double(), cotangent.double())
        ways = eager, stn_production.spatial_transform
        theirs, own = (errors(results(way, image, theta, cotangent), exact) for way in ways)
        seen.append((theirs, own))
    for k, name in enumerate(("output", "grad_image", "grad_theta")):
        theirs, own = (torch.stack([draw[who][k] for draw in seen]) for who in range(2))
        assert GOAL * float(own.median()) <= float(theirs.median()), name
