"""What a nearest sampler's own forwards say of its gradients: which pixel each output takes, and that none moves inside its box.

An image whose pixels hold their row, and one whose pixels hold their column, tell which pixel every output takes: the whole
Jacobian with respect to the image in two forwards, or three of a volume. Inside the box around a pixel nothing changes, so
that differences are zero.
"""

import numpy as np

from stn_reference import to_pixels
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.extension import Indices
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.nearest import choice, hull, input_gradient, reach
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.target import Target
from stn_verify.differences.grid import moved
from stn_verify.formats import Array

INSIDE = 0.45
"""A moved point keeps this close, in pixels, to the one that it takes."""


class Picks:
    """The pixel that each output of a target takes."""

    def __init__(self, target: Target, case: SampleCase | TransformCase):
        self.case = case
        size = case.image.shape[2:]
        told = []
        for number in np.indices(size):
            image = np.broadcast_to(number + 1.0, case.image.shape)
            told.append(case.scene.rows(target.call(case.call(image=image)).output)[:1].ravel())
        # What is no number of a row and a column is no pixel: the comparison of outputs will tell.
        there = np.all(
            [(index >= 1) & (index <= length) for index, length in zip(told, size, strict=True)], axis=0
        )
        taken = case.scene.batch
        for index, length in zip(told, size, strict=True):
            taken = taken * length + np.where(there, np.rint(index), 1).astype(np.int64) - 1
        self._taken: Indices = np.where(there, taken, case.scene.none)

    def compare_output(self, values: Array) -> Comparison:
        """The pixels that were told against the output at the case's own image."""
        return Comparison("output", values, self.expected_output)

    def compare_gradient(self, gradient: Array) -> Comparison:
        """The cotangents that go to each pixel against grad_input."""
        return Comparison("grad_input", gradient, self.expected_gradient)

    def expected_output(self, arithmetic: Arithmetic) -> Interval:
        """Those pixels; where a point may take several, any."""
        scene = self.case.scene
        allowed, found = hull(scene, arithmetic), choice(scene, arithmetic)
        unsure = np.zeros(len(scene.batch))
        unsure[found.open] = unsure[found.lost] = 1.0
        several = scene.planes(np.broadcast_to(unsure, scene.rows(self.case.cotangent).shape)) > 0
        pixels = scene.planes(scene.pixel_values(self._taken))
        low, high = np.where(several, allowed.low, pixels), np.where(several, allowed.high, pixels)
        return Interval(low, high, allowed.bound)

    def expected_gradient(self, arithmetic: Arithmetic) -> Interval:
        """Their sums, with the bound of grad_input."""
        return input_gradient(self.case.scene, self.case.cotangent, arithmetic, self._taken)


class NearestGridDifferences:
    """Forwards of a target at grids moved inside their boxes: 1 per axis."""

    def __init__(self, target: Target, case: SampleCase, arithmetic: Arithmetic, base: Array, seed: int):
        """`base` is the target's output at the case itself."""
        self.case = case
        random = np.random.default_rng(seed)
        self._moves = []
        for number, axis in enumerate(case.scene.axes):
            whole = np.rint(axis.position)
            grid = moved(case, number, whole + random.uniform(-INSIDE, INSIDE, len(whole)))
            place = to_pixels(grid[..., number].ravel(), axis.size, case.convention.align_corners)
            step = grid[..., number] - case.grid[..., number]
            change = target.call(case.call(grid=grid)).output - base
            slope = (case.cotangent * change).sum(axis=1) / np.where(step == 0, 1.0, step)
            self._moves.append((number, np.abs(place - whole), slope))

    def compare(self, gradient: Array) -> Comparison:
        """grad_grid [N, Ho, Wo, 2] or [N, Do, Ho, Wo, 3] against the target's own differences."""
        return Comparison("grad_grid", gradient, self.expected)

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """What the outputs changed by, where neither end of a move is beside a tie; there it is zero without looking."""
        value = np.zeros(self.case.grid.shape)
        scene = self.case.scene
        ends = [reach(axis, arithmetic) for axis in scene.axes]
        settled = np.all([first == last for first, last in ends], axis=0)
        for number, distance, slope in self._moves:
            usable = settled & (distance + scene.axes[number].uncertainty_nearby(arithmetic) < 0.5)
            value[..., number] = np.where(usable.reshape(slope.shape), slope, 0.0)
        return point(value, np.zeros_like(value))
