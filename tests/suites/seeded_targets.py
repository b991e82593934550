"""Targets for the tests: the oracle, and one whose output depends on the process that it runs in."""

import os
from typing import Any

import numpy as np

import stn_verify
from stn_reference import sample, sample_vjp

CHOICES: dict[str, Any] = {"padding": "zeros", "align_corners": False}


def _product(image: Any, grid: Any, cotangent: Any) -> Any:
    return sample_vjp(image, grid, cotangent, **CHOICES)


@stn_verify.implementation(framework="numpy", dtypes=("float64",), vjps={"sample": _product}, **CHOICES)
def steady(image: Any, grid: Any) -> Any:
    return sample(image, grid, **CHOICES)


@stn_verify.implementation(framework="numpy", dtypes=("float64",), vjps={"sample": _product}, **CHOICES)
def seeded(image: Any, grid: Any) -> Any:
    return sample(image, grid, **CHOICES) + 1e-6 * np.random.default_rng(os.getpid()).random()
