"""Networks with two transformers, one at the input and one between layers, in which float64 never rounds.

Pixels, weights and cotangents are small whole numbers, thetas multiples of a quarter, and lengths (with align_corners, less
one) powers of two. So every sum is exact in whatever order, at kinks too, and right results are equal to the bit.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from stn_reference import PADDINGS
from stn_reference.networks import (
    PARAMETERS,
    Chain,
    Convolution,
    Rectifier,
    SpatialTransformer,
    convolutional_localisation,
    fully_connected_localisation,
)

Array = npt.NDArray[np.float64]

QUARTER = 0.25
WINDOW = {"widths": (3,), "kernel": 3, "padding": 1, "pool": 2}
"""Of the convolutional localisation network; a mean of four is exact."""
HIDDEN = (4,)
BETWEEN = 2
"""Channels between the layers."""


@dataclass(frozen=True)
class Transformer:
    """The choices of one transformer."""

    kind: str
    parameters: int
    padding: str
    align_corners: bool

    def localisation(self, channels: int, size: tuple[int, int]) -> Chain:
        """The reference's."""
        if self.kind == "convolutional":
            return convolutional_localisation(
                channels, size, hidden=HIDDEN, parameters=self.parameters, **WINDOW
            )
        return fully_connected_localisation(channels, size, HIDDEN, self.parameters)

    @property
    def choices(self) -> dict[str, Any]:
        """Keywords of both modules."""
        return {"padding": self.padding, "align_corners": self.align_corners}


@dataclass(frozen=True)
class Scene:
    """transformer -> convolution -> ReLU -> transformer on an image [N, C, *size], to an output of size `output`."""

    count: int
    channels: int
    size: tuple[int, int]
    output: tuple[int, int]
    first: Transformer
    second: Transformer
    seed: int
    network: Chain = field(init=False, repr=False)
    parameters: dict[str, Array] = field(init=False, repr=False)
    image: Array = field(init=False, repr=False)
    cotangent: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        first = SpatialTransformer(self.first.localisation(self.channels, self.size), **self.first.choices)
        second = SpatialTransformer(
            self.second.localisation(BETWEEN, self.size), self.output, **self.second.choices
        )
        layers = {
            "0": first,
            "1": Convolution(self.channels, BETWEEN, 3, padding=1),
            "2": Rectifier(),
            "3": second,
        }
        network = Chain(layers)
        image = random.integers(-3, 4, (self.count, self.channels, *self.size)).astype(float)
        cotangent = random.integers(-3, 4, (self.count, BETWEEN, *self.output)).astype(float)
        start = network.initial(random)
        parameters = {name: _drawn(name, value, random) for name, value in start.items()}
        drawn = {"network": network, "parameters": parameters, "image": image, "cotangent": cotangent}
        for name, value in drawn.items():
            object.__setattr__(self, name, value)


def _drawn(name: str, start: Array, random: np.random.Generator) -> Array:
    """Small whole numbers, few of them not zero, so that sums stay small; at the end quarters around the identity."""
    drawn = random.integers(-1, 2, start.shape).astype(float)
    if name.endswith("bias"):
        return start + QUARTER * drawn if "regression" in name else drawn
    fan_in = start[0].size
    kept = drawn * (random.random(start.shape) < min(1.0, 6 / fan_in))
    return QUARTER * kept if "regression" in name else kept


@st.composite
def _transformers(draw: st.DrawFn, align_corners: bool) -> Transformer:
    return Transformer(
        draw(st.sampled_from(("connected", "convolutional"))),
        draw(st.sampled_from(tuple(PARAMETERS))),
        draw(st.sampled_from(PADDINGS)),
        align_corners,
    )


@st.composite
def scenes(draw: st.DrawFn, channels: tuple[int, ...] = (1, 3, 64), longest: int = 8) -> Scene:
    """Scenes of up to two images."""
    aligned = draw(st.booleans())
    lengths = [length + aligned for length in (2, 4, 8) if length <= longest]
    height, width = draw(st.sampled_from(lengths)), draw(st.sampled_from(lengths))
    rows, columns = draw(st.sampled_from(lengths)), draw(st.sampled_from(lengths))
    return Scene(
        draw(st.integers(1, 2)),
        draw(st.sampled_from(channels)),
        (height, width),
        (rows, columns),
        draw(_transformers(aligned)),
        draw(_transformers(aligned)),
        draw(st.integers(0, 2**32 - 1)),
    )
