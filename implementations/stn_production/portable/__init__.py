"""The four kernels in plain torch operations: for every device, and differentiable as often as asked."""

from stn_production.portable.kernels import (
    sample_backward,
    sample_forward,
    transform_backward,
    transform_forward,
)

__all__ = ["sample_backward", "sample_forward", "transform_backward", "transform_forward"]
