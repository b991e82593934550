"""What localisation networks have in common: images of one size in, hidden layers and a regression layer at the end."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from stn_production import arguments
from stn_production.errors import ShapeError
from stn_production.localisation.regression import Regression


class Localisation(nn.Module):
    """Features [N, F] of an image [N, C, H, W], through hidden layers with ReLU, to theta [N, 2, 3]."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        features: nn.Sequential,
        count: int,
        hidden: Sequence[int],
        parameters: int,
    ) -> None:
        """A network for images [N, *shape], of which `features` makes `count` numbers each.

        Raises:
            ShapeError: a width below 1.
            UnknownChoiceError: no family has so many parameters.
        """
        super().__init__()
        self.shape = shape
        widths = count, *arguments.checked_counts("hidden", hidden)
        layers = ((nn.Linear(before, after), nn.ReLU()) for before, after in pairwise(widths))
        self.features = features
        self.hidden = nn.Sequential(*(layer for pair in layers for layer in pair))
        self.regression = Regression(widths[-1], parameters)

    def forward(self, image: Tensor) -> Tensor:
        """theta [N,2,3] of an image [N,C,H,W].

        Raises:
            ShapeError, DtypeError: an image of another shape than this network was made for, or no image.
        """
        arguments.check_image(image)
        if tuple(image.shape[1:]) != self.shape:
            made = ", ".join(map(str, self.shape))
            raise ShapeError(
                f"image has shape {list(image.shape)}; this localisation network is for [N, {made}]"
            )
        return self.regression(self.hidden(self.features(image)))
