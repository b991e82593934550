"""Families of transformations by their number of parameters, each embedded linearly in theta [N, 2, 3]."""

from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_real, check_choice, check_shape
from stn_reference.generators import FAMILIES
from stn_reference.networks.layer import Fixed, Parameters

PARAMETERS = MappingProxyType({2: "translation", 3: "attention", 4: "similarity", 6: "affine"})
"""The family that has so many parameters."""

# Where each entry of theta comes from, row by row: a parameter's number, or a constant behind the parameters.
_ZERO, _ONE = -2, -1
_SOURCES = MappingProxyType(
    {
        2: (_ONE, _ZERO, 0, _ZERO, _ONE, 1),
        3: (0, _ZERO, 1, _ZERO, 0, 2),
        4: (0, 1, 2, 1, 0, 3),
        6: (0, 1, 2, 3, 4, 5),
    }
)
_SIGNS = MappingProxyType(
    {count: np.where(np.arange(6) == 1, -1.0, 1.0) if count == 4 else np.ones(6) for count in _SOURCES}
)
"""Of a similarity [a -b tx; b a ty] the second entry is turned."""


class Embedding(Fixed):
    """Parameters [N, P] -> theta [N, 2, 3], by placing them: what is not finite stays where it is.

    Every family is thus read around the image's centre, and its identity returns the image bit for bit.
    """

    def __init__(self, parameters: int) -> None:
        """P. Raises: ReferenceArgumentError: no family has so many."""
        check_parameters(parameters)
        self.count = parameters

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """[N,P] -> [N,2,3]. Raises: ReferenceArgumentError: values of another shape."""
        given = as_axes("values", values, f"N {self.count}")
        constants = np.broadcast_to([0.0, 1.0], (len(given), 2))
        placed = np.concatenate([given, constants], axis=1)[:, _SOURCES[self.count]]
        return np.asarray(_SIGNS[self.count] * placed).reshape(-1, 2, 3)

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """The transpose. Raises: ReferenceArgumentError: as Layer.vjp."""
        given, v = as_axes("values", values, f"N {self.count}"), as_real("cotangent", cotangent)
        check_shape("cotangent", v, (len(given), 2, 3))
        gradient = np.zeros((len(given), self.count + 2))
        signed = _SIGNS[self.count] * v.reshape(-1, 6)
        for entry, source in enumerate(_SOURCES[self.count]):
            gradient[:, source] += signed[:, entry]
        return gradient[:, : self.count], {}


def identity(parameters: int) -> Array:
    """The parameters [P] of the identity.

    Raises:
        ReferenceArgumentError: no family has so many.
    """
    check_parameters(parameters)
    return FAMILIES[PARAMETERS[parameters]].identity(1, (1, 1)).ravel()


def check_parameters(parameters: int) -> None:
    """Raise unless a family has so many."""
    if parameters not in PARAMETERS:
        check_choice("parameters", parameters, tuple(PARAMETERS))
