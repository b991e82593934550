"""The transformer and the sampler on CUDA tensors, in Triton."""

from stn_production.cuda.backward import sample_backward, transform_backward
from stn_production.cuda.forward import sample_forward, transform_forward

__all__ = ["sample_backward", "sample_forward", "transform_backward", "transform_forward"]
