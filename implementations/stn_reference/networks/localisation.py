"""Localisation networks: image [N, C, H, W] -> theta [N, 2, 3]."""

from collections.abc import Sequence
from itertools import pairwise

from stn_reference.arguments import as_length, as_size
from stn_reference.errors import ReferenceArgumentError
from stn_reference.networks.chain import Chain
from stn_reference.networks.convolution import Convolution
from stn_reference.networks.flattening import Flattening
from stn_reference.networks.layer import Layer
from stn_reference.networks.linear import Linear
from stn_reference.networks.pooling import AveragePooling
from stn_reference.networks.rectifier import Rectifier
from stn_reference.networks.regression import Regression


def fully_connected_localisation(
    channels: int, size: Sequence[int], hidden: Sequence[int] = (32,), parameters: int = 6
) -> Chain:
    """Pixels -> hidden layers with ReLU -> the parameters of a transformation, which starts at the identity.

    Args:
        channels: C.
        size: (H, W).
        hidden: the widths of the hidden layers.
        parameters: 2 (translation), 3 (attention), 4 (similarity) or 6 (affine).

    Raises:
        ReferenceArgumentError: a number below 1, no family with so many parameters.
    """
    depth, (height, width) = as_length("channels", channels, least=1), as_size("size", size, least=1)
    layers: dict[str, Layer] = {"features.0": Flattening(depth, height, width)}
    return Chain(layers | _regressed(depth * height * width, hidden, parameters))


def convolutional_localisation(
    channels: int,
    size: Sequence[int],
    widths: Sequence[int] = (8, 10),
    hidden: Sequence[int] = (32,),
    parameters: int = 6,
    *,
    kernel: int = 5,
    stride: int = 1,
    padding: int = 0,
    pool: int = 2,
) -> Chain:
    """Convolutions with ReLU and average pooling -> hidden layers with ReLU -> the parameters of a transformation.

    Args:
        channels: C.
        size: (H, W).
        widths: the channels after each convolution.
        hidden: the widths of the hidden layers.
        parameters: 2 (translation), 3 (attention), 4 (similarity) or 6 (affine).
        kernel: the side of each convolution, in pixels.
        stride: its step.
        padding: zeros at each side of its input.
        pool: the side of the square that is averaged after each; 1 averages nothing.

    Raises:
        ReferenceArgumentError: a number below 1 (padding: 0), a size of which nothing is left, no such family.
    """
    depths = as_length("channels", channels, least=1), *widths
    rows, columns = as_size("size", size, least=1)
    side = as_length("pool", pool, least=1)
    layers: list[Layer] = []
    for before, after in pairwise(depths):
        layer = Convolution(before, after, kernel, stride=stride, padding=padding)
        rows, columns = (layer.left(length) // side for length in (rows, columns))
        if min(rows, columns) < 1:
            raise ReferenceArgumentError(
                f"size={tuple(size)}; known: sizes of which {len(widths)} convolutions leave a pixel"
            )
        layers += layer, Rectifier()
        if side > 1:
            layers.append(AveragePooling(side))
    layers.append(Flattening(depths[-1], rows, columns))
    named = {f"features.{number}": layer for number, layer in enumerate(layers)}
    return Chain(named | _regressed(depths[-1] * rows * columns, hidden, parameters))


def _regressed(features: int, hidden: Sequence[int], parameters: int) -> dict[str, Layer]:
    widths = features, *hidden
    layers = [layer for before, after in pairwise(widths) for layer in (Linear(before, after), Rectifier())]
    named: dict[str, Layer] = {f"hidden.{number}": layer for number, layer in enumerate(layers)}
    return named | {"regression": Regression(widths[-1], parameters)}
