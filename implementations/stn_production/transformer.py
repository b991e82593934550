"""The complete module: a localisation network and the sampler that it steers."""

from collections.abc import Sequence

from torch import Tensor, nn

from stn_production import api, arguments
from stn_production.modules import Sampler


class SpatialTransformer(Sampler):
    """An image read through a transformation that a localisation network predicts from that very image.

    It stands at the input or between layers, as often as wanted, and keeps the channels. It stores nothing between calls, so
    that no graph outlives the caller's.
    """

    def __init__(
        self,
        localisation: nn.Module,
        size: Sequence[int] | None = None,
        *,
        align_corners: bool = False,
        padding: str = "zeros",
    ) -> None:
        """A transformer with parameters of its own: those of `localisation`.

        Args:
            localisation: any module [N, C, H, W] -> [N, 2, 3]; `FullyConnectedLocalisation` and
                `ConvolutionalLocalisation` start at the identity.
            size: the output's (Ho, Wo); None keeps the image's.
            align_corners: as in `spatial_transform`.
            padding: likewise.

        Raises:
            ShapeError: a size that is none.
            UnknownChoiceError: no such padding, or an align_corners that is no bool.
        """
        super().__init__(align_corners=align_corners, padding=padding)
        self.size = None if size is None else arguments.checked_size(size)
        self.localisation = localisation

    def forward(self, image: Tensor, *, return_theta: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """[N,C,H,W] -> [N,C,Ho,Wo]; with `return_theta` also the theta [N,2,3] that it was read through.

        Raises:
            ShapeError, DtypeError, DeviceError: the image does not fit the localisation network, or its theta the image.
        """
        theta = self.localisation(image)
        size = image.shape[2:] if self.size is None else self.size
        output = api.spatial_transform(
            image, theta, tuple(size), align_corners=self.align_corners, padding=self.padding
        )
        return (output, theta) if return_theta else output

    def extra_repr(self) -> str:
        """The choices."""
        return f"size={self.size}, {super().extra_repr()}"
