"""The whole Jacobian with respect to the image, from four forwards, of a volume from eight.

The sampler is linear in the image. With ones on every second pixel of every second row each output sees at most one lit pixel,
so the response is its weight: 2^D phase-shifted lattices give the complete sparse matrix A, for all outputs at once. A must
explain the real forward (A u == V), and A^T v must equal grad_input, entry by entry.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.extension import Indices
from stn_verify.bounds.input_gradient import input_gradient
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.vicinity import vicinity
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.target import Target
from stn_verify.formats import Array


def phases(axes: int) -> Iterator[tuple[int, ...]]:
    """Parities along every axis of an image, in their order."""
    return product((0, 1), repeat=axes)


def lattice(size: tuple[int, ...], phase: tuple[int, ...]) -> Array:
    """[H, W] or [D, H, W]: ones on the pixels of those parities."""
    pixels = np.zeros(size)
    pixels[tuple(slice(parity, None, 2) for parity in phase)] = 1.0
    return pixels


class Lattice:
    """The sparse matrix of a target at one case: per phase, each output's weight and the pixel that it belongs to."""

    def __init__(self, target: Target, case: SampleCase | TransformCase):
        self.case = case
        self._weights: list[Array] = []
        self._addresses: list[Indices] = []
        seen = case.scene.phases()
        for phase in phases(len(case.scene.axes)):
            lit = np.broadcast_to(lattice(case.image.shape[2:], phase), case.image.shape)
            self._weights.append(case.scene.rows(target.call(case.call(image=lit)).output))
            self._addresses.append(seen[phase])

    def compare_output(self, values: Array) -> Comparison:
        """A u against the output at the case's own image u."""
        return Comparison("output", values, self.expected_output)

    def compare_gradient(self, gradient: Array) -> Comparison:
        """A^T v against grad_input."""
        return Comparison("grad_input", gradient, self.expected_gradient)

    def expected_output(self, arithmetic: Arithmetic) -> Interval:
        """A u, with the bound of the output and that of the weights."""
        scene = self.case.scene
        total = np.zeros_like(self._weights[0])
        for weights, address in zip(self._weights, self._addresses, strict=True):
            total += weights * scene.pixel_values(address)
        around = vicinity(scene, arithmetic)
        return point(scene.planes(total), scene.planes(around.value_margin() + around.weights_margin()))

    def expected_gradient(self, arithmetic: Arithmetic) -> Interval:
        """A^T v, with the bound of grad_input twice: the forward's weights are no better known than the backward's."""
        scene = self.case.scene
        rows = scene.rows(self.case.cotangent)
        total = scene.no_pixels()
        stored = scene.no_pixels()
        for weights, address in zip(self._weights, self._addresses, strict=True):
            contribution = weights * rows
            scene.scatter(total, address, contribution)
            if arithmetic.s:
                scene.scatter(stored, address, np.abs(contribution))
        own = input_gradient(scene, self.case.cotangent, arithmetic)
        response = arithmetic.s * scene.pixels(stored)
        return point(scene.pixels(total), 2 * own.bound + response)
