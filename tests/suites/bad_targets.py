"""Targets for the tests: right, but for what they do to coordinates that no pixel answers to."""

import os
import signal
import time
from typing import Any

import numpy as np

import stn_verify
from stn_reference import sample, sample_vjp

CHOICES: dict[str, Any] = {"padding": "zeros", "align_corners": False}


def _far(grid: Any) -> bool:
    return bool(np.any(np.abs(grid) > 1e15))


@stn_verify.implementation(framework="numpy", dtypes=("float64",), **CHOICES)
def crashes_on_nan(image: Any, grid: Any) -> Any:
    if np.isnan(grid).any():
        os.kill(os.getpid(), signal.SIGSEGV)
    return sample(image, grid, **CHOICES)


@crashes_on_nan.vjp
def _crashing_product(image: Any, grid: Any, cotangent: Any) -> Any:
    return sample_vjp(image, grid, cotangent, **CHOICES)


@stn_verify.implementation(framework="numpy", dtypes=("float64",), **CHOICES)
def hangs_on_large(image: Any, grid: Any) -> Any:
    while _far(grid) and np.isfinite(grid).all():
        time.sleep(0.1)
    return sample(image, grid, **CHOICES)


@hangs_on_large.vjp
def _hanging_product(image: Any, grid: Any, cotangent: Any) -> Any:
    return sample_vjp(image, grid, cotangent, **CHOICES)


_CALLS = 0


@stn_verify.implementation(framework="numpy", dtypes=("float64",), **CHOICES)
def crashes_in_every_tenth_call(image: Any, grid: Any) -> Any:
    global _CALLS
    _CALLS += 1
    if _CALLS == 10:
        os.kill(os.getpid(), signal.SIGSEGV)
    return sample(image, grid, **CHOICES)


@crashes_in_every_tenth_call.vjp
def _sometimes_crashing_product(image: Any, grid: Any, cotangent: Any) -> Any:
    return sample_vjp(image, grid, cotangent, **CHOICES)


def plain(image: Any, grid: Any) -> Any:
    """Nobody declared anything."""
    return sample(image, grid, padding="reflection", align_corners=True).astype(image.dtype)
