"""Grid generators: where each output pixel reads, for each family of transformations."""

from stn_reference.generators.affine import affine_grid, affine_grid_vjp, affine_pixels
from stn_reference.generators.attention import attention_grid, attention_grid_vjp
from stn_reference.generators.control_points import square_lattice
from stn_reference.generators.displacement import displacement_grid, displacement_grid_vjp
from stn_reference.generators.family import Family
from stn_reference.generators.projective import HORIZONS, projective_grid, projective_grid_vjp
from stn_reference.generators.registry import FAMILIES
from stn_reference.generators.similarity import similarity_grid, similarity_grid_vjp
from stn_reference.generators.thin_plate import (
    thin_plate_family,
    thin_plate_grid,
    thin_plate_grid_vjp,
)
from stn_reference.generators.translation import translation_grid, translation_grid_vjp, translation_pixels

__all__ = [
    "FAMILIES",
    "HORIZONS",
    "Family",
    "affine_grid",
    "affine_grid_vjp",
    "affine_pixels",
    "attention_grid",
    "attention_grid_vjp",
    "displacement_grid",
    "displacement_grid_vjp",
    "projective_grid",
    "projective_grid_vjp",
    "similarity_grid",
    "similarity_grid_vjp",
    "square_lattice",
    "thin_plate_family",
    "thin_plate_grid",
    "thin_plate_grid_vjp",
    "translation_grid",
    "translation_grid_vjp",
    "translation_pixels",
]
