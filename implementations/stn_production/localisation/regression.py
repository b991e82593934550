"""The last layer of a localisation network."""

import torch
from torch import Tensor, nn

from stn_production.localisation.embedding import embedded, family


class Regression(nn.Linear):
    """Features [N, F] -> theta [N, 2, 3], through the parameters of a family; starts at the identity.

    Its weights start at zero and its bias at the identity's parameters, so that the first output is the image itself. It learns
    all the same: the gradient of a weight is grad_parameter times feature, whatever the weight. The layers before it receive
    W^T grad_parameter, which is zero in the first step and no longer once a step has moved the weights.
    """

    def __init__(self, features: int, parameters: int) -> None:
        """Raises: UnknownChoiceError: no family has so many parameters."""
        family(parameters)
        super().__init__(features, parameters)

    def reset_parameters(self) -> None:
        """The identity."""
        with torch.no_grad():
            self.weight.zero_()
            self.bias.copy_(torch.tensor(family(self.out_features).identity))

    def forward(self, features: Tensor) -> Tensor:
        """[N,F] -> [N,2,3], in the weights' dtype under autocast too: eight bits of theta are half a pixel of 128."""
        device = features.device.type
        if not torch.amp.is_autocast_available(device) or not torch.is_autocast_enabled(device):
            return embedded(super().forward(features))
        with torch.autocast(device, enabled=False):
            return embedded(super().forward(features.to(self.weight.dtype)))

    def extra_repr(self) -> str:
        """The choices."""
        return f"features={self.in_features}, {family(self.out_features).name}"
