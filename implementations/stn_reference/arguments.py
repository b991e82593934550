"""Array types and the checks that every public function makes."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stn_reference.errors import ReferenceArgumentError

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def check_choice(name: str, value: object, known: Sequence[object]) -> None:
    """Raise unless `value` is one of `known`."""
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in known):
        raise ReferenceArgumentError(f"{name}={value!r}; known: {', '.join(map(repr, known))}")


def check_align_corners(value: object) -> None:
    """Raise unless `value` is a bool."""
    check_choice("align_corners", value, (True, False))


def as_real(name: str, values: npt.ArrayLike) -> Array:
    """`values` as float64; floats of other precision and integers are converted."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ReferenceArgumentError(f"{name} has dtype {array.dtype}; known: real floating point, integer")
    return array.astype(np.float64, copy=False)


def as_axes(name: str, values: npt.ArrayLike, axes: str) -> Array:
    """`values` as float64 with one axis for each word of `axes`; a number fixes that length."""
    array = as_real(name, values)
    words = axes.split()
    fits = len(words) == array.ndim and all(
        not word.isdigit() or int(word) == length for word, length in zip(words, array.shape, strict=True)
    )
    if not fits:
        raise ReferenceArgumentError(f"{name} has shape {array.shape}; known: [{', '.join(words)}]")
    return array


def as_image(values: npt.ArrayLike) -> Array:
    """`values` as an image [N, C, H, W] or a volume [N, C, D, H, W], with at least one pixel along each axis."""
    image = as_real("image", values)
    if image.ndim not in (4, 5):
        raise ReferenceArgumentError(f"image has shape {image.shape}; known: [N, C, H, W], [N, C, D, H, W]")
    if min(image.shape[2:]) < 1:
        known = " and ".join(f"{axis} >= 1" for axis in "DHW"[5 - image.ndim :])
        raise ReferenceArgumentError(f"image has shape {image.shape}; known: {known}")
    return image


def check_shape(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Raise unless `array` has exactly that shape."""
    if array.shape != shape:
        raise ReferenceArgumentError(f"{name} has shape {array.shape}; known: {shape}")


def as_length(name: str, value: Any, least: int) -> int:
    """`value` as an integer not below `least`."""
    try:
        length = operator.index(value)
    except TypeError:
        raise ReferenceArgumentError(f"{name}={value!r}; known: integers from {least}") from None
    if length < least:
        raise ReferenceArgumentError(f"{name}={value!r}; known: integers from {least}")
    return length


def as_size(name: str, value: Any, least: int, axes: int = 2) -> tuple[int, ...]:
    """`value` as (rows, columns), or (slices, rows, columns) where there are 3 axes; none below `least`."""
    words = ("slices", "rows", "columns")[-axes:]
    try:
        lengths = tuple(value)
    except TypeError:
        lengths = ()
    if len(lengths) != axes:
        raise ReferenceArgumentError(f"{name}={value!r}; known: ({', '.join(words)})")
    return tuple(as_length(name, length, least) for length in lengths)
