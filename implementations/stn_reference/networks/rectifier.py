"""The rectifier."""

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_real, check_shape
from stn_reference.networks.layer import Fixed, Parameters


class Rectifier(Fixed):
    """y = max(x, 0), whose derivative at 0 is 0, as torch has it; any shape. NaN stays NaN."""

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """Of the values' shape. Raises: ReferenceArgumentError: values that are not real."""
        return np.maximum(as_real("values", values), 0.0)

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """v where x > 0. Raises: ReferenceArgumentError: as Layer.vjp."""
        x, v = as_real("values", values), as_real("cotangent", cotangent)
        check_shape("cotangent", v, x.shape)
        # Where x is NaN no side is known: torch too passes v on, as y <= 0 does not hold.
        return np.where(x <= 0.0, 0.0, v), {}
