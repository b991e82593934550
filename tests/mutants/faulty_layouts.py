"""Faults that packed arrays of one dtype do not show."""

import numpy as np
from faults import fault
from sampler import Array, Sampler

from stn_verify.verdicts.results import Status


def packed(array: Array) -> Array:
    """The array's memory from its first element on, read as if packed; what lies beyond its end is its beginning again."""
    memory = array if array.base is None else array.base
    return np.resize(np.asarray(memory).ravel(order="K"), array.shape).astype(array.dtype, copy=False)


def in_order_of(array: Array, order: tuple[int, ...]) -> Array:
    """A dense array's memory read as if its axes, outermost first, were these."""
    own = memory_order(array)
    read = array.transpose(own).ravel().reshape([array.shape[axis] for axis in order])
    return read.transpose(np.argsort(order))


def memory_order(array: Array) -> tuple[int, ...]:
    """The axes, outermost first."""
    return tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))


@fault(
    "strides are ignored: every array is read as if packed",
    "output",
    source="Z23",
    checks=("transposed", "sliced", "channels_last"),
)
class StridesIgnored(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return super().forward(packed(image), packed(grid), padding, aligned)


@fault("the grid's strides are ignored", "output", source="Z85", checks=("transposed",))
class GridStridesIgnored(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return super().forward(image, packed(grid), padding, aligned)


@fault(
    "the grid's strides are ignored by the backward pass",
    "grad_input",
    "grad_grid",
    source="Z90",
    checks=("sliced",),
)
class GridStridesIgnoredBackward(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        return super().backward(image, packed(grid), cotangent, padding, aligned)


@fault(
    "the cotangent is read as packed, though sum() hands over one with stride 0",
    "grad_input",
    "grad_grid",
    source="Z32",
    checks=("transposed",),
)
class CotangentPacked(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        return super().backward(image, grid, packed(cotangent), padding, aligned)


@fault(
    "an expanded array is read as one element and what lies behind it",
    "output",
    source="Z32",
    checks=("expanded",),
)
class ExpandedReadsOn(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return super().forward(self.behind(image), grid, padding, aligned)

    def behind(self, array: Array) -> Array:
        """Zeros where an axis of stride 0 goes on."""
        read = np.array(array)
        for axis in range(array.ndim):
            if array.shape[axis] > 1 and array.strides[axis] == 0:
                np.moveaxis(read, axis, 0)[1:] = 0
        return read


@fault(
    "a cotangent of stride 0 is not expanded", "grad_input", "grad_grid", source="Z32", checks=("expanded",)
)
class CotangentReadsOn(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        read = np.array(cotangent)
        if 0 in cotangent.strides:
            read[..., 1:] = 0
        return super().backward(image, grid, read, padding, aligned)


@fault("channels last are read as channels first", "output", source="Z22", checks=("channels_last",))
class ChannelsFirstAlways(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        if memory_order(image)[-1] == 1:
            image = in_order_of(image, (0, 1, 2, 3))
        return super().forward(image, grid, padding, aligned)


@fault(
    "a kernel is kept for a shape, whatever the layout it was made for",
    "output",
    source="Z22",
    checks=("channels_last",),
)
class KernelKeptForShape(Sampler):
    def __init__(self) -> None:
        self.orders: dict[tuple[int, ...], tuple[int, ...]] = {}

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        order = self.orders.setdefault(image.shape, memory_order(image))
        dense = image.size and 0 not in image.strides
        return super().forward(in_order_of(image, order) if dense else image, grid, padding, aligned)


@fault(
    "theta's strides are ignored", "output", source="Z23", functions=("transform",), checks=("fused_sliced",)
)
class ThetaStridesIgnored(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().grid(packed(theta), size, aligned)


@fault("theta is read by columns", "output", functions=("transform",), checks=("fused_transposed",))
class ThetaByColumns(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().grid(in_order_of(theta, (0, 1, 2)), size, aligned)


@fault(
    "channels last are read as channels first, fused",
    "output",
    source="Z22",
    functions=("transform",),
    checks=("fused_channels_last",),
)
class ChannelsFirstAlwaysFused(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        if memory_order(image)[-1] == 1:
            image = in_order_of(image, (0, 1, 2, 3))
        return super().forward(image, grid, padding, aligned)


@fault(
    "a theta of stride 0 is that of the first image alone",
    "output",
    functions=("transform",),
    checks=("fused_expanded",),
)
class ExpandedThetaOnce(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        if theta.strides[0] == 0:
            theta = np.concatenate([theta[:1], 0 * theta[1:]])
        return super().grid(theta, size, aligned)


@fault(
    "the generator's backward pass refuses a cotangent that does not lie packed",
    "grad_theta",
    source="Z33",
    functions=("generate",),
    checks=("grid_channels_last",),
    status=Status.RAISED,
)
class ViewsTheCotangent(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        if not cotangent.flags.c_contiguous:
            raise RuntimeError("view size is not compatible with input tensor's size and stride")
        return super().theta_gradient(cotangent, size, aligned)


@fault("a grid of another dtype is read by its bits", "output", dtypes=("float32",), checks=("mixed_dtypes",))
class ReadsBits(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        if grid.dtype != image.dtype:
            grid = np.resize(np.ascontiguousarray(grid).ravel().view(image.dtype), grid.shape)
        return super().forward(image, grid, padding, aligned)


@fault(
    "coordinates of another dtype than the image's are cut to whole numbers",
    "output",
    source="Z69",
    dtypes=("float32",),
    checks=("mixed_dtypes",),
)
class CutsCoordinates(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        pixels = super().pixels(normalised, size, aligned)
        return pixels if normalised.dtype == np.float32 else np.trunc(pixels)


@fault(
    "a finer theta is cut to whole numbers",
    "output",
    source="Z69",
    functions=("transform",),
    dtypes=("float32",),
    checks=("fused_mixed_dtypes",),
)
class CutsTheta(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().grid(theta if theta.dtype == np.float32 else np.trunc(theta), size, aligned)
