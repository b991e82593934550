"""Layers one after another."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_real
from stn_reference.networks.layer import Layer, Parameters


class Chain:
    """Layers by name, each fed with the output of the one before it; a layer's parameters are named `layer.parameter`."""

    def __init__(self, layers: Mapping[str, Layer]) -> None:
        """A chain of these layers, in their order; without any it is the identity."""
        self.layers = dict(layers)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each parameter by its name."""
        return {
            f"{name}.{own}": shape
            for name, layer in self.layers.items()
            for own, shape in layer.shapes.items()
        }

    def initial(self, random: np.random.Generator) -> dict[str, Array]:
        """Each layer's own."""
        return {
            f"{name}.{own}": value
            for name, layer in self.layers.items()
            for own, value in layer.initial(random).items()
        }

    def states(self, parameters: Parameters, values: npt.ArrayLike) -> list[Array]:
        """The values, and the output of each layer.

        Raises:
            ReferenceArgumentError: as each layer's forward.
        """
        states = [as_real("values", values)]
        for name, layer in self.layers.items():
            states.append(layer.forward(scoped(parameters, name), states[-1]))
        return states

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """The last layer's output.

        Raises:
            ReferenceArgumentError: as each layer's forward.
        """
        return self.states(parameters, values)[-1]

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """The chain rule, from the last layer to the first.

        Raises:
            ReferenceArgumentError: as each layer's vjp.
        """
        states = self.states(parameters, values)
        received = as_real("cotangent", cotangent)
        gradients: dict[str, Array] = {}
        for (name, layer), state in zip(reversed(self.layers.items()), states[-2::-1], strict=True):
            received, own = layer.vjp(scoped(parameters, name), state, received)
            gradients.update({f"{name}.{each}": gradient for each, gradient in own.items()})
        return received, {name: gradients[name] for name in self.shapes}


def scoped(parameters: Parameters, name: str) -> Parameters:
    """The parameters of one layer, by its own names."""
    start = f"{name}."
    return {key.removeprefix(start): value for key, value in parameters.items() if key.startswith(start)}
