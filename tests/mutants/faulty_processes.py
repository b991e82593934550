"""Faults that no process survives, or that bring no array at all."""

import os
import signal
import time

import numpy as np
from faults import fault
from sampler import Array, Indices, Mask, Sampler

from stn_verify.verdicts.results import Status


@fault("a segmentation fault", "output", source="Z63", status=Status.CRASHED)
class SegmentationFault(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        os.kill(os.getpid(), signal.SIGSEGV)
        return super().forward(image, grid, padding, aligned)


@fault("never returns", "output", status=Status.TIMED_OUT)
class Hangs(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        while True:
            time.sleep(1)


@fault("ends its process as if all were well", "output", status=Status.CRASHED)
class QuietExit(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        os._exit(0)


@fault("raises for more than one image", "output", source="Z18", status=Status.RAISED)
class RaisesForBatches(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        if len(image) > 1:
            raise RuntimeError("not supported")
        return super().forward(image, grid, padding, aligned)


@fault("returns [N, Ho, Wo, C]", "output", source="Z22")
class ChannelsLast(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return super().forward(image, grid, padding, aligned).transpose(0, 2, 3, 1)


@fault(
    "an index without a sign: a negative one reads far outside of the image",
    "output",
    source="Z77",
    status=Status.CRASHED,
)
class UnsignedIndex(Sampler):
    def neighbour(self, k: Array, size: int) -> tuple[Indices, Mask]:
        if np.any(k < -1):
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().neighbour(k, size)


@fault(
    "an offset in 16 bits: past 2^15 pixels it reads outside of the image",
    "output",
    "grad_input",
    "grad_grid",
    source="Z27",
    dtypes=("float32",),
    checks=("sizes",),
    status=Status.CRASHED,
)
class OffsetOverflow(Sampler):
    def read(self, image: Array, ix: Indices, iy: Indices) -> Array:
        if np.any(iy * image.shape[3] + ix >= 2**15):
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().read(image, ix, iy)


@fault(
    "the number of turns of a mirrored coordinate in 32 bits: past them it reads outside of the image",
    "output",
    "grad_grid",
    source="Z28",
    padding="reflection",
    checks=("robustness",),
    status=Status.CRASHED,
)
class TurnsOverflow(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        if np.any(np.abs(x) / size >= 2.0**31):
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().mirror(x, size, aligned)


@fault(
    "a batch of 65,536 or more is refused",
    "output",
    "grad_input",
    "grad_grid",
    source="Z18",
    dtypes=("float32",),
    checks=("sizes",),
    status=Status.RAISED,
)
class BatchRefused(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        if len(image) >= 65_536:
            raise RuntimeError("CUDNN_STATUS_NOT_SUPPORTED")
        return super().forward(image, grid, padding, aligned)


@fault(
    "the backward pass refuses more than 1,024 channels",
    "grad_input",
    "grad_grid",
    source="Z31",
    checks=("sizes",),
    status=Status.RAISED,
)
class ChannelsRefused(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        if image.shape[1] > 1024:
            raise RuntimeError("CUDNN_STATUS_EXECUTION_FAILED")
        return super().backward(image, grid, cotangent, padding, aligned)
