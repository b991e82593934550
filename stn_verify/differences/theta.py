"""The gradient with respect to theta of a fused target that exposes no grid, from differences of its own forward.

Perturbing theta_k by h moves point q by h b_k(q) scale pixels along one axis, b being its target coordinate. Every point has a
side on which its cell reaches at least half a pixel further, and takes part with the largest of a few step sizes that keeps it
there; points on a kink give the slopes of both their cells. The cost is two forwards per parameter and step size, whatever
N, C, H and W.
"""

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.scene import Axis
from stn_verify.bounds.theta_gradient import theta_gradient
from stn_verify.bounds.vicinity import vicinity
from stn_verify.cases.case import TransformCase, storage
from stn_verify.contract.target import Target
from stn_verify.differences.stencil import MARGIN, NARROWEST
from stn_verify.formats import Array

STEPS = 2
"""Step sizes per parameter: 6 parameters x 2 directions x 2 = 24 forwards, 48 for the 12 of a volume."""

RATIO = 16.0
"""Of one step size to the next."""


class ThetaDifferences:
    """Forwards of a target at perturbed thetas, and what they say of its gradient."""

    def __init__(self, target: Target, case: TransformCase, arithmetic: Arithmetic, base: Array):
        """`base` is the target's output at the case itself."""
        self.case = case
        self._values = case.scene.rows(base)
        self._zero = target.description.subgradient == "zero"
        self._moves: list[_Move] = []
        for row, axis in enumerate(case.scene.axes):
            for column in range(len(case.scene.axes) + 1):
                reach = np.tile(np.abs(case.base[..., column]).ravel(), case.image.shape[0]) * axis.scale
                self._moves.append(_Move(target, case, arithmetic, (row, column), axis, reach))

    def compare(self, gradient: Array) -> Comparison:
        """grad_theta, in theta's shape, against the target's own differences."""
        return Comparison("grad_theta", gradient, self.expected)

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """Sums over the points of cotangent times (V(theta + h) - V(theta)) / h, intervals at kinks."""
        own = theta_gradient(self.case.scene, self.case.base, self.case.cotangent, arithmetic)
        low, high, bound = np.empty_like(own.low), np.empty_like(own.low), own.bound.copy()
        margins = 2 * vicinity(self.case.scene, arithmetic).value_margin()
        for move in self._moves:
            first, last, error = move.slopes(self._values, margins, arithmetic, zero=self._zero)
            row, column = move.parameter
            low[:, row, column], high[:, row, column] = first, last
            bound[:, row, column] += error
        return Interval(low, high, bound)


class _Move:
    """One parameter, moved both ways by every step size; which points each step serves."""

    def __init__(
        self,
        target: Target,
        case: TransformCase,
        arithmetic: Arithmetic,
        parameter: tuple[int, int],
        axis: Axis,
        reach: Array,
    ):
        self.case = case
        self.parameter = parameter
        delta = axis.uncertainty(arithmetic)
        fraction, nearest = axis.fraction, np.rint(axis.position)
        self._axis = axis
        self._distance = np.abs(axis.position - nearest)
        self.kink = self._distance <= delta
        margin = MARGIN * delta
        # Room to the left and right before the next kink; at a kink a whole cell on both sides.
        room_left = np.where(self.kink, 1.0 - margin, fraction - margin)
        room_right = np.where(self.kink, 1.0 - margin, 1.0 - fraction - margin)
        self._usable = (delta < NARROWEST) | (reach == 0.0)
        # The sign of a positive step's movement is that of the target coordinate.
        sign = np.sign(np.tile(case.base[..., parameter[1]].ravel(), case.image.shape[0]))
        self._forward, self._backward = (
            np.where(sign >= 0, room_right, room_left),
            np.where(sign >= 0, room_left, room_right),
        )
        self._reach = reach
        widest = float(np.max(reach, initial=0.0))
        start = 0.5 - MARGIN * float(np.max(delta[self._usable], initial=0.0))
        smallest = 0.95 * max(start, 0.05) / widest if widest > 0 else 0.5
        self._steps = []
        for number in range(STEPS):
            for direction in (1.0, -1.0):
                theta = case.theta.copy()
                row, column = parameter
                theta[:, row, column] += direction * smallest * RATIO**number
                theta = storage(case).round(theta)
                taken = theta[:, row, column] - case.theta[:, row, column]
                values = case.scene.rows(target.call(case.call(theta=theta)).output)
                self._steps.append((direction, np.repeat(taken, values.shape[1] // len(theta)), values))

    def slopes(
        self, base: Array, margins: Array, arithmetic: Arithmetic, *, zero: bool
    ) -> tuple[Array, Array, Array]:
        """[N] each: the least and the largest sum, and the bound of the differences; `zero` counts as right at kinks."""
        rows = self.case.scene.rows(self.case.cotangent)
        margin = np.einsum("cm,cm->m", np.abs(rows), margins)
        sides = {direction: self._side(direction, base, margin, rows) for direction in (1.0, -1.0)}
        (ahead, ahead_error, ahead_step), (behind, behind_error, behind_step) = sides[1.0], sides[-1.0]
        # Off kinks the side with the longer step; at kinks both.
        better = ahead_step >= behind_step
        slope, error = np.where(better, ahead, behind), np.where(better, ahead_error, behind_error)
        low = np.where(self.kink, np.minimum(ahead, behind), slope)
        high = np.where(self.kink, np.maximum(ahead, behind), slope)
        if zero:
            # Declared: both neighbours coincide at a kink.
            low = np.where(self.kink, np.minimum(low, 0.0), low)
            high = np.where(self.kink, np.maximum(high, 0.0), high)
        error = np.where(self.kink, np.maximum(ahead_error, behind_error), error)
        still = self._reach == 0.0
        low, high, error = (np.where(still, 0.0, part) for part in (low, high, error))
        # What only a coarser arithmetic than the planned one carries over a kink was planned as if it stayed in its cell.
        stays = self.kink | still | (self._distance > self._axis.uncertainty(arithmetic))
        error = np.where(self._usable & stays, error, np.inf)
        count = self.case.image.shape[0]
        first, last, bound = (part.reshape(count, -1).sum(axis=1) for part in (low, high, error))
        return first, last, bound

    def _side(self, direction: float, base: Array, margin: Array, rows: Array) -> tuple[Array, Array, Array]:
        """Slopes from the largest step in one direction that stays inside, their bounds, and that step (0: none does)."""
        room = self._forward if direction > 0 else self._backward
        slope, error = np.zeros(base.shape[1]), np.full(base.shape[1], np.inf)
        longest = np.zeros(base.shape[1])
        for way, taken, values in self._steps:
            if way != direction:
                continue
            length = np.abs(taken)
            better = (length * self._reach <= room) & (length > longest)
            if not better.any():
                continue
            change = np.einsum("cm,cm->m", rows, values - base)
            slope[better] = change[better] / taken[better]
            error[better] = margin[better] / length[better]
            longest[better] = length[better]
        return slope, error, longest
