"""Calls to make, and workers that are closed whatever a test does."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Call
from stn_verify.formats import Array
from stn_verify.workers.client import WorkerTarget

TARGETS = Path(__file__).parent / "targets"


@pytest.fixture
def targets() -> Path:
    """The folder of the targets that tests load."""
    return TARGETS


@pytest.fixture
def call() -> Call:
    """One call of sample: [2,3,5,4] at [2,3,2]."""
    return sample_call()


@pytest.fixture
def gradient_call() -> Call:
    """The same call with both gradients."""
    return sample_call(gradients=("image", "grid"))


@pytest.fixture
def start() -> Iterator[Callable[..., WorkerTarget]]:
    """Starts a worker for an attribute of targets/misbehaving.py, or for any target with a colon."""
    started = []

    def start(target: str, **options: object) -> WorkerTarget:
        options.setdefault("deadline", 20.0)
        place = target if ":" in target else f"{TARGETS / 'misbehaving.py'}:{target}"
        started.append(WorkerTarget(place, **options))
        return started[-1]

    yield start
    for worker in started:
        worker.close()


def sample_call(dtype: str = "float64", gradients: tuple[str, ...] = (), align_corners: bool = False) -> Call:
    """All values are eighths below 2: they lie in every dtype."""
    random = np.random.default_rng(5)

    def draw(*shape: int) -> Array:
        return random.integers(-8, 9, shape) / 8.0

    return Call(
        "sample",
        {"image": draw(2, 3, 5, 4), "grid": draw(2, 3, 2, 2)},
        dtype,
        Convention("zeros", align_corners),
        cotangent=draw(2, 3, 3, 2) if gradients else None,
        gradients=gradients,
    )
