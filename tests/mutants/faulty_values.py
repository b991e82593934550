"""Faults of the output, most of them with gradients that follow it."""

from dataclasses import replace

import numpy as np
from faults import fault
from sampler import Array, Corners, Indices, Line, Mask, Sampler

from stn_verify.verdicts.results import Status


@fault("the image is read with the row stride of its height", "output", source="Z85")
class WrongStride(Sampler):
    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        height, width = image.shape[2:]
        flat = iy * height + ix
        return super().read(image, flat % width, flat // width % height)


@fault("an integer cast truncates where it should floor: left of 0 it extrapolates", "output", source="Z82")
class Truncation(Sampler):
    def floor(self, x: Array) -> Array:
        return np.trunc(x)


@fault("weights come from clipped corners, and cancel or extrapolate outside", "output", source="Z94")
class ClippedCorners(Sampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        index, _ = super().neighbour(np.clip(k, 0, size - 1), size)
        return index, np.ones(k.shape, dtype=np.bool_)

    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        return np.clip(left + 1, 0, size - 1) - x, x - np.clip(left, 0, size - 1)


@fault("the bounds test is k < W-1: the last row and column are lost", "output", source="Z66")
class ShortBounds(Sampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        index, inside = super().neighbour(k, size)
        return index, inside & (k < size - 1)


@fault("the tap right of the last pixel reads the last pixel", "output", source="Z59")
class LastTapClamped(Sampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        return super().neighbour(np.where(k == size, size - 1, k), size)


@fault("points less than a pixel outside read nothing instead of fading", "output", source="Z89")
class NoFade(Sampler):
    def corners(self, image: Array, x: Line, y: Line) -> Corners:
        height, width = image.shape[2:]
        there = (x.position >= 0) & (x.position <= width - 1) & (y.position >= 0) & (y.position <= height - 1)
        p00, p01, p10, p11 = (np.where(there[..., None], p, 0) for p in super().corners(image, x, y))
        return p00, p01, p10, p11


@fault("every image of the batch is the first", "output")
class BatchIgnored(Sampler):
    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        return super().read(np.repeat(image[:1], len(image), axis=0), ix, iy)


@fault("every channel is the first", "output", source="Z78")
class ChannelIgnored(Sampler):
    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        return super().read(np.repeat(image[:, :1], image.shape[1], axis=1), ix, iy)


@fault("nearest instead of bilinear", "convention", "grad_grid", source="Z56")
class Nearest(Sampler):
    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        right = (x - left >= 0.5).astype(x.dtype)
        return 1 - right, right


@fault("columns past the last whole vector of 8 are never written", "output")
class DroppedTail(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        columns = output.shape[3]
        output[..., columns - columns % 8 :] = 0
        return output


@fault("the last result is returned wherever the shapes are those of the last call", "output", source="Z22")
class StaleCache(Sampler):
    def __init__(self) -> None:
        self.known: dict[tuple[int, ...], Array] = {}

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        key = image.shape + grid.shape
        if key not in self.known:
            self.known[key] = super().forward(image, grid, padding, aligned)
        return self.known[key]


@fault(
    "ceil and floor coincide at an integer, and their distance is divided by: NaN there",
    "output",
    padding="border",
)
class NanAtIntegers(Sampler):
    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        width = np.ceil(x) - left
        return (np.ceil(x) - x) / width, (x - left) / width


@fault("a NaN coordinate spoils its whole row", "output", checks=("robustness",), group="robustness")
class NanPoison(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        # As where a row's coordinates are offsets from a shared sum.
        spoiled = np.asarray(np.isnan(grid).any(axis=(2, 3)))
        return np.where(spoiled[:, None, :, None], np.nan, super().forward(image, grid, padding, aligned))


@fault(
    "a coordinate outside the range of 32 bits is an exception",
    "output",
    source="Z26",
    checks=("robustness",),
    status=Status.RAISED,
    group="robustness",
)
class HugeRaises(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        x = super().pixels(normalised, size, aligned)
        if np.any(np.abs(x) >= 2.0**31):
            raise OverflowError("coordinate does not fit an int")
        return x


@fault("coordinates in steps of 1/32 pixel", "output", source="Z74")
class FixedPoint(Sampler):
    def fold(self, x: Array, size: int, padding: str, aligned: bool) -> tuple[Array, Array]:
        return super().fold(np.rint(x * 32) / 32, size, padding, aligned)


@fault("weights of 8 bits, as a texture unit has them", "output")
class TextureUnit(Sampler):
    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        right = np.rint((x - left) * 256) / 256
        return 1 - right, right


@fault("the clip ends at W - 1.001, so that a right neighbour always exists", "output", padding="border")
class ClipBelowLast(Sampler):
    def fold(self, x: Array, size: int, padding: str, aligned: bool) -> tuple[Array, Array]:
        _, sign = super().fold(x, size, padding, aligned)
        return np.clip(x, 0, max(size - 1.001, 0)), sign


@fault(
    "floor(x + 1e-6), so that an integer is never missed: just left of one the wrong cell",
    "output",
    "grad_input",
    "grad_grid",
)
class EpsilonFloor(Sampler):
    def floor(self, x: Array) -> Array:
        return np.asarray(np.floor(x + 1e-6))


@fault(
    "weights are taken before the coordinate is folded: left and right change places in a mirror image",
    "output",
    source="Z35",
    padding="reflection",
)
class WeightsBeforeFolding(Sampler):
    def line(self, normalised: Array, size: int, padding: str, aligned: bool) -> Line:
        line = super().line(normalised, size, padding, aligned)
        x = self.pixels(normalised, size, aligned)
        return replace(line, weights=self.weights(x, np.floor(x), size))


@fault("the left neighbour is the nearest pixel: left of it the cell is extrapolated", "output", source="Z45")
class RoundedNeighbour(Sampler):
    def floor(self, x: Array) -> Array:
        return np.rint(x)
