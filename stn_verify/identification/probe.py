"""Reads a target at given points, in its own layout and coordinates, through whichever function it has."""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.contract.convention import Convention
from stn_verify.contract.dialect import ImageLayout
from stn_verify.contract.target import Call, Target, TargetReplied
from stn_verify.formats import Array, named
from stn_verify.judging.arithmetics import LADDER


@dataclass(frozen=True)
class Probe:
    """A function of a target, what it is asked for, and the layouts found."""

    target: Target
    function: str
    """sample or transform."""
    asked: Convention
    dtype: str
    image_layout: ImageLayout = "NCHW"
    output_layout: ImageLayout = "NCHW"

    @property
    def fused(self) -> bool:
        """Whether points are reached through theta only."""
        return self.function == "transform"

    def arithmetics(self) -> list[Arithmetic]:
        """From that of the dtype to ever coarser ones."""
        storage = named(self.dtype)
        first = next(i for i, format_ in enumerate(LADDER) if format_.name == self.dtype)
        return [Arithmetic(format_, storage) for format_ in LADDER[first:]]

    def stored(self, values: Array) -> Array:
        """As the target gets them."""
        return named(self.dtype).round(np.asarray(values, dtype=np.float64))

    def read(self, image: Array, points: Array) -> Array:
        """[C, M]: the values at points [M, 2] of the image [C, H, W].

        Raises:
            TargetFailure: no result of that many values came back.
        """
        return self._through_theta(image, points) if self.fused else self._through_grid(image, points)

    def transformed(self, image: Array, theta: Array, size: tuple[int, int]) -> Array:
        """[C, Ho, Wo] of an image [C, H, W] under theta [2, 3]. Raises: TargetFailure: no result of that shape came back."""
        output = self._call({"image": image[None], "theta": theta[None]}, size)
        return np.asarray(self._channels_first(output, (1, len(image), *size))[0])

    def _through_grid(self, image: Array, points: Array) -> Array:
        # Two rows: a single one is a case of its own in some kernels.
        columns = -(-len(points) // 2)
        filled = np.concatenate([points, np.repeat(points[-1:], 2 * columns - len(points), axis=0)])
        output = self._call({"image": image[None], "grid": filled.reshape(1, 2, columns, 2)}, None)
        found = self._channels_first(output, (1, len(image), 2, columns))
        return np.asarray(found[0].reshape(len(image), -1)[:, : len(points)])

    def _through_theta(self, image: Array, points: Array) -> Array:
        # Without a linear part every output reads the one point that the translation names.
        theta = np.zeros((len(points), 2, 3))
        theta[:, :, 2] = points
        size = (2, 3)
        output = self._call({"image": np.repeat(image[None], len(points), axis=0), "theta": theta}, size)
        return np.moveaxis(self._channels_first(output, (len(points), len(image), *size))[:, :, 0, 0], 0, 1)

    def _call(self, arrays: dict[str, Array], size: tuple[int, int] | None) -> Array:
        if self.image_layout == "NHWC":
            arrays = {**arrays, "image": np.ascontiguousarray(np.moveaxis(arrays["image"], 1, -1))}
        stored = {name: self.stored(array) for name, array in arrays.items()}
        return self.target.call(
            Call(self.function, stored, self.dtype, self.asked, size=size, free=True)
        ).output

    def _channels_first(self, output: Array, expected: tuple[int, ...]) -> Array:
        moved = np.moveaxis(output, -1, 1) if self.output_layout == "NHWC" and output.ndim == 4 else output
        if moved.shape != expected:
            raise TargetReplied(f"{self.function}: output has shape {output.shape}; its values: {expected}")
        return moved
