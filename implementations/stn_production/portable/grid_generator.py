"""The grid generator, theta [N, 2, 3] -> grid [N, Ho, Wo, 2], and its adjoint. Normalised, (x, y); linear."""

import torch
from torch import Tensor

from stn_production.portable.coordinates import OfTheta, Points, Size, computing_dtype


def generated(theta: Tensor, size: Size, align_corners: bool) -> Tensor:
    """Of target coordinates that are measured from the centre; rounded once, to theta's dtype."""
    points = _generator(size, align_corners).direction(theta.to(computing_dtype(theta)))
    return torch.stack([points.x, points.y], -1).to(theta.dtype)


def gathered(cotangent: Tensor, align_corners: bool) -> Tensor:
    """The gradient of theta, summed in float32 or float64; rounded once, to the cotangent's dtype."""
    size = cotangent.shape[1], cotangent.shape[2]
    columns, rows = cotangent.to(computing_dtype(cotangent)).unbind(-1)
    return _generator(size, align_corners).gradient(Points(columns, rows)).to(cotangent.dtype)


def _generator(size: Size, align_corners: bool) -> OfTheta:
    """Of an image whose pixels are normalised units: of two pixels, or with align_corners of three."""
    return OfTheta(size, (3, 3) if align_corners else (2, 2), align_corners)
