"""What a call must look like, checked before anything is computed."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from stn_production.errors import DeviceError, DtypeError, ShapeError, UnknownChoiceError

PADDINGS = ("zeros", "border", "reflection")

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def check_choices(align_corners: bool, padding: str) -> None:
    """Raises: UnknownChoiceError: a padding that is none, an align_corners that is no bool."""
    if padding not in PADDINGS:
        raise UnknownChoiceError(f"unknown padding {padding!r}; known: {', '.join(PADDINGS)}")
    check_align_corners(align_corners)


def check_align_corners(align_corners: bool) -> None:
    """Raises: UnknownChoiceError: no bool."""
    if not isinstance(align_corners, bool):
        raise UnknownChoiceError(f"unknown align_corners {align_corners!r}; known: True, False")


def check_image(image: Tensor) -> None:
    """Raises: ShapeError: not [N, C, H, W], or without pixels. DtypeError: not floating-point, or no tensor."""
    check_dtype("image", image)
    if image.dim() != 4:
        raise ShapeError(f"image has shape {list(image.shape)}; it must be [N, C, H, W]")
    if image.shape[2] == 0 or image.shape[3] == 0:
        raise ShapeError(f"image has shape {list(image.shape)}: there is no pixel to sample")


def check_grid(grid: Tensor) -> None:
    """Raises: ShapeError: not [N, Ho, Wo, 2]. DtypeError: not floating-point, or no tensor."""
    check_dtype("grid", grid)
    if grid.dim() != 4 or grid.shape[3] != 2:
        raise ShapeError(f"grid has shape {list(grid.shape)}; it must be [N, Ho, Wo, 2]")


def check_theta(theta: Tensor) -> None:
    """Raises: ShapeError: not [N, 2, 3]. DtypeError: not floating-point, or no tensor."""
    check_dtype("theta", theta)
    if theta.dim() != 3 or theta.shape[1] != 2 or theta.shape[2] != 3:
        raise ShapeError(f"theta has shape {list(theta.shape)}; it must be [N, 2, 3]")


def check_pair(image: Tensor, name: str, places: Tensor) -> None:
    """Raises: ShapeError: batches that differ. DeviceError: devices that do."""
    if places.shape[0] != image.shape[0]:
        raise ShapeError(
            f"{name} has shape {list(places.shape)} and image {list(image.shape)}; their first axes, N, must be"
            " equal"
        )
    if places.device != image.device:
        raise DeviceError(f"image is on {image.device} and {name} on {places.device}; they must be together")


def checked_size(size: Sequence[int]) -> tuple[int, int]:
    """(Ho, Wo). Raises: ShapeError: not two whole numbers of at least 0."""
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise ShapeError(f"size is {size!r}; it must be (Ho, Wo)")
    for length in size:
        if isinstance(length, bool) or not isinstance(length, int | torch.SymInt) or length < 0:
            raise ShapeError(f"size is {tuple(size)!r}; Ho and Wo must be whole numbers of at least 0")
    return size[0], size[1]


def checked_image_size(size: Sequence[int]) -> tuple[int, int]:
    """(H, W). Raises: ShapeError: not two whole numbers of at least 1."""
    height, width = checked_size(size)
    if height < 1 or width < 1:
        raise ShapeError(f"size is {(height, width)}: there is no pixel to look at")
    return height, width


def checked_count(name: str, value: int, least: int = 1) -> int:
    """A number of channels, units or pixels. Raises: ShapeError: no whole number of at least `least`."""
    if type(value) is not int or value < least:  # True is no count
        raise ShapeError(f"{name} is {value!r}; it must be a whole number of at least {least}")
    return value


def checked_counts(name: str, values: Sequence[int]) -> tuple[int, ...]:
    """Several. Raises: ShapeError: not all of them whole numbers of at least 1."""
    if not isinstance(values, tuple | list):
        raise ShapeError(f"{name} is {values!r}; it must be a tuple of whole numbers")
    return tuple(checked_count(f"{name}[{number}]", value) for number, value in enumerate(values))


def check_dtype(name: str, value: Any) -> None:
    """Raises: DtypeError: no tensor, or one of another dtype."""
    if not isinstance(value, Tensor):
        raise DtypeError(f"{name} is of {type(value).__name__}; it must be a tensor")
    if value.dtype not in DTYPES:
        known = ", ".join(str(dtype).removeprefix("torch.") for dtype in DTYPES)
        raise DtypeError(f"{name} is of {value.dtype}; known: {known}")
