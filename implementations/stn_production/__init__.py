"""A spatial transformer as torch operators: fused, deterministic, differentiable as often as asked."""

from stn_production.api import affine_grid, grid_sample, spatial_transform
from stn_production.errors import ArgumentError, DeviceError, DtypeError, ShapeError, UnknownChoiceError
from stn_production.localisation import ConvolutionalLocalisation, FullyConnectedLocalisation
from stn_production.modules import AffineGrid, GridSample, SpatialTransform
from stn_production.transformer import SpatialTransformer

__all__ = [
    "AffineGrid",
    "ArgumentError",
    "ConvolutionalLocalisation",
    "DeviceError",
    "DtypeError",
    "FullyConnectedLocalisation",
    "GridSample",
    "ShapeError",
    "SpatialTransform",
    "SpatialTransformer",
    "UnknownChoiceError",
    "affine_grid",
    "grid_sample",
    "spatial_transform",
]
