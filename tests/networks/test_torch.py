"""The torch modules and the reference's networks with the same parameters: the same numbers, to the bit."""

from typing import Any

import numpy as np
import pytest
from dyadic import BETWEEN, HIDDEN, WINDOW, Scene, Transformer, scenes
from hypothesis import given, settings

torch = pytest.importorskip("torch", reason="compares with torch's modules")

from stn_production import (  # noqa: E402  after the skip, for it imports torch
    ConvolutionalLocalisation,
    FullyConnectedLocalisation,
    SpatialTransformer,
)


def localisation(choices: Transformer, channels: int, size: tuple[int, int]) -> Any:
    """The torch network that the scene's transformer asks for."""
    if choices.kind == "convolutional":
        return ConvolutionalLocalisation(
            channels, size, hidden=HIDDEN, parameters=choices.parameters, **WINDOW
        )
    return FullyConnectedLocalisation(channels, size, HIDDEN, choices.parameters)


def network(scene: Scene) -> Any:
    """The scene's network with its parameters, in float64."""
    first = SpatialTransformer(localisation(scene.first, scene.channels, scene.size), **scene.first.choices)
    second = SpatialTransformer(
        localisation(scene.second, BETWEEN, scene.size), scene.output, **scene.second.choices
    )
    convolution = torch.nn.Conv2d(scene.channels, BETWEEN, 3, padding=1)
    layers = torch.nn.Sequential(first, convolution, torch.nn.ReLU(), second).double()
    layers.load_state_dict({name: torch.from_numpy(value) for name, value in scene.parameters.items()})
    return layers


@settings(max_examples=150)
@given(scenes())
def test_values_and_gradients_of_every_parameter_and_of_the_image(scene: Scene) -> None:
    layers, image = network(scene), torch.tensor(scene.image, requires_grad=True)
    output = layers(image)
    output.backward(torch.tensor(scene.cotangent))
    expected = scene.network.forward(scene.parameters, scene.image)
    grad_image, gradients = scene.network.vjp(scene.parameters, scene.image, scene.cotangent)
    assert np.array_equal(output.detach().numpy(), expected)
    assert np.array_equal(image.grad.numpy(), grad_image)
    assert list(gradients) == [name for name, _ in layers.named_parameters()]
    for name, parameter in layers.named_parameters():
        assert np.array_equal(parameter.grad.numpy(), gradients[name]), name


@settings(max_examples=30)
@given(scenes())
def test_parameters_are_exchanged_as_plain_arrays(scene: Scene) -> None:
    state = network(scene).state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == dict(scene.network.shapes)
    back = {name: value.numpy() for name, value in state.items()}
    assert all(np.array_equal(back[name], value) for name, value in scene.parameters.items())
    output = scene.network.forward(back, scene.image)
    assert np.array_equal(output, scene.network.forward(scene.parameters, scene.image))
