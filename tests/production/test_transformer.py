"""The complete module as torch users meet it; its numbers are held to the reference in tests/networks."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

from torch import nn  # noqa: E402  after the skip

from stn_production import (  # noqa: E402  likewise
    ConvolutionalLocalisation,
    DtypeError,
    FullyConnectedLocalisation,
    ShapeError,
    SpatialTransformer,
    UnknownChoiceError,
)

SIZE = (17, 20)
Make = Callable[..., Any]
EACH_KIND = pytest.mark.parametrize("kind", [ConvolutionalLocalisation, FullyConnectedLocalisation])
EACH_DTYPE = pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])


def drawn(*shape: int) -> Any:
    """Numbers off every kink."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def moved(module: Any) -> Any:
    """The same module away from the identity, and its image."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    return module


@EACH_KIND
@EACH_DTYPE
@pytest.mark.parametrize("parameters", [2, 3, 4, 6])
@pytest.mark.parametrize("channels", [1, 3, 64])
@pytest.mark.parametrize("align_corners", [False, True])
def test_it_starts_as_the_image_itself(
    kind: Make, dtype: Any, parameters: int, channels: int, align_corners: bool
) -> None:
    image = drawn(2, channels, *SIZE).to(dtype)
    transformer = SpatialTransformer(
        kind(channels, SIZE, hidden=(4,), parameters=parameters), align_corners=align_corners
    ).to(dtype)
    assert torch.equal(transformer(image), image)


def test_several_in_one_network_learn() -> None:
    """At the input, between layers, and to another size; a step along the gradient lessens the loss."""
    torch.manual_seed(0)
    network = nn.Sequential(
        SpatialTransformer(ConvolutionalLocalisation(3, SIZE)),
        nn.Conv2d(3, 64, 3, stride=2),
        nn.ReLU(),
        SpatialTransformer(FullyConnectedLocalisation(64, (8, 9), parameters=4), (5, 6), padding="border"),
    )
    image, wanted = drawn(2, 3, *SIZE), drawn(2, 64, 5, 6)
    optimiser, losses = torch.optim.SGD(network.parameters(), lr=0.01), []
    for _ in range(5):
        loss = (network(image) - wanted).square().mean()
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses == sorted(losses, reverse=True)
    assert all(parameter.grad.any() for parameter in network.parameters())


@EACH_KIND
def test_theta_on_request(kind: Make) -> None:
    transformer = moved(SpatialTransformer(kind(3, SIZE)))
    image = drawn(2, 3, *SIZE)
    output, theta = transformer(image, return_theta=True)
    assert torch.equal(output, transformer(image))
    assert torch.equal(theta, transformer.localisation(image))
    assert theta.shape == (2, 2, 3)
    assert theta.requires_grad


def test_nothing_is_kept_between_calls() -> None:
    transformer = SpatialTransformer(FullyConnectedLocalisation(3, SIZE))
    before = set(vars(transformer)), set(vars(transformer.localisation))
    transformer(drawn(2, 3, *SIZE), return_theta=True)
    assert (set(vars(transformer)), set(vars(transformer.localisation))) == before
    tensors = [value for value in vars(transformer).values() if isinstance(value, torch.Tensor)]
    assert not tensors


@EACH_KIND
def test_copies_and_states(kind: Make) -> None:
    transformer = moved(SpatialTransformer(kind(3, SIZE)))
    image = drawn(2, 3, *SIZE)
    loaded = SpatialTransformer(kind(3, SIZE))
    loaded.load_state_dict(transformer.state_dict())
    for other in (copy.deepcopy(transformer), loaded, nn.DataParallel(transformer)):
        assert torch.equal(other(image), transformer(image))
    fresh = SpatialTransformer(kind(3, SIZE)).to("meta")
    assert fresh(image.to("meta")).shape == image.shape
    fresh.to_empty(device="cpu")
    for module in fresh.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    assert torch.equal(fresh(image), image)


@EACH_KIND
def test_channels_last_is_kept(kind: Make) -> None:
    transformer = moved(SpatialTransformer(kind(3, SIZE)).double())
    image = drawn(2, 3, *SIZE).double()
    laid = transformer(image.to(memory_format=torch.channels_last))
    assert laid.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(laid, transformer(image))


@EACH_KIND
def test_one_graph_when_compiled(kind: Make) -> None:
    torch.compiler.reset()
    transformer = moved(SpatialTransformer(kind(3, SIZE), padding="border").double())
    image = drawn(2, 3, *SIZE).double()
    compiled = torch.compile(transformer, fullgraph=True, backend="aot_eager")
    expected = torch.autograd.grad(transformer(image).square().sum(), list(transformer.parameters()))
    found = torch.autograd.grad(compiled(image).square().sum(), list(transformer.parameters()))
    torch.testing.assert_close(found, expected)


@EACH_KIND
def test_mapped_over_images_and_differentiated_twice(kind: Make) -> None:
    transformer = moved(SpatialTransformer(kind(1, SIZE, hidden=(2,)), (3, 4), padding="border").double())
    image = drawn(2, 1, *SIZE).double()
    parameters = dict(transformer.named_parameters())

    def loss(values: Any, one: Any) -> Any:
        return torch.func.functional_call(transformer, values, (one[None],)).square().sum()

    each = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, image)
    whole = torch.autograd.grad(transformer(image).square().sum(), list(parameters.values()))
    torch.testing.assert_close([each[name].sum(0) for name in parameters], list(whole))
    bias = transformer.localisation.regression.bias
    assert torch.autograd.gradgradcheck(
        lambda value: torch.func.functional_call(
            transformer, {"localisation.regression.bias": value}, (image,)
        ),
        (bias.detach().clone().requires_grad_(),),
    )


def test_theta_keeps_its_bits_under_autocast() -> None:
    """Convolutions and hidden layers run in 16 bits, the last layer in the weights' dtype."""
    transformer = moved(SpatialTransformer(ConvolutionalLocalisation(3, SIZE)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, theta = transformer(drawn(2, 3, *SIZE), return_theta=True)
    assert theta.dtype == output.dtype == torch.float32
    assert not torch.equal(theta, theta.bfloat16().float())


IMAGE = torch.ones(2, 3, *SIZE)

WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "too small": (
        lambda: ConvolutionalLocalisation(3, (9, 24)),
        ShapeError,
        r"size is \(9, 24\), of which convolution 1 leaves \(0, 3\): too small for 2 with kernel=5, stride=1",
    ),
    "no pixels": (lambda: FullyConnectedLocalisation(3, (0, 4)), ShapeError, "there is no pixel to look at"),
    "no channels": (
        lambda: FullyConnectedLocalisation(0, SIZE),
        ShapeError,
        "channels is 0; it must be a whole",
    ),
    "an empty layer": (
        lambda: FullyConnectedLocalisation(3, SIZE, (4, 0)),
        ShapeError,
        r"hidden\[1\] is 0; it must be a whole number of at least 1",
    ),
    "one width": (
        lambda: FullyConnectedLocalisation(3, SIZE, 4),
        ShapeError,
        "hidden is 4; it must be a tuple",
    ),
    "no pool": (lambda: ConvolutionalLocalisation(3, SIZE, pool=0), ShapeError, "pool is 0"),
    "negative padding": (lambda: ConvolutionalLocalisation(3, SIZE, padding=-1), ShapeError, "padding is -1"),
    "no such family": (
        lambda: FullyConnectedLocalisation(3, SIZE, parameters=5),
        UnknownChoiceError,
        r"parameters 5; known: 2 \(translation\), 3 \(attention\), 4 \(similarity\), 6 \(affine\)",
    ),
    "another image": (
        lambda: FullyConnectedLocalisation(3, (17, 21))(IMAGE),
        ShapeError,
        r"image has shape \[2, 3, 17, 20\]; this localisation network is for \[N, 3, 17, 21\]",
    ),
    "whole numbers": (lambda: FullyConnectedLocalisation(3, SIZE)(IMAGE.long()), DtypeError, "torch.int64"),
    "no theta": (lambda: SpatialTransformer(nn.Identity())(IMAGE), ShapeError, r"it must be \[N, 2, 3\]"),
    "no such padding": (
        lambda: SpatialTransformer(nn.Identity(), padding="wrap"),
        UnknownChoiceError,
        "unknown padding 'wrap'",
    ),
    "no such size": (lambda: SpatialTransformer(nn.Identity(), (3,)), ShapeError, r"it must be \(Ho, Wo\)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name: str) -> None:
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        call()
