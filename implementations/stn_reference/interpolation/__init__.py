"""Interpolation kernels, one a file: the pixels that a point reads along one axis, with their weights and slopes."""

from stn_reference.interpolation.cubic import CUBIC
from stn_reference.interpolation.kernel import Kernel, Tap
from stn_reference.interpolation.linear import SUBGRADIENTS
from stn_reference.interpolation.nearest import TIES
from stn_reference.interpolation.registry import INTERPOLATIONS, as_kernel

__all__ = ["CUBIC", "INTERPOLATIONS", "SUBGRADIENTS", "TIES", "Kernel", "Tap", "as_kernel"]
