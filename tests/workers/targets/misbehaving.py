"""Targets that do what no sampler should, one fault each; `right` is what they would be without it."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np

from stn_verify.contract.implementation import Implementation

CALLS = 0


def right(image, grid):
    """The mean of each channel at every point: a result of the right shape."""
    mean = image.mean(axis=(2, 3))[:, :, None, None]
    return np.broadcast_to(mean, image.shape[:2] + grid.shape[1:3]).astype(image.dtype)


def segfaults(image, grid):
    ctypes.string_at(0)


def segfaults_in_half(image, grid):
    if image.dtype == np.float16:
        ctypes.string_at(0)
    return right(image, grid)


def exits(image, grid):
    os._exit(7)


def hangs(image, grid):
    time.sleep(60)


def hangs_holding_the_interpreter(image, grid):
    ctypes.PyDLL(None).sleep(60)


def dies_beside_a_child(image, grid):
    """The child inherits standard error and outlives us, unless the group is killed."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    sys.stderr.write(f"child {child.pid}\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def forks_then_dies(image, grid):
    """The fork holds the reply pipe open."""
    if os.fork() == 0:
        time.sleep(60)
    os._exit(3)


def dies_after_replying(image, grid):
    threading.Timer(0.05, os._exit, (9,)).start()
    return right(image, grid)


def prints(image, grid):
    print("a stray print")
    os.write(1, b"a stray write\n")
    ctypes.CDLL(None).puts(b"a stray puts")
    return right(image, grid)


def floods(image, grid):
    """More than any pipe holds, on both streams."""
    for _ in range(64):
        os.write(1, b"x" * 65536)
        os.write(2, b"y" * 65536)
    return right(image, grid)


def reads_input(image, grid):
    assert sys.stdin.read() == ""
    assert os.read(0, 10) == b""
    return right(image, grid)


def raises(image, grid):
    raise ValueError("grid must be sorted")


def raises_unprintable(image, grid):
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    raise Unprintable


def raises_surrogates(image, grid):
    raise ValueError("\udcff")


def raises_at_length(image, grid):
    raise ValueError("x" * 1_000_000)


def leaves(image, grid):
    sys.exit(3)


def interrupts(image, grid):
    raise KeyboardInterrupt


def transposed(image, grid):
    return right(image, grid).transpose(0, 1, 3, 2)


def a_list(image, grid):
    return [[1.0]]


def nothing(image, grid):
    return None


def integers(image, grid):
    return right(image, grid).astype(np.int64)


def counts(image, grid):
    """State that a restart must clear: the number of calls in this process."""
    global CALLS
    CALLS += 1
    if CALLS == 3:
        os._exit(1)
    return np.full(image.shape[:2] + grid.shape[1:3], CALLS, image.dtype)


def overwrites(image, grid):
    image[...] = 0
    grid[...] = 0
    return right(image, grid)


class TwoGradientsOfThree:
    """A product with one gradient too few."""

    sample = staticmethod(right)

    @staticmethod
    def sample_vjp(image, grid, cotangent):
        return (image,)


class GradientOfWrongShape:
    """grad_grid with its axes swapped."""

    sample = staticmethod(right)

    @staticmethod
    def sample_vjp(image, grid, cotangent):
        return np.zeros_like(image), np.zeros_like(grid.transpose(0, 2, 1, 3))


class GradientOfNone:
    """grad_grid forgotten."""

    sample = staticmethod(right)

    @staticmethod
    def sample_vjp(image, grid, cotangent):
        return np.zeros_like(image), None


# With its dtypes declared an implementation is described without being called.
DECLARED_hangs = Implementation("hangs", "numpy", {"sample": hangs}, dtypes=("float64",))
DECLARED_hangs_holding_the_interpreter = Implementation(
    "hangs", "numpy", {"sample": hangs_holding_the_interpreter}, dtypes=("float64",)
)
