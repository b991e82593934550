"""Tensors as the kernels take them: memory, types to compute in, and how the work on them is parted."""

from typing import Any

import numpy as np
import torch

from stn_production.cpu.points import Shape
from stn_production.layout import memory_format

Array = np.ndarray[Any, Any]
Size = tuple[int, int]

_TASKS = 16  # at least, where the image has the rows: enough for that many threads, and the same for every number of them
_FEWEST_ROWS = 8  # of a band
_ROOM = 2**18  # bytes of scratch for a band
_SHARE = 200  # a band fills at most this part of what the call must hold: 1 % where two threads are at work
_OVERLAP_COSTS = 12  # rows; smaller bands spend a sixth of their time on what they have in common
_OVERLAP_PAYS = 32  # rows; smaller bands for the sake of _ROOM cost more time, by what they have in common, than they save
_WHOLE = frozenset({torch.float32, torch.float64})  # of which NumPy knows the type
_NARROW, _WIDE = (0,) * 4, (0,) * 16  # channels of a block
EMPTY = {torch.float32: np.empty(0, np.float32), torch.float64: np.empty(0, np.float64)}


def interleaved_memory(image: torch.Tensor) -> bool:
    """Whether an image lies channels-last."""
    return memory_format(image) == torch.channels_last


def dense(image: torch.Tensor, interleaved: bool) -> torch.Tensor:
    """Return an image or cotangent without gaps, as NCHW or channels-last."""
    return image.detach().contiguous(
        memory_format=torch.channels_last if interleaved else torch.contiguous_format
    )


def flat(tensor: torch.Tensor) -> Array:
    """Return a dense tensor's memory; 16-bit floats as their bits: int16 for float16, uint16 for bfloat16."""
    if not tensor.is_contiguous():
        tensor = tensor.permute(0, 2, 3, 1)
    dtype = tensor.dtype
    if dtype in _WHOLE:
        return tensor.numpy().reshape(-1)
    bits = tensor.view(torch.int16).numpy().reshape(-1)
    return bits if dtype == torch.float16 else bits.view(np.uint16)


def empty(of: torch.Tensor, size: Size, interleaved: bool) -> torch.Tensor:
    """Return room for images of another size, but the dtype of `of`."""
    N, C, *before = of.shape
    layout = torch.channels_last if interleaved else torch.contiguous_format
    if tuple(before) == size:  # half the time
        return torch.empty_like(of, memory_format=layout)
    return torch.empty((N, C, *size), dtype=of.dtype, device="cpu", memory_format=layout)


def computed_in(*tensors: torch.Tensor) -> torch.dtype:
    """Return the type in which kernels on these compute."""
    return torch.float64 if torch.float64 in [tensor.dtype for tensor in tensors] else torch.float32


def narrower(image: torch.Tensor, places: torch.Tensor) -> bool:
    """Whether an image must become float64 for its thetas or grid: kernels hold what they compute in, or 16 bits."""
    return places.dtype == torch.float64 and image.dtype != torch.float64


def block(channels: int) -> tuple[int, ...]:
    """Return a tuple as long as blocks of channels are wide."""
    return _NARROW if len(_NARROW) >= channels else _WIDE


def bands_of(units: int, rows: int, scratch: int = 0, total: int = 0) -> int:
    """Return how many bands of rows to make of each unit: for enough tasks, and lest one fills too much of `scratch`.

    scratch: bytes for a unit in one band. total: bytes that must be held whatever the bands.
    """
    most, small = rows // _FEWEST_ROWS, min(-(-scratch // _ROOM), rows // _OVERLAP_PAYS)
    if total and scratch > _ROOM:
        small = max(small, min(-(-scratch * _SHARE // total), rows // _OVERLAP_COSTS))
    return max(1, min(max(-(-_TASKS // units), small), most))


def shape_of(image: torch.Tensor, of: torch.Tensor) -> Shape:
    """Return N, C, H, W, Ho, Wo of an image and its output."""
    return (*image.shape, of.shape[2], of.shape[3])
