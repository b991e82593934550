"""Results of a coarser arithmetic than the one that is claimed."""

import numpy as np
from faults import fault
from sampler import Array, Line, Sampler, cast

FLOAT32 = ("float32",)


def significant(values: Array, bits: int) -> Array:
    """Rounded to so many bits of significand."""
    mantissa, exponent = np.frexp(values)
    rounded = np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits)
    return np.asarray(rounded, dtype=values.dtype)


@fault(
    "everything in float32, and float64 claimed",
    "output",
    "grad_input",
    "grad_grid",
    effective_precision="float32",
)
class Float32Inside(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        narrow = super().forward(image.astype(np.float32), grid.astype(np.float32), padding, aligned)
        return narrow.astype(image.dtype)

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        narrow = cast((image, grid, cotangent), np.float32)
        grad_input, grad_grid = super().backward(*narrow, padding, aligned)
        return grad_input.astype(image.dtype), grad_grid.astype(image.dtype)


@fault("gradients in float32, and float64 claimed", "grad_input", "grad_grid", effective_precision="float32")
class Float32Gradients(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        narrow = cast((image, grid, cotangent), np.float32)
        grad_input, grad_grid = super().backward(*narrow, padding, aligned)
        return grad_input.astype(image.dtype), grad_grid.astype(image.dtype)


@fault("grad_input is stored in float32 on its way", "grad_input", effective_precision="float32")
class Float32Scatter(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return super().input_gradient(image, cotangent, x, y).astype(np.float32).astype(image.dtype)


@fault("coordinates in float32, the rest in float64", "output", effective_precision="float32")
class Float32Coordinates(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return super().pixels(normalised.astype(np.float32), size, aligned).astype(normalised.dtype)


@fault("coordinates in float16, the rest in float32", "output", source="Z61", dtypes=FLOAT32)
class HalfCoordinates(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return super().pixels(normalised.astype(np.float16), size, aligned).astype(normalised.dtype)


@fault(
    "products of 11 bits (tf32), and float32 claimed", "output", dtypes=FLOAT32, effective_precision="tf32"
)
class TensorCores(Sampler):
    def weights(self, x: Array, left: Array, size: int) -> tuple[Array, Array]:
        low, high = super().weights(x, left, size)
        return significant(low, 11), significant(high, 11)


@fault("the output passes through bfloat16", "output", source="Z60", dtypes=FLOAT32)
class BrainOutput(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return significant(super().forward(image, grid, padding, aligned), 8)


@fault(
    "grad_theta is summed in float16",
    "grad_theta",
    source="Z60",
    functions=("transform", "generate"),
    dtypes=FLOAT32,
)
class HalfSums(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        base = self.base(size, aligned, cotangent.dtype)
        sums = np.zeros((len(cotangent), 2, 3), dtype=np.float16)
        for row in range(size[0]):
            sums += np.einsum("nwi,wk->nik", cotangent[:, row], base[row]).astype(np.float16)
        return sums.astype(cotangent.dtype)


@fault("the grid passes through bfloat16", "output", source="Z60", dtypes=FLOAT32)
class BrainGrid(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return super().pixels(significant(normalised, 8), size, aligned)
