"""Sums by halves."""

import torch
from torch import Tensor


def halving_sum(values: Tensor, axis: int) -> Tensor:
    """The sum along an axis, which goes.

    Halves are added to one another, so that the error grows with log2 of the length, and the order of the additions is that
    of every device and of any number of threads, which torch.sum's is not.
    """
    length = values.shape[axis]
    if length == 0:
        return values.sum(axis)
    while length > 1:
        half = length // 2
        folded = values.narrow(axis, 0, half) + values.narrow(axis, length - half, half)
        values = torch.cat([folded, values.narrow(axis, half, 1)], axis) if length % 2 else folded
        length -= half
    return values.squeeze(axis)
