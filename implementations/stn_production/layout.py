"""How images lie in memory: channels last where they come so, else packed as [N, C, H, W]."""

from collections.abc import Sequence

import torch
from torch import Tensor


def memory_format(image: Tensor) -> torch.memory_format:
    """Channels last where nothing else describes the image; its output and its gradient lie alike."""
    if image.is_contiguous() or not image.is_contiguous(memory_format=torch.channels_last):
        return torch.contiguous_format
    return torch.channels_last


def packed(values: Tensor, form: torch.memory_format) -> Tensor:
    """[N, C, H, W] in a form, with the very strides that torch.empty gives, also along axes of one."""
    if values.stride() == _strides(values.shape, form):
        return values
    return torch.empty_like(values, memory_format=form).copy_(values)


def _strides(shape: Sequence[int], form: torch.memory_format) -> tuple[int, ...]:
    _, channels, height, width = shape
    channels, height, width = channels or 1, height or 1, width or 1
    plane = height * width
    if form == torch.channels_last:
        return channels * plane, 1, width * channels, channels
    return channels * plane, plane, width, 1
