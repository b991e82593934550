"""The last layer of a localisation network."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array
from stn_reference.networks.embedding import Embedding, identity
from stn_reference.networks.layer import Parameters
from stn_reference.networks.linear import Linear


class Regression:
    """Features [N, F] -> theta [N, 2, 3], through the P parameters of a family; starts at the identity."""

    def __init__(self, features: int, parameters: int) -> None:
        """F and P. Raises: ReferenceArgumentError: no features, no family with so many parameters."""
        self.embedding = Embedding(parameters)
        self.linear = Linear(features, parameters)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Weight [P, F] and bias [P]."""
        return self.linear.shapes

    def initial(self, random: np.random.Generator) -> dict[str, Array]:
        """Weights of zero and the identity as bias, whatever the generator."""
        return {"weight": np.zeros(self.shapes["weight"]), "bias": identity(self.embedding.count)}

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """[N,F] -> [N,2,3]. Raises: ReferenceArgumentError: as Layer.forward."""
        return self.embedding.forward({}, self.linear.forward(parameters, values))

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """The chain of both. Raises: ReferenceArgumentError: as Layer.vjp."""
        regressed = self.linear.forward(parameters, values)
        received, _ = self.embedding.vjp({}, regressed, cotangent)
        return self.linear.vjp(parameters, values, received)
