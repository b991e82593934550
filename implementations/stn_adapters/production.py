"""`stn_production`, the project's own sampler, checked like anybody's: as it is, and through torch.compile."""

from collections.abc import Callable, Sequence
from functools import cache
from types import MappingProxyType

import torch
from torch import Tensor

import stn_production
from stn_verify.contract.features import CLAIMABLE
from stn_verify.contract.implementation import Implementation

DTYPES = ("float64", "float32", "float16", "bfloat16")

# 16 bits are storage alone.
COMPUTED = MappingProxyType({"float16": "float32", "bfloat16": "float32"})

PRODUCTION = Implementation(
    name="production",
    framework="torch",
    functions={
        "sample": stn_production.grid_sample,
        "transform": stn_production.spatial_transform,
        "generate": stn_production.affine_grid,
    },
    dtypes=DTYPES,
    compute_dtype=COMPUTED,
    subgradient="right",
    deterministic=True,
    # The operators are opaque to compilers: nothing here needs a C++ one.
    claims=CLAIMABLE,
)


@cache
def _compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Whole graphs for any shape, or an exception."""
    from torch._dynamo import config as dynamo
    from torch._inductor import config as inductor

    # As in the adapter of torch: no compilers that outlive a worker.
    inductor.compile_threads = 1
    # Dtypes, layouts, choices and axes of one element make graphs of their own.
    dynamo.recompile_limit = dynamo.accumulated_recompile_limit = 4096
    dynamo.fail_on_recompile_limit_hit = True
    return torch.compile(function, fullgraph=True, dynamic=True)


def sample(image: Tensor, grid: Tensor, *, padding: str, align_corners: bool) -> Tensor:
    """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo]."""
    return _compiled(stn_production.grid_sample)(image, grid, padding=padding, align_corners=align_corners)


def transform(
    image: Tensor, theta: Tensor, size: Sequence[int], *, padding: str, align_corners: bool
) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho, Wo) -> [N,C,Ho,Wo]."""
    function = _compiled(stn_production.spatial_transform)
    return function(image, theta, size, padding=padding, align_corners=align_corners)


def generate(theta: Tensor, size: Sequence[int], *, align_corners: bool) -> Tensor:
    """[N,2,3], (Ho, Wo) -> [N,Ho,Wo,2]."""
    return _compiled(stn_production.affine_grid)(theta, size, align_corners=align_corners)


PRODUCTION_COMPILED = Implementation(
    name="production-compiled",
    framework="torch",
    functions={"sample": sample, "transform": transform, "generate": generate},
    dtypes=DTYPES,
    compute_dtype=COMPUTED,
    subgradient="right",
    claims=("mixed dtypes", "compile"),
    compiles=True,
)
