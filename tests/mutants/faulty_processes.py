"""Faults that no process survives, or that bring no array at all."""

import os
import signal
import time

from faults import fault
from sampler import Array, Sampler

from stn_verify.verdicts.results import Status


@fault("a segmentation fault", "output", source="Z27", status=Status.CRASHED)
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
