"""Right torch samplers that give more than values and gradients."""

import torch
from faulty_determinism import accumulated
from torch import Tensor
from torch_sampler import TorchSampler, differentiable
from unusual import Unusual

from stn_verify.contract.implementation import Implementation

Everything = Implementation(
    "Everything",
    "torch",
    {"sample": differentiable(TorchSampler())},
    padding="zeros",
    align_corners=False,
    dtypes=("float64", "float32"),
    deterministic=True,
    claims=("forward mode", "double backward", "vmap", "compile"),
)


class _AnyOrder(TorchSampler):
    def input_gradient(self, cotangent: Tensor, grid: Tensor, image: Tensor) -> Tensor:
        order = torch.randperm(grid.shape[1] * grid.shape[2])
        return accumulated(self, cotangent, grid, image, order)


AnyOrderUnclaimed = Implementation(
    "AnyOrderUnclaimed",
    "torch",
    {"sample": differentiable(_AnyOrder())},
    padding="zeros",
    align_corners=False,
    dtypes=("float32",),
)

_sample = differentiable(TorchSampler())


def _in_float32(image: Tensor, grid: Tensor) -> Tensor:
    return _sample(image.float(), grid.float()).to(image.dtype)


HalfStored = Implementation(
    "HalfStored",
    "torch",
    {"sample": _in_float32},
    padding="zeros",
    align_corners=False,
    dtypes=("float16",),
    compute_dtype="float32",
    claims=("forward mode", "double backward", "vmap"),
)
"""Every result, and every first gradient that is differentiated again, is stored in half precision."""

TORCH_UNUSUAL = {
    right.implementation.name: right
    for right in (
        Unusual(
            Everything, "an autograd.Function with setup_context, jvp, vmap and double backward", False, None
        ),
        Unusual(AnyOrderUnclaimed, "adds in an order of chance, and claims nothing", True, None),
    )
}
