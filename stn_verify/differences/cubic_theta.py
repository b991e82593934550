"""The gradient with respect to theta of a fused bicubic target, from differences of its own forward.

As in `differences/theta.py`, but four points of a cell give the derivative of a cubic: where a point is, and three more on the
side that has more room. Their distances are those of one step, so that 6 parameters x 2 sides x 3 = 36 forwards serve all points.
"""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.cubic import nearby
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.scene import Axis
from stn_verify.bounds.theta_gradient import theta_gradient
from stn_verify.cases.case import TransformCase, storage
from stn_verify.contract.target import Target
from stn_verify.differences.polynomial import derivative_weights
from stn_verify.differences.stencil import MARGIN, NARROWEST
from stn_verify.formats import Array

REACH = 0.95
"""Of the half cell that every point has on one side."""


@dataclass(frozen=True)
class _Move:
    """One parameter: what was added to it in each of its six calls, [6, N], and the outputs, [6, C, M]."""

    row: int
    column: int
    taken: Array
    values: Array


class CubicThetaDifferences:
    """Forwards of a target at perturbed thetas, and what they say of its gradient."""

    def __init__(self, target: Target, case: TransformCase, arithmetic: Arithmetic, base: Array):
        """`base` is the target's output at the case itself."""
        self.case = case
        self._values = case.scene.rows(base)
        self._moves: list[_Move] = []
        for row, axis in ((0, case.scene.x), (1, case.scene.y)):
            for column in range(3):
                self._moves.append(self._moved(target, row, column, axis, arithmetic))

    def compare(self, gradient: Array) -> Comparison:
        """grad_theta [N, 2, 3] against the target's own differences."""
        return Comparison("grad_theta", gradient, self.expected)

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """Sums over the points, with the bounds of the values and the gradient's own."""
        case, scene = self.case, self.case.scene
        rows = scene.rows(case.cotangent)
        margin = np.einsum("cm,cm->m", np.abs(rows), nearby(scene, arithmetic))
        own = theta_gradient(scene, case.base, case.cotangent, arithmetic)
        value, bound = np.zeros_like(case.theta), own.bound.copy()
        for move in self._moves:
            axis = scene.x if move.row == 0 else scene.y
            slope, error = self._slopes(move, axis, rows, margin, arithmetic)
            value[:, move.row, move.column] = slope
            bound[:, move.row, move.column] += error
        return point(value, bound)

    def _reach(self, axis: Axis, column: int) -> Array:
        """[M]: pixels per unit of a parameter."""
        return np.tile(self.case.base[..., column].ravel(), self.case.image.shape[0]) * axis.scale

    def _moved(self, target: Target, row: int, column: int, axis: Axis, arithmetic: Arithmetic) -> _Move:
        delta = axis.uncertainty(arithmetic)
        widest = float(np.max(np.abs(self._reach(axis, column)), initial=0.0))
        room = 0.5 - MARGIN * float(np.max(delta[delta < NARROWEST], initial=0.0))
        step = REACH * max(room, 0.05) / widest if widest > 0 else 0.5
        taken, values = [], []
        for share in (-1, -2 / 3, -1 / 3, 1 / 3, 2 / 3, 1):
            theta = self.case.theta.copy()
            theta[:, row, column] += share * step
            theta = storage(self.case).round(theta)
            taken.append(theta[:, row, column] - self.case.theta[:, row, column])
            values.append(self.case.scene.rows(target.call(self.case.call(theta=theta)).output))
        return _Move(row, column, np.stack(taken), np.stack(values))

    def _slopes(
        self, move: _Move, axis: Axis, rows: Array, margin: Array, arithmetic: Arithmetic
    ) -> tuple[Array, Array]:
        """[N] each: the sums of the derivatives, and of their errors."""
        reach, delta = self._reach(axis, move.column), axis.uncertainty(arithmetic)
        taken = np.repeat(move.taken, rows.shape[1] // move.taken.shape[1], axis=1)
        # To the right where the point lies in the left half of its cell.
        ahead = (axis.fraction < 0.5) == (reach >= 0)
        side = np.where(ahead, taken[3:], taken[:3])
        values = np.where(
            ahead[:, None], np.moveaxis(move.values[3:], 2, 1), np.moveaxis(move.values[:3], 2, 1)
        )
        places = np.concatenate([np.zeros((1, rows.shape[1])), side])
        factors = derivative_weights(places, np.zeros(rows.shape[1]))
        end, near = axis.position + side * reach, axis.uncertainty_nearby(arithmetic)
        inside = ((end - near >= axis.cell) & (end + near <= axis.cell + 1)).all(axis=0)
        still = reach == 0.0
        usable = (inside & (delta < NARROWEST) & np.isfinite(factors).all(axis=0)) | still
        factors = np.where(usable & ~still, factors, 0.0)
        weighed = np.einsum("cm,tmc->tm", rows, np.concatenate([self._values.T[None], values]))
        slope = (factors * weighed).sum(axis=0)
        error = np.where(usable, np.abs(factors).sum(axis=0) * margin, np.inf)
        count = self.case.image.shape[0]
        return slope.reshape(count, -1).sum(axis=1), error.reshape(count, -1).sum(axis=1)
