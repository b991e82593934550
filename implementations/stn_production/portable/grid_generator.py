"""The grid generator, theta [N, 2, 3] -> grid [N, Ho, Wo, 2], and its adjoint. Normalised, (x, y); linear."""

from torch import Tensor

from stn_production.portable.coordinates import OfTheta, Size, computing_dtype


def generated(theta: Tensor, size: Size, align_corners: bool) -> Tensor:
    """Of target coordinates that are measured from the centre; rounded once, to theta's dtype."""
    generator, length = _generator(size, align_corners)
    wide = theta.to(computing_dtype(theta))
    planes = generator.along(length, wide, generator.from_centre(wide))
    return planes.to(theta.dtype).movedim(1, -1).contiguous()


def gathered(cotangent: Tensor, align_corners: bool) -> Tensor:
    """The gradient of theta, summed in float32 or float64; rounded once, to the cotangent's dtype."""
    generator, length = _generator((cotangent.shape[1], cotangent.shape[2]), align_corners)
    planes = cotangent.to(computing_dtype(cotangent)).movedim(-1, 1)
    return generator.along_gradient(length, planes, generator.from_centre(planes)).to(cotangent.dtype)


def _generator(size: Size, align_corners: bool) -> tuple[OfTheta, int]:
    """Of an image whose pixels are normalised units, and its length both ways: two pixels, or with align_corners three."""
    length = 3 if align_corners else 2
    return OfTheta(size, (length, length), align_corners), length
