"""Which kernels serve a device: the fast ones where what they need is installed, else those in plain torch operations."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import NamedTuple

from torch import Tensor

Gradients = tuple[Tensor | None, Tensor | None]

PORTABLE = "stn_production.portable"

FAST = MappingProxyType({"cpu": ("numba", "stn_production.cpu"), "cuda": ("triton", "stn_production.cuda")})
"""By kind of device: what the kernels are written in, and their package."""


class Kernels(NamedTuple):
    """The four functions of a package of kernels.

    They take tensors of any strides that hold no more than memory, and keep channels-last memory.
    """

    transform_forward: Callable[..., Tensor]
    transform_backward: Callable[..., Gradients]
    sample_forward: Callable[..., Tensor]
    sample_backward: Callable[..., Gradients]


@cache
def kernels(device_type: str) -> Kernels:
    """Those for tensors on a kind of device; imported when first asked for."""
    held = import_module(package(device_type))
    return Kernels(held.transform_forward, held.transform_backward, held.sample_forward, held.sample_backward)


def package(device_type: str) -> str:
    """The name of the package that serves a kind of device."""
    if device_type in FAST and all(find_spec(name) for name in FAST[device_type]):
        return FAST[device_type][1]
    return PORTABLE
