"""The kernels for CPUs, in Numba."""

from stn_production.cpu.caching import kept_apart

with kept_apart():
    from stn_production.cpu.entry import transform_backward, transform_forward
    from stn_production.cpu.grids import sample_backward, sample_forward

__all__ = ["sample_backward", "sample_forward", "transform_backward", "transform_forward"]
