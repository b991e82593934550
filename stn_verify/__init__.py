"""Check spatial transformers: values, gradients with respect to grid, input and theta, conventions and precision."""

from stn_verify.contract.convention import Convention
from stn_verify.contract.implementation import Implementation, implementation

__all__ = ["Convention", "Implementation", "implementation"]
