"""Faults that show only where an index, a launch or a number format runs out."""

import numpy as np
from faults import fault
from sampler import Array, Indices, Line, Mask, Sampler


@fault(
    "a flat index in 16 bits, which wraps past 2^15 pixels",
    "output",
    source="Z73 Z74",
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
        rows, columns = output.shape[2:]
        flat = np.ascontiguousarray(output).reshape(*output.shape[:2], rows * columns)
        flat[..., 65_535:] = 0
        return flat.reshape(output.shape)


@fault(
    "tap coordinates pass through float16: wrong past column 2,048",
    "output",
    source="Z20",
    checks=("sizes",),
)
class HalfTaps(Sampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        return super().neighbour(np.clip(k, -60_000, 60_000).astype(np.float16).astype(k.dtype), size)


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


class _AtMost1024(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        gradient = super().input_gradient(image, cotangent, x, y)
        gradient[1024:] = 0
        return gradient


@fault(
    "grad_input of at most 1,024 images",
    "grad_input",
    source="Z31",
    checks=("batch_of_1025",),
    group="robustness",
)
class AtMost1024Images(_AtMost1024):
    pass


@fault(
    "the same, fused",
    "grad_input",
    functions=("transform",),
    checks=("fused_batch_of_1025",),
    group="robustness",
)
class AtMost1024ImagesFused(_AtMost1024):
    pass
