"""What a launch needs to know of its tensors: memory format, dtypes of the computation, tiles and how channels are shared out."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache

import torch
import triton
import triton.language as tl

PROGRAMS_PER_PROCESSOR = 8
"""Programs that keep a multiprocessor busy; where tiles and images are fewer, the channels are shared out as well."""

PROCESSORS_ASSUMED = 108
"""Where there is no device to ask: an A100."""


@dataclass(frozen=True)
class Tile:
    """Output pixels of a program, and channels of one step (channels-last) or channels unrolled (NCHW)."""

    rows: int
    columns: int
    channels: int
    warps: int

    def count(self, height: int, width: int) -> int:
        """How many tiles cover a plane."""
        return triton.cdiv(height, self.rows) * triton.cdiv(width, self.columns)


def is_channels_last(image: torch.Tensor) -> bool:
    """Whether the memory is laid out [N, H, W, C] and not as well [N, C, H, W]."""
    return not image.is_contiguous() and image.is_contiguous(memory_format=torch.channels_last)


def laid_out(tensor: torch.Tensor, channels_last: bool) -> torch.Tensor:
    """The same values, contiguous in the memory format."""
    return tensor.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)


def new_like(
    image: torch.Tensor, shape: tuple[int, ...], channels_last: bool, dtype: torch.dtype | None = None
) -> torch.Tensor:
    """Uninitialised, on the image's device."""
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty(shape, dtype=dtype or image.dtype, device=image.device, memory_format=memory_format)


def compute_dtype(*tensors: torch.Tensor) -> torch.dtype:
    """What pixels are computed and summed in: float64 where any tensor is, else float32. Coordinates are float64 always."""
    return torch.float64 if any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32


IN_KERNELS = {torch.float32: tl.float32, torch.float64: tl.float64}


def plane_tile(height: int, width: int, channels: int) -> Tile:
    """Tile of an NCHW kernel: as wide as a warp or the plane, a pixel a thread, at most four channels in flight."""
    columns = min(triton.next_power_of_2(max(width, 1)), 32)
    rows = min(triton.next_power_of_2(max(height, 1)), 128 // columns)
    return Tile(rows, columns, min(max(channels, 1), 4), 4)


def pixel_tile(height: int, width: int, channels: int, lanes: int, widest: int = 64) -> Tile:
    """Tile of a channels-last kernel: `lanes` pixels times channels, of which at most `widest` channels."""
    block = min(triton.next_power_of_2(max(channels, 1)), widest)
    # A few channels leave room for more pixels, each of which has coordinates of its own.
    pixels = max(min(lanes // block, 64), 1)
    columns = min(triton.next_power_of_2(max(width, 1)), 16, pixels)
    rows = min(triton.next_power_of_2(max(height, 1)), pixels // columns)
    return Tile(rows, columns, block, 4)


def share_of_channels(programs: int, channels: int, step: int, device: torch.device) -> int:
    """Channels per program, a multiple of `step`: all of them where tiles and images make programs enough."""
    wanted = processors(device) * PROGRAMS_PER_PROCESSOR
    shares = min(triton.cdiv(wanted, max(programs, 1)), triton.cdiv(channels, step))
    return triton.cdiv(triton.cdiv(channels, step), max(shares, 1)) * step


@cache
def processors(device: torch.device) -> int:
    """Multiprocessors of the device."""
    if device.type != "cuda":
        return PROCESSORS_ASSUMED
    return int(torch.cuda.get_device_properties(device).multi_processor_count)


def needs_wide(*tensors: torch.Tensor) -> bool:
    """Whether one image of any of them has offsets beyond int32 (bases of images and planes are int64 always)."""
    # A tile reaches past the end by less than a tile: offsets there are computed, though masked.
    return any(tensor[0].numel() >= 2**31 - 2**26 for tensor in tensors if tensor.numel())


def on_device(tensor: torch.Tensor) -> AbstractContextManager[object]:
    """Kernels go to the current device: makes the tensor's current."""
    return torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()
