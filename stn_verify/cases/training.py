"""A classifier of digits with a transformer before it, and how it is trained.

The networks are the reference's, in float64; only what a transformer reads, and the gradient of its theta, is asked of a target.
So any framework's transformer can be trained, and nothing but the transformer differs between two trainings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

import numpy as np

from stn_reference.networks import (
    AveragePooling,
    Chain,
    Flattening,
    Layer,
    Linear,
    Rectifier,
    Regression,
)
from stn_verify.cases.digits import Digits, Labels, digits
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array, Format, named

Function = Literal["transform", "sample"]

BATCH = 32
HIDDEN = 64
POOLED = 4
"""The side of the squares whose means theta is predicted from."""

RATE = 0.15
LOCALISATION_RATE = 0.001
"""Far smaller: a step of theta moves a whole image."""

MOMENTUM = 0.9
PARTS = ("localisation", "classifier")

CANVAS, READ = 40, 16


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """`digits` are read at `size`; each of `steps` minibatches gives one step of gradient descent with momentum.

    Parameters are one vector, a localisation network's first and then the classifier's.
    """

    function: Function
    """What the target is asked for; of a sampler, the grid is the harness' own."""
    digits: Digits
    size: tuple[int, int]
    steps: int
    dtype: str
    convention: Convention
    kind: str = ""
    seed: int = 0

    @property
    def storage(self) -> Format:
        """What theta, the grid and cotangents are rounded to before they are sent."""
        return named(self.dtype)

    @cached_property
    def parts(self) -> dict[str, Layer]:
        """The networks. Theta starts at the identity."""
        side = self.digits.images.shape[2]
        pooled = side // POOLED
        localisation = Chain(
            {
                "means": AveragePooling(POOLED),
                "features": Flattening(1, pooled, pooled),
                "regression": Regression(pooled**2, 6),
            }
        )
        classifier = Chain(
            {
                "features": Flattening(1, *self.size),
                "hidden": Linear(prod(self.size), HIDDEN),
                "rectifier": Rectifier(),
                "scores": Linear(HIDDEN, 10),
            }
        )
        return dict(zip(PARTS, (localisation, classifier), strict=True))

    def initial(self) -> Array:
        """The parameters to start from."""
        random = np.random.default_rng(self.seed)
        return self.joined({part: layer.initial(random) for part, layer in self.parts.items()})

    def joined(self, named_arrays: Mapping[str, Mapping[str, Array]]) -> Array:
        """Arrays of each part as one vector."""
        return np.concatenate(
            [named_arrays[part][name].ravel() for part in PARTS for name in self.parts[part].shapes]
        )

    def split(self, vector: Array) -> dict[str, dict[str, Array]]:
        """The arrays of each part, as views."""
        arrays: dict[str, dict[str, Array]] = {}
        start = 0
        for part, layer in self.parts.items():
            arrays[part] = {}
            for name, shape in layer.shapes.items():
                arrays[part][name] = vector[start : start + prod(shape)].reshape(shape)
                start += prod(shape)
        return arrays

    def rates(self, step: int) -> Array:
        """Of each parameter; they fall to zero, so that little depends on the last minibatches."""
        return (1 - step / self.steps) * self._rates

    @cached_property
    def _rates(self) -> Array:
        return np.where(self.of("localisation"), LOCALISATION_RATE, RATE)

    def of(self, part: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which parameters are of that part."""
        counts = [sum(prod(shape) for shape in layer.shapes.values()) for layer in self.parts.values()]
        return np.repeat([name == part for name in PARTS], counts)

    def minibatch(self, step: int) -> tuple[Array, Labels]:
        """Images [BATCH, 1, S, S] and labels: the same for whoever is trained."""
        random = np.random.default_rng([self.seed, step])
        chosen = random.choice(self.digits.learnt, BATCH, replace=False)
        return self.digits.images[chosen], self.digits.labels[chosen]

    def theta(self, parameters: Mapping[str, Mapping[str, Array]], images: Array) -> Array:
        """[N, 2, 3] that the localisation network predicts, as the storage dtype holds it."""
        return self.storage.round(self.parts["localisation"].forward(parameters["localisation"], images))

    def __repr__(self) -> str:
        side = self.digits.images.shape[2]
        kind = f" [{self.kind}]" if self.kind else ""
        return (
            f"training({self.function} of {side}x{side} to {self.size[0]}x{self.size[1]}, {self.steps} steps of {BATCH})"
            f" {self.dtype} {self.convention}{kind}"
        )


def moved_digits(function: Function, steps: int, dtype: str, convention: Convention) -> TrainingCase:
    """From a large canvas to a small image, which hardly any point of the identity reads at an integer."""
    return TrainingCase(function, digits(CANVAS), (READ, READ), steps, dtype, convention)


def identity_start(function: Function, steps: int, dtype: str, convention: Convention) -> TrainingCase:
    """To an image of the canvas' own size, which the identity reads at integers, exactly in every usual formula."""
    side = 33 if convention.align_corners else 32
    return TrainingCase(function, digits(side), (side, side), steps, dtype, convention, "identity start")
