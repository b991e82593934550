"""Networks with two transformers: how Hypothesis draws them, and the reference's network of the same parameters."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from stn_reference.networks import Chain, SpatialTransformer, fully_connected_localisation
from stn_verify.cases.case import NetworkCase
from stn_verify.cases.images import cotangents, images
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array, named

CHANNELS = (1, 3, 64)
LENGTHS = st.tuples(st.sampled_from((4, 5, 8, 9)), st.sampled_from((4, 5, 8, 9)))
HIDDEN = 4
FINEST = 2.0**16
"""Parameters are multiples of 1 / FINEST, so that steps of such multiples are exact in float32 too."""
_LAYERS = {"hidden": "hidden.0", "regression": "regression"}


@st.composite
def network_cases(
    draw: st.DrawFn, dtype: str, convention: Convention, channels: Sequence[int] = CHANNELS
) -> NetworkCase:
    """Two transformers, near the identity and off it, that keep the size or not."""
    count, depth = draw(st.integers(1, 2)), draw(st.sampled_from(channels))
    size, output = draw(LENGTHS), draw(LENGTHS)
    return network_case((count, depth, *size), output, draw(st.integers(0, 2**16)), dtype, convention)


def network_case(
    batch: tuple[int, int, int, int],
    output: tuple[int, int],
    seed: int,
    dtype: str,
    convention: Convention,
) -> NetworkCase:
    """Of a batch [N,C,H,W] of images and the output's size (Ho, Wo)."""
    count, depth, *sides = batch
    size = (sides[0], sides[1])
    random = np.random.default_rng(seed)
    storage = named(dtype)
    parameters: dict[str, Array] = {}
    for number in range(2):
        shapes = _localisation(depth, size).shapes
        for layer, name in _LAYERS.items():
            for part in ("weight", "bias"):
                shape = shapes[f"{name}.{part}"]
                # Hidden values of size 1, and thetas that differ from the identity's by a few tenths.
                drawn = random.normal(size=shape) / np.sqrt(shape[-1])
                if layer == "regression":
                    drawn = 0.3 * drawn + (np.eye(2, 3).ravel() if part == "bias" else 0.0)
                parameters[f"{number}.{layer}.{part}"] = np.round(drawn * FINEST) / FINEST
    image = images(count, depth, size, storage, random)
    cotangent = cotangents((count, depth, *output), storage, random)
    return NetworkCase(image, parameters, output, cotangent, dtype, convention)


def reference_network(case: NetworkCase, subgradient: str) -> Chain:
    """The same transformers in the reference."""
    channels, size = case.image.shape[1], (case.image.shape[2], case.image.shape[3])
    count = len(case.parameters) // 4
    return Chain(
        {
            str(number): SpatialTransformer(
                _localisation(channels, size),
                case.size if number == count - 1 else None,
                padding=case.convention.padding,
                align_corners=case.convention.align_corners,
                subgradient=subgradient,
            )
            for number in range(count)
        }
    )


def reference_parameters(case: NetworkCase) -> dict[str, Array]:
    """The case's parameters by the reference's names."""
    return {reference_name(name): value for name, value in case.parameters.items()}


def reference_name(name: str) -> str:
    """Of a parameter: `0.hidden.weight` is `0.localisation.hidden.0.weight` there."""
    number, layer, part = name.split(".")
    return f"{number}.localisation.{_LAYERS[layer]}.{part}"


def _localisation(channels: int, size: tuple[int, int]) -> Chain:
    return fully_connected_localisation(channels, size, (HIDDEN,))
