"""What rounding may do to a network with transformers in it: values and the gradients of every parameter.

Each layer's inputs are uncertain by what was rounded before them. A layer that is linear in x carries a radius r to |L| r and
adds n u sum|term| of its own, n being the terms of its longest sum with the roundings of product and bias (Jeannerod and Rump
2013); a gradient by weights is bilinear: |(v + rv)(x + rx) - v x| <= rv (|x| + rx) + |v| rx. No order is left out. Where ReLU may
lie on either side of 0, anything between both of its slopes is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from stn_reference.networks import (
    AveragePooling,
    Chain,
    Convolution,
    Embedding,
    Flattening,
    Layer,
    Linear,
    Rectifier,
    Regression,
    SpatialTransformer,
)
from stn_reference.networks.chain import scoped
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.transformers import Reading
from stn_verify.bounds.uncertain import Uncertain, known
from stn_verify.formats import Array

Arrays = Mapping[str, Array]
Gradients = dict[str, Uncertain]


@dataclass(frozen=True)
class Network:
    """Bounds of a network of the reference's layers, in one arithmetic."""

    arithmetic: Arithmetic
    decisions: list[Array] | None = None
    """Where to note, in the order of evaluation, which piece of the network `forward` was on: the sign of what ReLU receives, and
    the cells that points read; NaN where rounding leaves it open."""
    hulls: bool = True
    """Whether radii reach all of what is right where a piece is open; without, they are those of rounding alone."""

    def forward(self, layer: Layer, parameters: Arrays, values: Uncertain) -> Uncertain:
        """The layer's output.

        Raises:
            TypeError: a layer of which nothing is known.
        """
        match layer:
            case Chain():
                return self._states(layer, parameters, values)[-1]
            case Regression():
                regressed = self.forward(layer.linear, parameters, values)
                return self.forward(layer.embedding, {}, regressed)
            case Rectifier():
                self._note(np.where(np.abs(values.value) > values.radius, np.sign(values.value), np.nan))
                return Uncertain(
                    np.maximum(values.value, 0.0), np.where(values.largest > 0, values.radius, 0.0)
                )
            case SpatialTransformer():
                reading = self._reading(layer, parameters, values)
                for axis in reading.scene.axes:
                    first, last = axis.window(self.arithmetic)
                    self._note(np.where(first == last, first, np.nan))
                return reading.output()
            case Embedding():
                value = layer.forward({}, values.value)
                return Uncertain(value, (values.radius @ _entries(layer).T).reshape(value.shape))
            case Linear() | Convolution() | AveragePooling() | Flattening():
                return self._linear(layer, parameters, values)
            case _:
                raise TypeError(f"no bound for a {type(layer).__name__}")

    def backward(
        self, layer: Layer, parameters: Arrays, values: Uncertain, cotangent: Uncertain
    ) -> tuple[Uncertain, Gradients]:
        """The gradients of sum(cotangent * output) by the values, and by each parameter.

        Raises:
            TypeError: a layer of which nothing is known.
        """
        match layer:
            case Chain():
                return self._chained(layer, parameters, values, cotangent)
            case Regression():
                regressed = self.forward(layer.linear, parameters, values)
                received, _ = self.backward(layer.embedding, {}, regressed, cotangent)
                return self.backward(layer.linear, parameters, values, received)
            case Rectifier():
                return _rectified(values, cotangent, hulls=self.hulls), {}
            case SpatialTransformer():
                return self._transformed(layer, parameters, values, cotangent)
            case Embedding():
                value, _ = layer.vjp({}, values.value, cotangent.value)
                radius, terms = (
                    each.reshape(-1, 6) @ _entries(layer) for each in (cotangent.radius, cotangent.largest)
                )
                # The scale of an attention or a similarity stands in two entries of theta.
                return self._rounded(Uncertain(value, radius), terms, 1), {}
            case Linear() | Convolution() | AveragePooling() | Flattening():
                return self._transposed(layer, parameters, values, cotangent)
            case _:
                raise TypeError(f"no bound for a {type(layer).__name__}")

    def _note(self, decision: Array) -> None:
        if self.decisions is not None:
            self.decisions.append(decision)

    def _states(self, chain: Chain, parameters: Arrays, values: Uncertain) -> list[Uncertain]:
        states = [values]
        for name, layer in chain.layers.items():
            states.append(self.forward(layer, _scoped(parameters, name), states[-1]))
        return states

    def _chained(
        self, chain: Chain, parameters: Arrays, values: Uncertain, cotangent: Uncertain
    ) -> tuple[Uncertain, Gradients]:
        states, received, gradients = self._states(chain, parameters, values), cotangent, Gradients()
        for (name, layer), state in zip(reversed(chain.layers.items()), states[-2::-1], strict=True):
            received, own = self.backward(layer, _scoped(parameters, name), state, received)
            gradients.update({f"{name}.{each}": gradient for each, gradient in own.items()})
        return received, gradients

    def _linear(self, layer: Layer, parameters: Arrays, values: Uncertain) -> Uncertain:
        sizes = {name: np.abs(value) for name, value in parameters.items()}
        weights = {name: np.zeros_like(size) if name == "bias" else size for name, size in sizes.items()}
        value = layer.forward(parameters, values.value)
        moved = layer.forward(weights, values.radius)
        terms = layer.forward(sizes, values.largest)
        return self._rounded(Uncertain(value, moved), terms, _terms(layer))

    def _transposed(
        self, layer: Layer, parameters: Arrays, values: Uncertain, cotangent: Uncertain
    ) -> tuple[Uncertain, Gradients]:
        sizes = {name: np.abs(value) for name, value in parameters.items()}
        by_values, gradients = layer.vjp(parameters, values.value, cotangent.value)
        moved, by_cotangent = layer.vjp(sizes, values.largest, cotangent.radius)
        _, by_radius = layer.vjp(sizes, values.radius, np.abs(cotangent.value))
        terms, of_parameters = layer.vjp(sizes, values.largest, cotangent.largest)
        received = self._rounded(Uncertain(by_values, moved), terms, _transposed_terms(layer))
        # Every image and every place of the output adds one term.
        count = prod(cotangent.value.shape) // cotangent.value.shape[1] if cotangent.value.size else 0
        own = {}
        for name, gradient in gradients.items():
            # A bias' gradient does not know of the values.
            radius = by_cotangent[name] + (0.0 if name == "bias" else by_radius[name])
            own[name] = self._rounded(Uncertain(gradient, radius), of_parameters[name], count + 1)
        return received, own

    def _reading(self, layer: SpatialTransformer, parameters: Arrays, values: Uncertain) -> Reading:
        theta = self.forward(layer.localisation, _scoped(parameters, "localisation"), values)
        height, width = layer.size or values.value.shape[2:]
        zero = layer.subgradient == "zero"
        size, arithmetic = (height, width), self.arithmetic
        return Reading.of(values, theta, size, layer.padding, layer.align_corners, arithmetic, zero=zero)

    def _transformed(
        self, layer: SpatialTransformer, parameters: Arrays, values: Uncertain, cotangent: Uncertain
    ) -> tuple[Uncertain, Gradients]:
        reading = self._reading(layer, parameters, values)
        read, own = reading.image_gradient(cotangent), _scoped(parameters, "localisation")
        theta = reading.theta_gradient(cotangent, hulls=self.hulls)
        seen, gradients = self.backward(layer.localisation, own, values, theta)
        total = Uncertain(read.value + seen.value, read.radius + seen.radius)
        named = {f"localisation.{name}": gradient for name, gradient in gradients.items()}
        return self._rounded(total, total.largest, 1), named

    def _rounded(self, result: Uncertain, terms: Array, count: int) -> Uncertain:
        rounding = count * self.arithmetic.u * terms
        stored = self.arithmetic.s * (result.largest + rounding)
        return result.widened(rounding + stored + self.arithmetic.tiny)


def loss_gradients(
    network: Layer, parameters: Arrays, image: Array, cotangent: Array, arithmetic: Arithmetic
) -> tuple[Uncertain, Uncertain, Gradients]:
    """The output of a network, and the gradients of sum(cotangent * output) by the image and by each parameter."""
    bounds = Network(arithmetic)
    output = bounds.forward(network, parameters, known(image))
    by_image, gradients = bounds.backward(network, parameters, known(image), known(cotangent))
    return output, by_image, gradients


def loss_intervals(
    network: Layer, parameters: Arrays, image: Array, cotangent: Array, arithmetic: Arithmetic
) -> tuple[Interval, Interval, dict[str, Interval]]:
    """The same as intervals: what is right where rounding leaves a piece open is their hull, and no part of the bound.

    The radius decides what is right either way. But the gradient of one piece is an end of the hull: were the hull part of the
    bound, it would use all of that, and the budget would say nothing of rounding.
    """
    decisions: list[Array] = []
    given = (parameters, known(image))
    output = Network(arithmetic, decisions).forward(network, *given)
    found = Network(arithmetic).backward(network, *given, known(cotangent))
    rounded = found
    if any(np.isnan(decision).any() for decision in decisions):
        rounded = Network(arithmetic, hulls=False).backward(network, *given, known(cotangent))
    gradients = {name: _apart(gradient, rounded[1][name]) for name, gradient in found[1].items()}
    return output.interval, _apart(found[0], rounded[0]), gradients


def _apart(whole: Uncertain, rounded: Uncertain) -> Interval:
    """Whatever the two parts of a radius are, their sum decides what is right."""
    half = np.maximum(whole.radius - rounded.radius, 0.0)
    return Interval(whole.value - half, whole.value + half, whole.radius - half)


def _scoped(parameters: Arrays, name: str) -> dict[str, Array]:
    return {key: np.asarray(value) for key, value in scoped(parameters, name).items()}


def _rectified(values: Uncertain, cotangent: Uncertain, *, hulls: bool) -> Uncertain:
    on, off = values.value > values.radius, values.value <= -values.radius
    half = cotangent.value / 2
    value = np.where(on, cotangent.value, np.where(off, 0.0, half))
    either = (np.abs(half) if hulls else 0.0) + cotangent.radius
    return Uncertain(value, np.where(on, cotangent.radius, np.where(off, 0.0, either)))


def _entries(layer: Embedding) -> Array:
    """|d theta / d parameter|, [6, P]."""
    units = np.eye(6).reshape(6, 2, 3)
    return np.abs(layer.vjp({}, np.zeros((6, layer.count)), units)[0])


def _terms(layer: Layer) -> int:
    """Roundings of one output: of its products and of their sum, with the bias."""
    match layer:
        case Linear():
            return layer.inputs + 1
        case Convolution():
            return layer.inputs * layer.kernel**2 + 1
        case AveragePooling():
            return layer.side**2 + 1
        case _:
            # Pixels are placed.
            return 0


def _transposed_terms(layer: Layer) -> int:
    """Roundings of one entry of the gradient by the values."""
    match layer:
        case Linear():
            return layer.outputs
        case Convolution():
            return layer.outputs * layer.kernel**2
        case AveragePooling():
            return 1
        case _:
            return 0
