"""The float64 NumPy reference as an implementation, so that it is checked like any other."""

from collections.abc import Sequence

import stn_reference
from stn_reference.arguments import Array
from stn_verify.contract.implementation import Implementation


def generate(theta: Array, size: Sequence[int], *, align_corners: bool, family: str) -> Array:
    """[N,Ho,Wo,2], or [N,Do,Ho,Wo,3] of an affine theta [N,3,4]."""
    return stn_reference.FAMILIES[family].grid(theta, size, align_corners=align_corners)


def generate_vjp(
    theta: Array, size: Sequence[int], cotangent: Array, *, align_corners: bool, family: str
) -> Array:
    """The gradient of theta."""
    return stn_reference.FAMILIES[family].vjp(theta, size, cotangent, align_corners=align_corners)


REFERENCE = Implementation(
    name="reference",
    framework="numpy",
    functions={
        "sample": stn_reference.sample,
        "transform": stn_reference.transform,
        "generate": generate,
    },
    vjps={
        "sample": stn_reference.sample_vjp,
        "transform": stn_reference.transform_vjp,
        "generate": generate_vjp,
    },
    spatial=(2, 3),
    families=tuple(stn_reference.FAMILIES),
    ties="even",
    dtypes=("float64",),
    compute_dtype="float64",
    subgradient="right",
)
