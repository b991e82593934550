"""The complete module: a localisation network and the sampler that it steers."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_image, as_size, check_align_corners, check_choice
from stn_reference.extension import PADDINGS
from stn_reference.interpolation import SUBGRADIENTS
from stn_reference.networks.chain import scoped
from stn_reference.networks.layer import Layer, Parameters
from stn_reference.transform import transform, transform_vjp


class SpatialTransformer:
    """An image [N, C, H, W] read through the theta [N, 2, 3] that a localisation network predicts from it: [N, C, Ho, Wo]."""

    def __init__(
        self,
        localisation: Layer,
        size: Sequence[int] | None = None,
        *,
        align_corners: bool = False,
        padding: str = "zeros",
        subgradient: str = "right",
    ) -> None:
        """A layer whose parameters are those of `localisation`, named `localisation.parameter`.

        Args:
            localisation: image [N, C, H, W] -> theta [N, 2, 3].
            size: (Ho, Wo); None keeps the image's.
            align_corners: where -1 and 1 lie.
            padding: one of PADDINGS.
            subgradient: one of SUBGRADIENTS. With `zero` and sizes kept nothing is learnt from an identity start.

        Raises:
            ReferenceArgumentError: a negative size, an unknown choice.
        """
        check_align_corners(align_corners)
        check_choice("padding", padding, PADDINGS)
        check_choice("subgradient", subgradient, SUBGRADIENTS)
        self.localisation = localisation
        self.size = None if size is None else as_size("size", size, least=0)
        self.align_corners = align_corners
        self.padding = padding
        self.subgradient = subgradient

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The localisation network's."""
        return {f"localisation.{name}": shape for name, shape in self.localisation.shapes.items()}

    def initial(self, random: np.random.Generator) -> dict[str, Array]:
        """The localisation network's."""
        return {f"localisation.{name}": value for name, value in self.localisation.initial(random).items()}

    def theta(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """[N,C,H,W] -> [N,2,3]. Raises: ReferenceArgumentError: as Layer.forward."""
        return self.localisation.forward(scoped(parameters, "localisation"), values)

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """[N,C,H,W] -> [N,C,Ho,Wo]. Raises: ReferenceArgumentError: as Layer.forward."""
        image = as_image(values)
        theta = self.theta(parameters, image)
        return transform(
            image, theta, self._size(image), padding=self.padding, align_corners=self.align_corners
        )

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """The image's gradient has two parts: it is read, and theta is predicted from it.

        Raises:
            ReferenceArgumentError: as Layer.vjp.
        """
        image = as_image(values)
        grad_read, grad_theta = transform_vjp(
            image,
            self.theta(parameters, image),
            self._size(image),
            cotangent,
            padding=self.padding,
            align_corners=self.align_corners,
            subgradient=self.subgradient,
        )
        own = scoped(parameters, "localisation")
        grad_seen, gradients = self.localisation.vjp(own, image, grad_theta)
        return grad_read + grad_seen, {f"localisation.{name}": each for name, each in gradients.items()}

    def _size(self, image: Array) -> tuple[int, ...]:
        return (image.shape[2], image.shape[3]) if self.size is None else self.size
