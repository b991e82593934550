"""Targets that tell of the process they run in, or die where no sampler should."""

import ctypes
import os
import signal
import sys
import threading
import time

import numpy as np

from stn_verify.contract.implementation import Implementation

ARGUMENTS = sys.argv[1:]
HAD_TORCH = "torch" in sys.modules

SLEEPER = threading.Thread(target=time.sleep, args=(60,), daemon=True)
SLEEPER.start()


def answers(image, grid):
    """Whether torch was there before this file was loaded, the program's arguments, the threads here."""
    values = np.array([HAD_TORCH, len(ARGUMENTS), SLEEPER.is_alive()])
    return np.broadcast_to(values[:, None, None], (2, 3, 3, 2)).astype(image.dtype)


def torch_segfaults(image, grid):
    import torch

    if torch.isnan(grid).any():
        ctypes.string_at(0)
    return torch.full(image.shape[:2] + grid.shape[1:3], float(HAD_TORCH), dtype=image.dtype)


def leaves_a_child(image, grid):
    """Hangs beside a child in its own group."""
    child = os.fork()
    if child == 0:
        time.sleep(60)
    sys.stderr.write(f"child {child}\n")
    sys.stderr.flush()
    time.sleep(60)


def kills_its_parent(image, grid):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


DECLARED_torch_segfaults = Implementation(
    "torch_segfaults", "torch", {"sample": torch_segfaults}, dtypes=("float32", "float64")
)
DECLARED_leaves_a_child = Implementation(
    "leaves_a_child", "numpy", {"sample": leaves_a_child}, dtypes=("float64",)
)
