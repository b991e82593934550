"""Localisation networks and complete transformers: closed-form backward passes, parameters as plain arrays by name."""

from stn_reference.networks.chain import Chain
from stn_reference.networks.convolution import Convolution
from stn_reference.networks.embedding import PARAMETERS, Embedding
from stn_reference.networks.flattening import Flattening
from stn_reference.networks.layer import Layer, Parameters
from stn_reference.networks.linear import Linear
from stn_reference.networks.localisation import convolutional_localisation, fully_connected_localisation
from stn_reference.networks.pooling import AveragePooling
from stn_reference.networks.rectifier import Rectifier
from stn_reference.networks.regression import Regression
from stn_reference.networks.transformer import SpatialTransformer

__all__ = [
    "PARAMETERS",
    "AveragePooling",
    "Chain",
    "Convolution",
    "Embedding",
    "Flattening",
    "Layer",
    "Linear",
    "Parameters",
    "Rectifier",
    "Regression",
    "SpatialTransformer",
    "convolutional_localisation",
    "fully_connected_localisation",
]
