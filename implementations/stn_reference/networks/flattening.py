"""Axes joined into one."""

import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_real, check_shape
from stn_reference.networks.layer import Fixed, Parameters


class Flattening(Fixed):
    """[N, C, H, W] -> [N, C H W], in this order of the axes."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        """The lengths that it is made for."""
        self.axes = channels, height, width

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """Raises: ReferenceArgumentError: values of another shape."""
        image = self._checked(values)
        channels, height, width = self.axes
        return image.reshape(len(image), channels * height * width)

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """v in the image's shape. Raises: ReferenceArgumentError: as Layer.vjp."""
        image, v = self._checked(values), as_real("cotangent", cotangent)
        channels, height, width = self.axes
        check_shape("cotangent", v, (len(image), channels * height * width))
        return v.reshape(image.shape), {}

    def _checked(self, values: npt.ArrayLike) -> Array:
        return as_axes("values", values, " ".join(map(str, ("N", *self.axes))))
