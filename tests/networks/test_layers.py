"""Each layer against its definition and, where torch is installed, torch's; whole numbers, so that every sum is exact."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stn_reference.networks import (
    AveragePooling,
    Chain,
    Convolution,
    Embedding,
    Flattening,
    Layer,
    Linear,
    Rectifier,
    Regression,
)

Array = npt.NDArray[np.float64]
Drawn = tuple[Layer, tuple[int, ...]]


def whole(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers from -3 to 3."""
    return random.integers(-3, 4, shape).astype(float)


@st.composite
def convolutions(draw: st.DrawFn) -> Drawn:
    """A convolution and the shape of an image that it can take."""
    kernel, padding = draw(st.integers(1, 4)), draw(st.integers(0, 2))
    layer = Convolution(
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        kernel,
        stride=draw(st.integers(1, 3)),
        padding=padding,
    )
    lengths = [draw(st.integers(max(1, kernel - 2 * padding), 7)) for _ in range(2)]
    return layer, (draw(st.integers(0, 2)), layer.inputs, *lengths)


@st.composite
def poolings(draw: st.DrawFn) -> Drawn:
    """A pooling and the shape of an image that it can take; its side is a power of two, so that means are exact."""
    side = draw(st.sampled_from((1, 2, 4)))
    lengths = [draw(st.integers(side, 9)) for _ in range(2)]
    return AveragePooling(side), (draw(st.integers(0, 2)), draw(st.integers(1, 3)), *lengths)


@st.composite
def others(draw: st.DrawFn) -> Drawn:
    """The layers whose input has one axis besides N, or whose shape is kept or joined."""
    count, width = draw(st.integers(0, 3)), draw(st.integers(1, 5))
    parameters = draw(st.sampled_from((2, 3, 4, 6)))
    return draw(
        st.sampled_from(
            (
                (Linear(width, draw(st.integers(1, 5))), (count, width)),
                (Regression(width, parameters), (count, width)),
                (Embedding(parameters), (count, parameters)),
                (Flattening(2, 3, width), (count, 2, 3, width)),
                (Rectifier(), (count, 2, width)),
                (Chain({}), (count, width)),
            )
        )
    )


LAYERS = st.one_of(convolutions(), poolings(), others())
SEEDS = st.integers(0, 2**32 - 1)


@given(LAYERS, SEEDS)
def test_the_gradient_is_the_adjoint_of_exact_differences(drawn: Drawn, seed: int) -> None:
    """Each layer is affine in its values and in each parameter; the rectifier too, on the side of 0 where it is."""
    layer, shape = drawn
    random = np.random.default_rng(seed)
    values = whole(random, shape)
    parameters = {name: whole(random, each) for name, each in layer.shapes.items()}
    output = layer.forward(parameters, values)
    cotangent = whole(random, output.shape)
    grad_values, gradients = layer.vjp(parameters, values, cotangent)
    assert dict(layer.shapes) == {name: gradient.shape for name, gradient in gradients.items()}
    # Half a step keeps whole numbers on their side of 0, and 0 is left out.
    step = 0.5 * random.integers(-1, 2, shape) * (values != 0)
    moved = layer.forward(parameters, values + step)
    assert (cotangent * (moved - output)).sum() == (grad_values * step).sum()
    for name, value in parameters.items():
        step = whole(random, value.shape)
        moved = layer.forward({**parameters, name: value + step}, values)
        assert (cotangent * (moved - output)).sum() == (gradients[name] * step).sum()


@given(convolutions(), SEEDS)
def test_a_convolution_is_its_sum(drawn: Drawn, seed: int) -> None:
    layer, shape = drawn
    assert isinstance(layer, Convolution)
    random = np.random.default_rng(seed)
    image = whole(random, shape)
    weight, bias = (whole(random, each) for each in layer.shapes.values())
    output = layer.forward({"weight": weight, "bias": bias}, image)
    height, width = shape[2:]
    assert output.shape == (shape[0], layer.outputs, layer.left(height), layer.left(width))
    for n, d, i, j in np.ndindex(output.shape):
        total = bias[d]
        for c, k, m in np.ndindex(weight.shape[1:]):
            row, column = layer.stride * i + k - layer.padding, layer.stride * j + m - layer.padding
            if 0 <= row < height and 0 <= column < width:
                total += weight[d, c, k, m] * image[n, c, row, column]
        assert output[n, d, i, j] == total


def test_the_rectifier_has_slope_0_at_0_and_keeps_nan() -> None:
    values = np.array([-1.0, -0.0, 0.0, 2.0, np.nan])
    assert np.array_equal(Rectifier().forward({}, values), [0, 0, 0, 2, np.nan], equal_nan=True)
    assert np.array_equal(Rectifier().vjp({}, values, np.full(5, 3.0))[0], [0, 0, 0, 3, 3])


@pytest.mark.parametrize(
    ("parameters", "theta"),
    [
        ([5, 7], [[1, 0, 5], [0, 1, 7]]),
        ([2, 5, 7], [[2, 0, 5], [0, 2, 7]]),
        ([2, 3, 5, 7], [[2, -3, 5], [3, 2, 7]]),
        ([1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]),
        ([np.inf, 7], [[1, 0, np.inf], [0, 1, 7]]),
    ],
)
def test_parameters_have_their_places_in_theta(parameters: list[float], theta: list[list[float]]) -> None:
    assert np.array_equal(Embedding(len(parameters)).forward({}, [parameters]), [theta])


def _torch_layer(torch: Any, layer: Layer) -> Callable[[Any], Any]:
    match layer:
        case Convolution():
            return torch.nn.Conv2d(
                layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding, dtype=torch.float64
            )
        case AveragePooling():
            return torch.nn.AvgPool2d(layer.side)
        case Linear():
            return torch.nn.Linear(layer.inputs, layer.outputs, dtype=torch.float64)
        case Rectifier():
            return torch.nn.ReLU()
        case Flattening():
            return torch.nn.Flatten()
        case _:
            return torch.nn.Identity()


@settings(max_examples=60)
@given(LAYERS, SEEDS)
def test_torch_has_the_same_layers(drawn: Drawn, seed: int) -> None:
    torch = pytest.importorskip("torch", reason="compares with torch's layers")
    layer, shape = drawn
    # Torch has no layer for them, nor pools an empty batch.
    assume(not isinstance(layer, Embedding | Regression) and shape[0] > 0)
    random = np.random.default_rng(seed)
    values = torch.tensor(whole(random, shape), requires_grad=True)
    parameters = {name: whole(random, each) for name, each in layer.shapes.items()}
    theirs = _torch_layer(torch, layer)
    theirs.load_state_dict({name: torch.from_numpy(value) for name, value in parameters.items()})
    output = theirs(values)
    cotangent = whole(random, tuple(output.shape))
    output.backward(torch.tensor(cotangent))
    numbers = values.detach().numpy()
    assert np.array_equal(output.detach().numpy(), layer.forward(parameters, numbers))
    grad_values, gradients = layer.vjp(parameters, numbers, cotangent)
    assert np.array_equal(values.grad.numpy(), grad_values)
    for name, parameter in theirs.named_parameters():
        assert np.array_equal(parameter.grad.numpy(), gradients[name])
