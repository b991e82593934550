"""Right implementations that refuse, print, keep a buffer or declare nothing."""

import os

import numpy as np
from sampler import Array, Sampler
from unusual import UNUSUAL, Unusual, unusual

from stn_verify.contract.implementation import undeclared


@unusual("float32 only, refusing the rest", padding="zeros", dtypes=None)
class Float32Only(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        if image.dtype != np.float32:
            raise TypeError(f"expected float32, got {image.dtype}")
        return super().forward(image, grid, padding, aligned)


@unusual(
    "prints, and writes to the file descriptor, on every call",
    apart=True,
    padding="zeros",
    dtypes=("float64",),
)
class Noisy(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        print("sampling", image.shape)
        os.write(1, b"\x00\xff{ not a frame\n")
        return super().forward(image, grid, padding, aligned)


@unusual(
    "a NaN coordinate reads the centre, an infinite one the edge", align_corners=False, dtypes=("float64",)
)
class NanSafe(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return super().pixels(np.nan_to_num(normalised, posinf=1e6, neginf=-1e6), size, aligned)


@unusual("returns one buffer again and again", padding="zeros", align_corners=False)
class ReusedBuffer(Sampler):
    def __init__(self) -> None:
        self.buffer = np.empty(0)

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        if self.buffer.shape != output.shape or self.buffer.dtype != output.dtype:
            self.buffer = np.empty_like(output)
        self.buffer[...] = output
        return self.buffer


class _NoGradients:
    """Values only, nothing declared: what a function of numpy arrays looks like that nobody prepared."""

    def sample(self, image: Array, grid: Array) -> Array:
        return Sampler().sample(image, grid, padding="reflection", align_corners=True)


UNUSUAL["Undeclared"] = Unusual(
    undeclared(_NoGradients(), "Undeclared", "numpy"),
    "declares nothing, gives no gradients",
    warned=False,
    gap=None,
)
