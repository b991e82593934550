"""A network in exact rational arithmetic, on the piece of it that holds a point.

ReLU and sampler are piecewise polynomials. Which side of ReLU a number lies on and which cell a point reads are taken where the
parameters are, and kept: so the loss is a polynomial everywhere, whose derivative the backward pass must give, at kinks too
(the cell is that of floor and floor + 1, and ReLU's derivative at 0 is 0).
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from dyadic import WINDOW, Scene, Transformer

from stn_reference import extend_index

Numbers = Any
"""An array of Fractions."""


def exact(values: Any) -> Numbers:
    """Floats as rational numbers."""
    array = np.asarray(values)
    return np.array([Fraction(float(value)) for value in array.ravel()], dtype=object).reshape(array.shape)


class Piece:
    """What was decided where the parameters are, in the order in which it is asked."""

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self._next: int | None = None

    def decided(self, decide: Callable[[], Any]) -> Any:
        """The answer of the first time."""
        if self._next is None:
            self._kept.append(decide())
            return self._kept[-1]
        self._next += 1
        return self._kept[self._next - 1]

    def again(self) -> None:
        """From now on as the first time."""
        self._next = 0


def loss(scene: Scene, parameters: Mapping[str, Numbers], image: Numbers, piece: Piece) -> Fraction:
    """sum(cotangent * output) of a scene's network."""
    values = _transformer(scene.first, "0", scene.size, parameters, image, piece)
    values = _rectified(_convolution(values, parameters, "1", 1), piece)
    values = _transformer(scene.second, "3", scene.output, parameters, values, piece)
    return Fraction((exact(scene.cotangent) * values).sum())


def _transformer(
    choices: Transformer,
    name: str,
    size: tuple[int, int],
    parameters: Mapping[str, Numbers],
    image: Numbers,
    piece: Piece,
) -> Numbers:
    values, start = image, f"{name}.localisation"
    if choices.kind == "convolutional":
        values = _rectified(_convolution(values, parameters, f"{start}.features.0", WINDOW["padding"]), piece)
        values = _means(values, WINDOW["pool"])
    values = values.reshape(len(values), -1)
    values = _rectified(_linear(values, parameters, f"{start}.hidden.0"), piece)
    thetas = [_theta(row) for row in _linear(values, parameters, f"{start}.regression")]
    planes = [_read(pixels, theta, size, choices, piece) for pixels, theta in zip(image, thetas, strict=True)]
    return np.array(planes, dtype=object).reshape(*image.shape[:2], *size)


def _linear(values: Numbers, parameters: Mapping[str, Numbers], name: str) -> Numbers:
    return values @ parameters[f"{name}.weight"].T + parameters[f"{name}.bias"]


def _rectified(values: Numbers, piece: Piece) -> Numbers:
    on = piece.decided(lambda: values > 0)
    return np.where(on, values, Fraction(0))


def _convolution(values: Numbers, parameters: Mapping[str, Numbers], name: str, padding: int) -> Numbers:
    weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
    padded = np.pad(values, [(0, 0), (0, 0), *[(padding, padding)] * 2], constant_values=Fraction(0))
    kernel = weight.shape[2]
    rows, columns = (length - kernel + 1 for length in padded.shape[2:])
    output = np.empty((len(values), len(weight), rows, columns), dtype=object)
    for n, d, i, j in np.ndindex(output.shape):
        output[n, d, i, j] = (weight[d] * padded[n, :, i : i + kernel, j : j + kernel]).sum() + bias[d]
    return output


def _means(values: Numbers, side: int) -> Numbers:
    count, channels, rows, columns = values.shape
    output = np.empty((count, channels, rows // side, columns // side), dtype=object)
    for n, c, i, j in np.ndindex(output.shape):
        square = values[n, c, side * i : side * (i + 1), side * j : side * (j + 1)]
        output[n, c, i, j] = square.sum() / side**2
    return output


def _theta(p: Numbers) -> list[list[Fraction]]:
    match len(p):
        case 2:
            return [[Fraction(1), Fraction(0), p[0]], [Fraction(0), Fraction(1), p[1]]]
        case 3:
            return [[p[0], Fraction(0), p[1]], [Fraction(0), p[0], p[2]]]
        case 4:
            return [[p[0], -p[1], p[2]], [p[1], p[0], p[3]]]
        case _:
            return [list(p[:3]), list(p[3:])]


def _target(number: int, length: int, align_corners: bool) -> Fraction:
    if align_corners:
        return Fraction(2 * number, length - 1) - 1 if length > 1 else Fraction(0)
    return Fraction(2 * number + 1, length) - 1


def _read(
    pixels: Numbers, theta: list[list[Fraction]], size: tuple[int, int], choices: Transformer, piece: Piece
) -> Numbers:
    aligned, (height, width) = choices.align_corners, pixels.shape[1:]
    output = np.empty((len(pixels), *size), dtype=object)
    for i, j in np.ndindex(size):
        target = _target(j, size[1], aligned), _target(i, size[0], aligned), Fraction(1)
        taken = []
        for row, length in zip(theta, (width, height), strict=True):
            place = sum((t * at for t, at in zip(row, target, strict=True)), Fraction(0))
            scale = Fraction(length - 1 if aligned else length, 2)
            taken.append(_neighbours(place * scale + Fraction(length - 1, 2), length, choices, piece))
        for c, plane in enumerate(pixels):
            output[c, i, j] = sum(
                (wx * wy * plane[y, x] for y, wy in taken[1] for x, wx in taken[0]), Fraction(0)
            )
    return output


def _neighbours(x: Fraction, length: int, choices: Transformer, piece: Piece) -> list[tuple[int, Fraction]]:
    """The two pixels of the cell, with their weights."""
    cell = piece.decided(lambda: floor(x))
    fraction = x - cell
    pairs = []
    for offset, weight in ((0, 1 - fraction), (1, fraction)):
        index, inside = extend_index(float(cell + offset), length, choices.padding, choices.align_corners)
        pairs.append((int(index), weight if inside else Fraction(0)))
    return pairs


def derivative(polynomial: Callable[[Fraction], Fraction], degree: int) -> Fraction:
    """At 0, of a polynomial of at most that degree: exact differences of steps 1, 2, ..."""
    steps = range(1, (degree + 1) // 2 + 1)
    total = Fraction(0)
    for k in steps:
        weight = Fraction(1)
        for other in steps:
            if other != k:
                weight *= Fraction(other * other, other * other - k * k)
        total += weight * (polynomial(Fraction(k)) - polynomial(Fraction(-k))) / (2 * k)
    return total
