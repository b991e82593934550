"""What rounding may do to whole networks: torch's stay within it, wrong gradients do not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from stn_reference.networks import (
    Chain,
    Convolution,
    Rectifier,
    SpatialTransformer,
    convolutional_localisation,
    fully_connected_localisation,
)
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.networks import loss_gradients
from stn_verify.bounds.uncertain import Uncertain
from stn_verify.formats import FORMATS

torch = pytest.importorskip("torch", reason="judges torch's modules")

import stn_production  # noqa: E402  after the skip, for it imports torch

Array = npt.NDArray[np.float64]
PADDINGS = ("zeros", "border", "reflection")


class Drawn:
    """Two transformers with a convolution between them, in the reference and in torch, off the identity."""

    def __init__(
        self, channels: int, sizes: tuple[int, ...], paddings: tuple[str, str], aligned: bool, dtype: str, seed: int
    ) -> None:  # fmt: skip
        self.dtype = getattr(torch, dtype)
        self.arithmetic = Arithmetic(FORMATS[dtype], FORMATS[dtype])
        first, second = ({"padding": padding, "align_corners": aligned} for padding in paddings)
        size, between, output = sizes[:2], (sizes[0] - 2, sizes[1] - 2), sizes[2:]
        shapes = {"widths": (2,), "hidden": (3,), "kernel": 3}
        self.reference = Chain(
            {
                "0": SpatialTransformer(convolutional_localisation(channels, size, **shapes), **first),
                "1": Convolution(channels, 3, 3),
                "2": Rectifier(),
                "3": SpatialTransformer(fully_connected_localisation(3, between, (4,), 4), output, **second),
            }
        )
        random = np.random.default_rng(seed)
        moved = {
            name: value + 0.1 * random.normal(size=value.shape)
            for name, value in self.reference.initial(random).items()
        }
        self.parameters = {name: self.stored(value) for name, value in moved.items()}
        self.image = self.stored(random.normal(size=(2, channels, *size)))
        self.cotangent = self.stored(random.normal(size=(2, 3, *output)))
        self.torch = torch.nn.Sequential(
            stn_production.SpatialTransformer(
                stn_production.ConvolutionalLocalisation(channels, size, **shapes), **first
            ),
            torch.nn.Conv2d(channels, 3, 3),
            torch.nn.ReLU(),
            stn_production.SpatialTransformer(
                stn_production.FullyConnectedLocalisation(3, between, (4,), 4), output, **second
            ),
        ).to(self.dtype)
        self.torch.load_state_dict({name: torch.from_numpy(each) for name, each in self.parameters.items()})

    def stored(self, values: Array) -> Array:
        """Numbers that the dtype holds."""
        return torch.from_numpy(values).to(self.dtype).double().numpy()

    def bounds(self) -> dict[str, Uncertain]:
        """What output and gradients may be."""
        output, by_image, gradients = loss_gradients(
            self.reference, self.parameters, self.image, self.cotangent, self.arithmetic
        )
        return {"output": output, "image": by_image, **gradients}

    def results(
        self, run: Callable[[Any, Any], Any] = lambda network, image: network(image)
    ) -> dict[str, Array]:
        """What torch makes of them."""
        image = torch.from_numpy(self.image).to(self.dtype).requires_grad_()
        self.torch.zero_grad()
        output = run(self.torch, image)
        output.backward(torch.from_numpy(self.cotangent).to(self.dtype))
        gradients = {name: each.grad for name, each in self.torch.named_parameters()}
        native = {"output": output.detach(), "image": image.grad, **gradients}
        return {name: value.double().numpy() for name, value in native.items()}


NETWORKS = st.builds(
    Drawn,
    channels=st.sampled_from((1, 3, 64)),
    sizes=st.tuples(*[st.integers(4, 9)] * 2, *[st.integers(1, 6)] * 2),
    paddings=st.tuples(*[st.sampled_from(PADDINGS)] * 2),
    aligned=st.booleans(),
    dtype=st.sampled_from(("float64", "float32")),
    seed=st.integers(0, 2**32 - 1),
)


def used(bounds: dict[str, Uncertain], results: dict[str, Array]) -> dict[str, float]:
    """The budget that each result uses."""
    return {
        name: float(bound.interval.budget_used(results[name]).max(initial=0.0))
        for name, bound in bounds.items()
    }


@settings(max_examples=60)
@given(NETWORKS)
def test_torch_stays_within_the_bounds(drawn: Drawn) -> None:
    budget = used(drawn.bounds(), drawn.results())
    largest = max(budget.values())
    target(largest)
    assert largest <= 1.0, budget


def _detached(network: Any, image: Any) -> Any:
    """The second theta does not know of the image that it is predicted from."""
    values = network[2](network[1](network[0](image)))
    second = network[3]
    theta = second.localisation(values.detach())
    return stn_production.spatial_transform(values, theta, second.size, padding=second.padding)


def _rounded(network: Any, image: Any) -> Any:
    """Between the layers, a number of fewer bits."""
    values = network[0](image)
    return network[3](network[2](network[1](values + (values.float() - values).detach())))


@pytest.mark.parametrize("fault", [_detached, _rounded])
@pytest.mark.parametrize("channels", [1, 3, 64])
def test_wrong_networks_do_not(fault: Callable[[Any, Any], Any], channels: int) -> None:
    drawn = Drawn(channels, (8, 9, 5, 6), ("border", "zeros"), False, "float64", 1)
    budget = used(drawn.bounds(), drawn.results(fault))
    assert max(budget.values()) > 1.0
