"""The reference's transformer: where it starts, that it learns, and what is said of wrong calls."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_reference import PADDINGS, ReferenceArgumentError
from stn_reference.networks import (
    AveragePooling,
    Chain,
    Convolution,
    Linear,
    Rectifier,
    Regression,
    SpatialTransformer,
    convolutional_localisation,
    fully_connected_localisation,
)


@given(
    shape=st.tuples(st.integers(0, 2), st.sampled_from((1, 3, 64)), st.integers(6, 12), st.integers(6, 12)),
    parameters=st.sampled_from((2, 3, 4, 6)),
    connected=st.booleans(),
    align_corners=st.booleans(),
    padding=st.sampled_from(PADDINGS),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_starts_at_the_identity(
    shape: tuple[int, int, int, int], parameters: int, connected: bool, align_corners: bool, padding: str, seed: int
) -> None:  # fmt: skip
    """The image itself, to the bit, whatever the pixels."""
    random = np.random.default_rng(seed)
    _, channels, *size = shape
    localisation = (
        fully_connected_localisation(channels, size, (3,), parameters)
        if connected
        else convolutional_localisation(channels, size, (2,), (3,), parameters)
    )
    transformer = SpatialTransformer(localisation, align_corners=align_corners, padding=padding)
    image = random.normal(size=shape)
    assert np.array_equal(transformer.forward(transformer.initial(random), image), image)


def _blobs(centres: list[float]) -> np.ndarray:
    """[N,1,16,16]: bells of two pixels around the image's centre, shifted along x."""
    at = np.arange(16.0) - 7.5
    columns = np.exp(-((at - np.array(centres)[:, None]) ** 2) / 8)
    return np.exp(-(at**2) / 8)[None, None, :, None] * columns[:, None, None, :]


def _losses(subgradient: str, align_corners: bool) -> list[float]:
    """Of gradient descent on the distance between a shifted blob, read through a transformer, and one in the middle."""
    transformer = SpatialTransformer(
        fully_connected_localisation(1, (16, 16), (8,), 2),
        align_corners=align_corners,
        padding="border",
        subgradient=subgradient,
    )
    parameters = transformer.initial(np.random.default_rng(0))
    image, wanted = _blobs([3.0]), _blobs([0.0])
    losses = []
    for _ in range(30):
        error = transformer.forward(parameters, image) - wanted
        losses.append(float((error**2).sum()))
        _, gradients = transformer.vjp(parameters, image, 2 * error)
        parameters = {name: value - 0.003 * gradients[name] for name, value in parameters.items()}
    return losses


@pytest.mark.parametrize("align_corners", [False, True])
def test_it_learns_from_the_identity(align_corners: bool) -> None:
    losses = _losses("right", align_corners)
    assert losses[1] < losses[0]
    assert losses[-1] < losses[0] / 4


@pytest.mark.parametrize("align_corners", [False, True])
def test_the_rule_zero_stalls_at_the_identity(align_corners: bool) -> None:
    """Every point reads at a whole pixel, where the slope is taken for zero: no parameter moves."""
    losses = _losses("zero", align_corners)
    assert losses[-1] == losses[0]


def test_what_learns_in_the_first_step() -> None:
    """The regression layer, whose zero weights let nothing through yet; after it moved, every layer."""
    transformer = SpatialTransformer(fully_connected_localisation(1, (16, 16), (8,), 6), padding="border")
    parameters = transformer.initial(np.random.default_rng(0))
    image = _blobs([-3.0, 2.0, 4.0])
    cotangent = transformer.forward(parameters, image) - _blobs([0.0, 0.0, 0.0])
    _, gradients = transformer.vjp(parameters, image, cotangent)
    assert {name for name, each in gradients.items() if each.any()} == {
        "localisation.regression.weight",
        "localisation.regression.bias",
    }
    moved = {name: value - 0.003 * gradients[name] for name, value in parameters.items()}
    _, gradients = transformer.vjp(moved, image, cotangent)
    assert all(each.any() for each in gradients.values())


def test_parameters_start_within_the_bounds_of_torch() -> None:
    layer = Convolution(3, 4, 5)
    start = layer.initial(np.random.default_rng(1))
    assert {name: value.shape for name, value in start.items()} == dict(layer.shapes)
    assert all(0 < np.abs(value).max() <= 1 / np.sqrt(75) for value in start.values())


IMAGE = np.ones((1, 1, 4, 4))
NET = fully_connected_localisation(1, (4, 4))
START = NET.initial(np.random.default_rng(0))

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "a parameter missing": (lambda: NET.forward({}, IMAGE), "parameter 'weight' is missing; given: none"),
    "of another shape": (
        lambda: NET.forward({**START, "hidden.0.bias": np.ones(3)}, IMAGE),
        r"bias has shape \(3,\); known: \(32,\)",
    ),
    "another image": (
        lambda: NET.forward(START, IMAGE[..., :3]),
        r"values has shape \(1, 1, 4, 3\); known: \[N, 1, 4, 4\]",
    ),
    "a cotangent of theta's size": (lambda: NET.vjp(START, IMAGE, np.ones((1, 6))), "cotangent has shape"),
    "no such family": (lambda: Regression(4, 5), "parameters=5; known: 2, 3, 4, 6"),
    "no such padding": (lambda: SpatialTransformer(NET, padding="wrap"), "padding='wrap'; known: 'zeros'"),
    "no such rule": (
        lambda: SpatialTransformer(NET, subgradient="none"),
        "subgradient='none'; known: 'right'",
    ),
    "a size that is too small": (
        lambda: convolutional_localisation(1, (9, 24)),
        r"size=\(9, 24\); known: sizes of which 2 convolutions leave a pixel",
    ),
    "no units": (lambda: Linear(0, 1), "inputs=0; known: integers from 1"),
    "a kernel larger than the image": (
        lambda: Convolution(1, 1, 5).forward({"weight": np.ones((1, 1, 5, 5)), "bias": [0]}, IMAGE),
        r"image has shape \(1, 1, 4, 4\); known: H >= 5 and W >= 5",
    ),
    "complex values": (lambda: Rectifier().forward({}, [1j]), "values has dtype complex128"),
    "a pool of another cotangent": (lambda: AveragePooling(2).vjp({}, IMAGE, IMAGE), "cotangent has shape"),
    "in a chain": (
        lambda: Chain({"a": Linear(1, 1)}).forward({"a.weight": [[1]]}, [[1]]),
        "'bias' is missing",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name: str) -> None:
    call, message = WRONG[name]
    with pytest.raises(ReferenceArgumentError, match=message):
        call()
