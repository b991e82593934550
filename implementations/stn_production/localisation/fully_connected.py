"""A localisation network that sees all pixels at once."""

from collections.abc import Sequence

from torch import nn

from stn_production import arguments
from stn_production.localisation.network import Localisation


class FullyConnectedLocalisation(Localisation):
    """Pixels -> hidden layers with ReLU -> the parameters of a transformation, which starts at the identity."""

    def __init__(
        self, channels: int, size: Sequence[int], hidden: Sequence[int] = (32,), parameters: int = 6
    ) -> None:
        """A network for images [N, channels, *size].

        Args:
            channels: C, at least 1.
            size: (H, W), at least (1, 1).
            hidden: the widths of the hidden layers; () regresses from the pixels.
            parameters: 2 (translation), 3 (attention: scale, translation), 4 (similarity), or 6 (affine).

        Raises:
            ShapeError: a number of channels, a size or a width below 1.
            UnknownChoiceError: no family has so many parameters.
        """
        depth = arguments.checked_count("channels", channels)
        height, width = arguments.checked_image_size(size)
        super().__init__(
            (depth, height, width), nn.Sequential(nn.Flatten()), depth * height * width, hidden, parameters
        )
