"""The transform of dense NCHW images of few channels, where compiled code does all of it."""

import torch

from stn_production.cpu import direct
from stn_production.cpu.points import REFLECTION, Shape
from stn_production.cpu.team import all_done, compiled_threads
from stn_production.cpu.tensors import EMPTY, Size, bands_of, empty

MOST = 4  # channels that are read plane by plane


def _shape(image: torch.Tensor, theta: torch.Tensor, size: Size, most: int) -> Shape | None:
    """Return the call's sizes where compiled code can do all of it: dense NCHW of at most so many channels, one whole type."""
    dtype = image.dtype
    if dtype not in EMPTY or theta.dtype != dtype or not image.is_contiguous() or not theta.is_contiguous():
        return None
    N, C, H, W = image.shape
    few = 0 < C <= most and min(H, W) > 1 and H * W < 2**31
    return (N, C, H, W, size[0], size[1]) if few and N and 0 not in size else None


def forward(
    image: torch.Tensor, theta: torch.Tensor, size: Size, align_corners: bool, padding: int
) -> torch.Tensor | None:
    """Return the output where compiled code could do it all."""
    shape = _shape(image, theta, size, MOST)
    if shape is None or padding == REFLECTION:
        return None
    bands = bands_of(shape[0], size[0])
    team = compiled_threads(shape[0] * bands)
    if team is None:
        return None
    output = empty(image, size, False)
    missing = direct.forward(
        *team, output.data_ptr(), image.data_ptr(), theta.data_ptr(), shape, align_corners, padding, bands,
        EMPTY[image.dtype],
    )  # fmt: skip
    if missing == direct.IRREGULAR:
        return None
    all_done(missing, shape[0] * bands)
    return output


def backward(
    cotangent: torch.Tensor,
    image: torch.Tensor,
    theta: torch.Tensor,
    size: Size,
    align_corners: bool,
    padding: int,
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Return both gradients where compiled code could do it all."""
    shape = _shape(image, theta, size, 1)
    if shape is None or padding == REFLECTION or cotangent.dtype != image.dtype:
        return None
    bands = bands_of(shape[0], shape[2])
    team = compiled_threads(shape[0] * bands)
    if team is None:
        return None
    cotangent = cotangent.contiguous()
    grad_image, grad_theta = (
        empty(image, image.shape[2:], False),
        torch.empty_like(theta, memory_format=torch.contiguous_format),
    )
    missing = direct.backward(
        *team, grad_image.data_ptr(), grad_theta.data_ptr(), cotangent.data_ptr(), image.data_ptr(), theta.data_ptr(),
        shape, align_corners, padding, bands, EMPTY[image.dtype],
    )  # fmt: skip
    if missing == direct.IRREGULAR:
        return None
    all_done(missing, shape[0] * bands)
    return grad_image, grad_theta
