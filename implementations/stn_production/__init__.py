"""A spatial transformer as torch operators: fused, deterministic, differentiable as often as asked."""

from stn_production.api import affine_grid, grid_sample, spatial_transform
from stn_production.errors import ArgumentError, DeviceError, DtypeError, ShapeError, UnknownChoiceError
from stn_production.modules import AffineGrid, GridSample, SpatialTransform

__all__ = [
    "AffineGrid",
    "ArgumentError",
    "DeviceError",
    "DtypeError",
    "GridSample",
    "ShapeError",
    "SpatialTransform",
    "UnknownChoiceError",
    "affine_grid",
    "grid_sample",
    "spatial_transform",
]
