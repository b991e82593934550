"""The oracle: spatial transformers in float64 NumPy, with closed-form values and gradients."""

from stn_reference.coordinates import pixel_scale, target_axis, to_normalised, to_pixels
from stn_reference.errors import ReferenceArgumentError
from stn_reference.extension import PADDINGS, extend_index
from stn_reference.generators import (
    FAMILIES,
    HORIZONS,
    Family,
    affine_grid,
    affine_grid_vjp,
    affine_pixels,
    attention_grid,
    attention_grid_vjp,
    displacement_grid,
    displacement_grid_vjp,
    projective_grid,
    projective_grid_vjp,
    similarity_grid,
    similarity_grid_vjp,
    square_lattice,
    thin_plate_family,
    thin_plate_grid,
    thin_plate_grid_vjp,
    translation_grid,
    translation_grid_vjp,
    translation_pixels,
)
from stn_reference.gradients import sample_pixels_vjp, sample_vjp
from stn_reference.interpolation import CUBIC, INTERPOLATIONS, SUBGRADIENTS, TIES
from stn_reference.sampler import sample, sample_pixels
from stn_reference.transform import transform, transform_vjp

__all__ = [
    "CUBIC",
    "FAMILIES",
    "HORIZONS",
    "INTERPOLATIONS",
    "PADDINGS",
    "SUBGRADIENTS",
    "TIES",
    "Family",
    "ReferenceArgumentError",
    "affine_grid",
    "affine_grid_vjp",
    "affine_pixels",
    "attention_grid",
    "attention_grid_vjp",
    "displacement_grid",
    "displacement_grid_vjp",
    "extend_index",
    "pixel_scale",
    "projective_grid",
    "projective_grid_vjp",
    "sample",
    "sample_pixels",
    "sample_pixels_vjp",
    "sample_vjp",
    "similarity_grid",
    "similarity_grid_vjp",
    "square_lattice",
    "target_axis",
    "thin_plate_family",
    "thin_plate_grid",
    "thin_plate_grid_vjp",
    "to_normalised",
    "to_pixels",
    "transform",
    "transform_vjp",
    "translation_grid",
    "translation_grid_vjp",
    "translation_pixels",
]
