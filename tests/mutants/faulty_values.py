"""Faults of the output, most of them with gradients that follow it."""

import numpy as np
import numpy.typing as npt
from faults import fault
from sampler import Array, Corners, Indices, Line, Mask, Sampler

from stn_verify.verdicts.results import Status


@fault(
    "scale W/2 where -1 and 1 are pixel centres: the image is stretched",
    "output",
    source="Z80",
    align_corners=True,
)
class WideScale(Sampler):
    def scale(self, size: int, aligned: bool) -> float:
        return size / 2


@fault("scale (W-2)/2", "output", source="Z81", align_corners=True)
class NarrowScale(Sampler):
    def scale(self, size: int, aligned: bool) -> float:
        return (size - 2) / 2


@fault("align_corners is taken and ignored", "convention", source="Z58", align_corners=True)
class AlignCornersIgnored(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        return super().lines(image, grid, padding, False)


@fault(
    "the grid is read as (y, x), and its gradient returned as (x, y)", "convention", "grad_grid", source="Z93"
)
class SwappedAxes(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        return super().lines(image, grid[..., ::-1], padding, aligned)


@fault("x is scaled by the height, y by the width", "output", source="Z83")
class SwappedSizes(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        height, width = image.shape[2:]
        # The pixels that are read stay those of the right axis: only the scale is the other's.
        stretch = np.array([height / width, width / height])
        return super().lines(image, (grid + 1) * stretch - 1, padding, aligned)


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


@fault("the grid is clipped to [-1, 1] where zeros were asked for", "output", source="Z79")
class GridClipped(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return super().pixels(np.clip(normalised, -1, 1), size, aligned)


@fault("reflection is a wrap", "output", padding="reflection")
class WrapForReflection(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        return np.mod(x, size), np.ones_like(x)


@fault(
    "reflection turns at pixel centres where it should at edges", "output", source="Z70", padding="reflection"
)
class MirrorAtCentres(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        return super().mirror(x, size, True)


@fault(
    "reflection turns at edges where it should at pixel centres",
    "output",
    source="Z70",
    padding="reflection",
    align_corners=True,
)
class MirrorAtEdges(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        return super().mirror(x, size, False)


@fault("reflection folds once: right to one image away", "output", padding="reflection")
class FoldsOnce(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        low, high = -0.5, size - 0.5
        once = np.where(x < low, 2 * low - x, np.where(x > high, 2 * high - x, x))
        return once, np.where((x < low) | (x > high), -1.0, 1.0)


@fault("every image of the batch is the first", "output")
class BatchIgnored(Sampler):
    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        return super().read(np.repeat(image[:1], len(image), axis=0), ix, iy)


@fault("every channel is the first", "output", source="Z78")
class ChannelIgnored(Sampler):
    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        return super().read(np.repeat(image[:, :1], image.shape[1], axis=1), ix, iy)


@fault("nearest instead of bilinear", "output", source="Z56")
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
    "a flat index in 16 bits, which wraps past 2^15 pixels",
    "output",
    source="Z74",
    checks=("large_areas",),
)
class Int16Index(Sampler):
    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        height, width = image.shape[2:]
        flat = (iy * width + ix).astype(np.int16).astype(np.int64)
        return super().read(image, flat % width, flat // width % height)


@fault("a launch of at most 65,535 outputs drops the rest", "output", source="Z85", checks=("many_outputs",))
class LaunchLimit(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        flat = np.ascontiguousarray(output).reshape(*output.shape[:2], -1)
        flat[..., 65_535:] = 0
        return flat.reshape(output.shape)


@fault(
    "ceil and floor coincide at an integer, and their distance is divided by: NaN there",
    "output",
    padding="border",
)
class NanAtIntegers(Sampler):
    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        width = np.ceil(x) - left
        return (np.ceil(x) - x) / width, (x - left) / width


@fault("a NaN coordinate spoils its whole row", "output", checks=("robustness",))
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


@fault(
    "tap coordinates pass through float16: wrong past column 2,048",
    "output",
    source="Z20",
    checks=("sizes",),
)
class HalfTaps(Sampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        return super().neighbour(np.clip(k, -60_000, 60_000).astype(np.float16).astype(k.dtype), size)


@fault("theta's rows are (row, column)", "output", "grid", source="Z84", functions=("transform", "generate"))
class SwappedRows(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().grid(theta[:, ::-1], size, aligned)


@fault(
    "theta's translation is in pixels of the output", "output", "grid", functions=("transform", "generate")
)
class TranslationInPixels(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        scaled = theta.copy()
        scaled[:, :, 2] *= 2 / np.array([size[1], size[0]])
        return super().grid(scaled, size, aligned)


@fault(
    "target coordinates are left edges: off by half a pixel",
    "output",
    "grid",
    functions=("transform", "generate"),
)
class LeftEdges(Sampler):
    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        return super().axis(size, aligned, dtype) - (0 if aligned else 1 / size)


@fault(
    "the generator ignores align_corners",
    "output",
    "grid",
    source="Z58",
    functions=("transform", "generate"),
    align_corners=True,
)
class GeneratorUnaligned(Sampler):
    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        return super().axis(size, False, dtype)


@fault(
    "an axis of one point lies at -1",
    "output",
    "grid",
    source="Z67",
    functions=("transform", "generate"),
    align_corners=True,
    checks=("sizes",),
)
class SingletonAtEdge(Sampler):
    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        return super().axis(size, aligned, dtype) - (1 if size == 1 else 0)


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
    "pixel coordinates in 16 bits",
    "output",
    source="Z69",
)
class Int16Coordinates(Sampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        return super().neighbour(np.mod(k + 2.0**15, 2.0**16) - 2.0**15, size)


@fault(
    "pixel coordinates in 32 bits, which wrap",
    "output",
    source="Z26",
)
class Int32Coordinates(Sampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        return super().neighbour(np.mod(k + 2.0**31, 2.0**32) - 2.0**31, size)


@fault(
    "at most 32 channels, one for each lane of a warp",
    "output",
    source="Z31",
    checks=("sizes",),
)
class ChannelLimit(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        output[:, 32:] = 0
        return output


@fault(
    "at most 65,535 images, one for each block of gridDim.z",
    "output",
    source="Z85",
    checks=("sizes",),
    dtypes=("float32",),
)
class BatchLimit(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        output[65_535:] = 0
        return output
