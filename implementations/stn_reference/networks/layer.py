"""What a layer is."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_real, check_shape
from stn_reference.errors import ReferenceArgumentError

Parameters = Mapping[str, npt.ArrayLike]
"""By the names of `Layer.shapes`, which are those of the same network's state_dict in torch."""


class Layer(Protocol):
    """A function of values and parameters, both float64, the first axis of values being N. It keeps no state."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each parameter by its name."""
        ...

    def initial(self, random: np.random.Generator) -> dict[str, Array]:
        """Parameters to start from."""
        ...

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """The layer's output.

        Raises:
            ReferenceArgumentError: values that do not fit, a parameter that is missing or of another shape.
        """
        ...

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """The gradient of sum(cotangent * forward(parameters, values)) by the values, and by each parameter.

        Raises:
            ReferenceArgumentError: as forward, or a cotangent that is not of the output's shape.
        """
        ...


class Fixed:
    """A layer without parameters."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """None."""
        return {}

    def initial(self, random: np.random.Generator) -> dict[str, Array]:
        """None."""
        return {}


def parameter(parameters: Parameters, name: str, shape: tuple[int, ...]) -> Array:
    """The parameter of that name as float64.

    Raises:
        ReferenceArgumentError: it is missing, or of another shape.
    """
    if name not in parameters:
        known = ", ".join(map(repr, parameters)) or "none"
        raise ReferenceArgumentError(f"parameter {name!r} is missing; given: {known}")
    array = as_real(name, parameters[name])
    check_shape(name, array, shape)
    return array


def uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> Array:
    """Weights or biases within 1 / sqrt(fan_in), as torch's layers start."""
    return np.asarray(random.uniform(-1.0, 1.0, shape) / np.sqrt(fan_in))
