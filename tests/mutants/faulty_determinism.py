"""Faults that one call does not show: what comes back depends on chance, on threads, on calls before or on the process."""

import os

import torch
from torch import Tensor
from torch_faults import torch_fault
from torch_sampler import TorchSampler

REPEATED = ("repeated",)
THREADS = ("threads",)


def accumulated(
    sampler: TorchSampler, cotangent: Tensor, grid: Tensor, image: Tensor, order: Tensor
) -> Tensor:
    """grad_input with the points added in a given order."""
    moved = grid.flatten(1, 2)[:, order][:, None], cotangent.flatten(2)[:, :, order][:, :, None]
    return TorchSampler.input_gradient(sampler, moved[1], moved[0], image)


@torch_fault(
    "claims to be deterministic, and adds in an order of chance, as atomics do",
    "grad_input",
    source="Z19",
    checks=REPEATED,
    dtypes=("float32",),
    deterministic=True,
)
class AnyOrder(TorchSampler):
    def input_gradient(self, cotangent: Tensor, grid: Tensor, image: Tensor) -> Tensor:
        order = torch.randperm(grid.shape[1] * grid.shape[2])
        return accumulated(self, cotangent, grid, image, order)


@torch_fault("now and then an addition is lost", "grad_input", source="Z19", checks=REPEATED)
class LostUpdate(TorchSampler):
    def input_gradient(self, cotangent: Tensor, grid: Tensor, image: Tensor) -> Tensor:
        points = grid.shape[1] * grid.shape[2]
        kept = torch.randperm(points)[: points - 1]
        return accumulated(self, cotangent, grid, image, kept)


@torch_fault("additions are lost where threads meet", "grad_input", source="Z85", checks=THREADS)
class ThreadsCollide(TorchSampler):
    def input_gradient(self, cotangent: Tensor, grid: Tensor, image: Tensor) -> Tensor:
        points = grid.shape[1] * grid.shape[2]
        lost = torch.get_num_threads() - 1
        return accumulated(self, cotangent, grid, image, torch.arange(max(points - lost, 0)))


@torch_fault("the output drifts from call to call", "output", checks=REPEATED)
class Drifts(TorchSampler):
    calls = 0

    def value(self, image: Tensor, grid: Tensor) -> Tensor:
        self.calls += 1
        return super().value(image, grid) * (1 + self.calls * 2**-30)


@torch_fault("what the call before left in a buffer is added once more", "grad_grid", checks=REPEATED)
class StaleBuffer(TorchSampler):
    left: Tensor | None = None

    def grid_gradient(self, cotangent: Tensor, image: Tensor, grid: Tensor) -> Tensor:
        right = super().grid_gradient(cotangent, image, grid)
        before, self.left = self.left, right.detach()
        return right + before if before is not None and before.shape == right.shape else right


@torch_fault(
    "weights from a seed that is the process's number",
    "output",
    checks=("fresh_process",),
    dtypes=("float32",),
    apart=True,
)
class SeededByProcess(TorchSampler):
    def value(self, image: Tensor, grid: Tensor) -> Tensor:
        noise = torch.rand((), generator=torch.Generator().manual_seed(os.getpid()))
        return super().value(image, grid) * (1 + noise * 2**-10)
