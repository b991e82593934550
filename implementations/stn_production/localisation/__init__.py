"""Localisation networks: image [N, C, H, W] -> theta [N, 2, 3], where the parameters of a spatial transformer are."""

from stn_production.localisation.convolutional import ConvolutionalLocalisation
from stn_production.localisation.fully_connected import FullyConnectedLocalisation

__all__ = ["ConvolutionalLocalisation", "FullyConnectedLocalisation"]
