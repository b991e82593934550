"""A call worked out at once by the kernels of its device, with results that lie as the operators say."""

from collections.abc import Sequence

import torch
from torch import Tensor

from stn_production.dispatch import Gradients, kernels
from stn_production.layout import memory_format, packed
from stn_production.portable import grid_generator


def transform(image: Tensor, theta: Tensor, size: Sequence[int], align_corners: bool, padding: str) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho,Wo) -> [N,C,Ho,Wo], in the image's dtype."""
    kernel = kernels(image.device.type).transform_forward
    output = kernel(image, theta, (size[0], size[1]), align_corners, padding)
    return packed(output, memory_format(image))


def transform_backward(
    cotangent: Tensor,
    image: Tensor,
    theta: Tensor,
    align_corners: bool,
    padding: str,
    need_image: bool,
    need_theta: bool,
) -> Gradients:
    """The gradients of image and theta, None where not needed."""
    size = (cotangent.shape[2], cotangent.shape[3])
    kernel = kernels(image.device.type).transform_backward
    gradients = kernel(cotangent, image, theta, size, align_corners, padding, need_image, need_theta)
    return _laid(gradients, memory_format(image))


def sample(image: Tensor, grid: Tensor, align_corners: bool, padding: str) -> Tensor:
    """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo], in the image's dtype."""
    output = kernels(image.device.type).sample_forward(image, grid, align_corners, padding)
    return packed(output, memory_format(image))


def sample_backward(
    cotangent: Tensor,
    image: Tensor,
    grid: Tensor,
    align_corners: bool,
    padding: str,
    need_image: bool,
    need_grid: bool,
) -> Gradients:
    """The gradients of image and grid, None where not needed."""
    kernel = kernels(image.device.type).sample_backward
    gradients = kernel(cotangent, image, grid, align_corners, padding, need_image, need_grid)
    return _laid(gradients, memory_format(image))


def grid(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """[N,2,3], (Ho,Wo) -> [N,Ho,Wo,2], in theta's dtype."""
    return grid_generator.generated(theta, (size[0], size[1]), align_corners).contiguous()


def grid_backward(cotangent: Tensor, align_corners: bool) -> Tensor:
    """The adjoint of `grid`: [N,Ho,Wo,2] -> [N,2,3], in the cotangent's dtype."""
    return grid_generator.gathered(cotangent, align_corners).contiguous()


def _laid(gradients: Gradients, form: torch.memory_format) -> Gradients:
    by_image, by_places = gradients
    return (
        None if by_image is None else packed(by_image, form),
        None if by_places is None else by_places.contiguous(),
    )
