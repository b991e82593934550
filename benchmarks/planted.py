"""Targets whose speed is known: torch's own sampler, and the same one slowed down by 15 % in forward and backward passes.

They stand in for nothing; `bench_decisions.py` has `stn-verify bench` decide between them.
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from stn_verify.contract.implementation import Implementation

SLOWDOWN = 1.15


def _stretched(work: Callable[..., Any], factor: float) -> Callable[..., Any]:
    def stretched(*arguments: Any) -> Any:
        start = time.perf_counter()
        result = work(*arguments)
        end = start + factor * (time.perf_counter() - start)
        while time.perf_counter() < end:
            pass
        return result

    return stretched


def _implementation(name: str, factor: float) -> Implementation:
    forward = _stretched(lambda image, grid: torch.grid_sampler(image, grid, 0, 0, False), factor)
    backward = _stretched(
        lambda cotangent, image, grid, wanted: torch.ops.aten.grid_sampler_2d_backward(
            cotangent, image, grid, 0, 0, False, wanted
        ),
        factor,
    )

    class Sampler(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, image: Tensor, grid: Tensor) -> Tensor:
            ctx.save_for_backward(image, grid)
            return forward(image, grid)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor, Tensor]:
            return backward(cotangent, *ctx.saved_tensors, list(ctx.needs_input_grad))

    generate = _stretched(
        lambda theta, size: functional.affine_grid(theta, [theta.shape[0], 1, *size], align_corners=False),
        factor,
    )

    def sample(image: Tensor, grid: Tensor) -> Tensor:
        return Sampler.apply(image, grid)

    def transform(image: Tensor, theta: Tensor, size: tuple[int, int]) -> Tensor:
        return Sampler.apply(image, generate(theta, size))

    return Implementation(
        name=name,
        framework="torch",
        functions={"sample": sample, "transform": transform},
        padding="zeros",
        align_corners=False,
        dtypes=("float64", "float32"),
    )


PLAIN = _implementation("plain", 1.0)
SLOWED = _implementation("slowed", SLOWDOWN)
