"""Pooling by averages: linear, so that it has no kink where pixels tie, as the maximum has."""

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_length, as_real, check_shape
from stn_reference.networks.layer import Fixed, Parameters
from stn_reference.networks.windows import overlapped, windows


class AveragePooling(Fixed):
    """Means of squares side by side, [N, C, H, W] -> [N, C, H // side, W // side]; what is left over is dropped."""

    def __init__(self, side: int) -> None:
        """Of how many pixels. Raises: ReferenceArgumentError: below 1."""
        self.side = as_length("side", side, least=1)

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """Raises: ReferenceArgumentError: as Layer.forward; an image smaller than one square."""
        image = as_axes("values", values, "N C H W")
        return np.asarray(windows(image, self.side, self.side).sum(axis=(4, 5)) / self.side**2)

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """v / side^2 to each pixel of its square. Raises: ReferenceArgumentError: as Layer.vjp."""
        image, v = as_axes("values", values, "N C H W"), as_real("cotangent", cotangent)
        shape = windows(image, self.side, self.side).shape
        check_shape("cotangent", v, shape[:4])
        return overlapped(
            np.broadcast_to((v / self.side**2)[..., None, None], shape), image.shape, self.side
        ), {}
