"""vmap: the mapped axis as part of the batch."""

from collections.abc import Iterable

from torch import Tensor


def folded(length: int, axes: Iterable[int | None], *arrays: Tensor) -> tuple[Tensor, ...]:
    """[..., N, ...] -> [length N, ...]; copies where no axis is mapped. Further axes of other arguments are ignored."""
    mapped = (
        values.expand(length, *values.shape) if axis is None else values.movedim(axis, 0)
        for axis, values in zip(axes, arrays, strict=False)
    )
    return tuple(values.flatten(0, 1) for values in mapped)


def unfolded(length: int, values: Tensor) -> Tensor:
    """[length N, ...] -> [length, N, ...]; the length is given, for of an empty batch none could be told."""
    return values.reshape(length, values.shape[0] // max(length, 1), *values.shape[1:])
