"""The oracle: a spatial transformer in float64 NumPy, with closed-form values and gradients."""

from stn_reference.coordinates import pixel_scale, target_axis, to_normalised, to_pixels
from stn_reference.errors import ReferenceArgumentError
from stn_reference.extension import PADDINGS, extend_index
from stn_reference.gradients import SUBGRADIENTS, sample_pixels_vjp, sample_vjp
from stn_reference.grid_generator import affine_grid, affine_grid_vjp, affine_pixels
from stn_reference.sampler import sample, sample_pixels
from stn_reference.transform import transform, transform_vjp

__all__ = [
    "PADDINGS",
    "SUBGRADIENTS",
    "ReferenceArgumentError",
    "affine_grid",
    "affine_grid_vjp",
    "affine_pixels",
    "extend_index",
    "pixel_scale",
    "sample",
    "sample_pixels",
    "sample_pixels_vjp",
    "sample_vjp",
    "target_axis",
    "to_normalised",
    "to_pixels",
    "transform",
    "transform_vjp",
]
