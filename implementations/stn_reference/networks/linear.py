"""The affine map of a fully connected layer."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_length, as_real, check_shape
from stn_reference.networks.layer import Parameters, parameter, uniform


class Linear:
    """y = x W^T + b; x [N, F], W [G, F], b [G], y [N, G]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """F and G. Raises: ReferenceArgumentError: a length below 1."""
        self.inputs = as_length("inputs", inputs, least=1)
        self.outputs = as_length("outputs", outputs, least=1)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """W and b."""
        return {"weight": (self.outputs, self.inputs), "bias": (self.outputs,)}

    def initial(self, random: np.random.Generator) -> dict[str, Array]:
        """Uniform."""
        return {name: uniform(random, shape, self.inputs) for name, shape in self.shapes.items()}

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """[N,F] -> [N,G]. Raises: ReferenceArgumentError: as Layer.forward."""
        weight, bias = (parameter(parameters, name, shape) for name, shape in self.shapes.items())
        return np.asarray(self._checked(values) @ weight.T + bias)

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """v W; v^T x; sum of v over N. Raises: ReferenceArgumentError: as Layer.vjp."""
        x, v = self._checked(values), as_real("cotangent", cotangent)
        check_shape("cotangent", v, (len(x), self.outputs))
        weight = parameter(parameters, "weight", self.shapes["weight"])
        return np.asarray(v @ weight), {"weight": np.asarray(v.T @ x), "bias": v.sum(axis=0)}

    def _checked(self, values: npt.ArrayLike) -> Array:
        return as_axes("values", values, f"N {self.inputs}")
