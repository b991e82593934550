"""The whole Jacobian of a bicubic sampler with respect to the image, from sixteen forwards.

Four integers in a row mean at most four pixels in a row, whatever the padding: with ones on every fourth pixel of every fourth
row each output sees at most one lit pixel, and the response is its weight.
"""

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.cubic import input_gradient, nearby
from stn_verify.bounds.extension import Indices
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.scene import Scene
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.target import Target
from stn_verify.formats import Array

PERIOD = 4


class CubicLattice:
    """The sparse matrix of a target at one case: per phase, each output's weight and the pixel that it belongs to."""

    def __init__(self, target: Target, case: SampleCase | TransformCase):
        self.case = case
        self._addresses = _phases(case.scene)
        self._weights: list[Array] = []
        for phase in range(PERIOD**2):
            lit = np.zeros_like(case.image)
            lit[:, :, phase // PERIOD :: PERIOD, phase % PERIOD :: PERIOD] = 1.0
            if lit.any():
                self._weights.append(case.scene.rows(target.call(case.call(image=lit)).output))
            else:
                # An image so small has no pixel of that phase.
                self._weights.append(np.zeros_like(case.scene.rows(case.cotangent)))

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
        return point(scene.planes(total), scene.planes(2 * nearby(scene, arithmetic)))

    def expected_gradient(self, arithmetic: Arithmetic) -> Interval:
        """A^T v, with the bound of grad_input twice: the forward's weights are no better known than the backward's."""
        scene = self.case.scene
        rows = scene.rows(self.case.cotangent)
        total, stored = scene.no_pixels(), scene.no_pixels()
        for weights, address in zip(self._weights, self._addresses, strict=True):
            contribution = weights * rows
            scene.scatter(total, address, contribution)
            if arithmetic.s:
                scene.scatter(stored, address, np.abs(contribution))
        own = input_gradient(scene, self.case.cotangent, arithmetic)
        return point(scene.pixels(total), 2 * own.bound + arithmetic.s * scene.pixels(stored))


def _phases(scene: Scene) -> Indices:
    """[16, M]: of the pixels that each point's own cell reads the flat one with that row and column, modulo 4, or `none`."""
    height, width = scene.image.shape[2:]
    every = np.arange(len(scene.batch))
    found = np.full((PERIOD**2, len(every)), scene.none)
    for down in range(-1, 3):
        for across in range(-1, 3):
            address = scene.address(scene.x.cell + across, scene.y.cell + down)
            there = address != scene.none
            row, column = address // width % height, address % width
            phase = (row % PERIOD) * PERIOD + column % PERIOD
            found[phase[there], every[there]] = address[there]
    return found
