"""A call worked out at once by the kernels of its device: packed inputs in, results that lie as the operators say."""

from collections.abc import Sequence

import torch
from torch import Tensor

from stn_production.dispatch import Gradients, kernels
from stn_production.layout import memory_format, packed


def transform(image: Tensor, theta: Tensor, size: Sequence[int], align_corners: bool, padding: str) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho,Wo) -> [N,C,Ho,Wo], in the image's dtype."""
    form = memory_format(image)
    output = kernels(image.device.type).transform_forward(
        packed(image, form), theta.contiguous(), (size[0], size[1]), align_corners, padding
    )
    return packed(output, form)


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
    form = memory_format(image)
    size = (cotangent.shape[2], cotangent.shape[3])
    received = packed(cotangent, form), packed(image, form), theta.contiguous()
    gradients = kernels(image.device.type).transform_backward(
        *received, size, align_corners, padding, need_image, need_theta
    )
    return _laid(gradients, form)


def sample(image: Tensor, grid: Tensor, align_corners: bool, padding: str) -> Tensor:
    """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo], in the image's dtype."""
    form = memory_format(image)
    output = kernels(image.device.type).sample_forward(
        packed(image, form), grid.contiguous(), align_corners, padding
    )
    return packed(output, form)


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
    form = memory_format(image)
    received = packed(cotangent, form), packed(image, form), grid.contiguous()
    gradients = kernels(image.device.type).sample_backward(
        *received, align_corners, padding, need_image, need_grid
    )
    return _laid(gradients, form)


def _laid(gradients: Gradients, form: torch.memory_format) -> Gradients:
    by_image, by_places = gradients
    return (
        None if by_image is None else packed(by_image, form),
        None if by_places is None else by_places.contiguous(),
    )
