"""What a network calls."""

from collections.abc import Sequence

from torch import Tensor

from stn_production import arguments
from stn_production.tracing import generated, sampled


def spatial_transform(
    image: Tensor, theta: Tensor, size: Sequence[int], *, align_corners: bool = False, padding: str = "zeros"
) -> Tensor:
    """An image read through an affine transformation, without a grid in between.

    Args:
        image: [N, C, H, W], float64, float32, float16 or bfloat16; channels-last memory is kept.
        theta: [N, 2, 3] in normalised units, rows (x, y), as in Jaderberg et al. 2015, equation 1; of any of these dtypes.
        size: (Ho, Wo).
        align_corners: whether -1 and 1 are the centres of the outer pixels, or their outer edges.
        padding: "zeros", "border" or "reflection".

    Returns:
        [N, C, Ho, Wo] in the image's dtype, computed in float32 or, where image or theta is float64, in float64.

    Raises:
        ShapeError, DtypeError, DeviceError, UnknownChoiceError: the arguments do not fit.
    """
    arguments.check_choices(align_corners, padding)
    arguments.check_image(image)
    arguments.check_theta(theta)
    arguments.check_pair(image, "theta", theta)
    return sampled(image, theta, arguments.checked_size(size), align_corners, padding)


def grid_sample(
    image: Tensor, grid: Tensor, *, align_corners: bool = False, padding: str = "zeros"
) -> Tensor:
    """An image [N, C, H, W] read at a normalised grid [N, Ho, Wo, 2], last axis (x, y): [N, C, Ho, Wo].

    Dtypes, choices and errors are those of `spatial_transform`.
    """
    arguments.check_choices(align_corners, padding)
    arguments.check_image(image)
    arguments.check_grid(grid)
    arguments.check_pair(image, "grid", grid)
    return sampled(image, grid, None, align_corners, padding)


def affine_grid(theta: Tensor, size: Sequence[int], *, align_corners: bool = False) -> Tensor:
    """The normalised grid [N, Ho, Wo, 2] of theta [N, 2, 3], in theta's dtype: computed in float32 or better, rounded once.

    Raises:
        ShapeError, DtypeError, UnknownChoiceError: the arguments do not fit.
    """
    arguments.check_align_corners(align_corners)
    arguments.check_theta(theta)
    return generated(theta, arguments.checked_size(size), align_corners)
