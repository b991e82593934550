"""Second gradients of a fused transformer, which exposes no grid, from its own first gradients.

Of S = <grad_input, a> + <grad_theta, b>, with the cotangent v:

- S is linear in v, so <dS/dv, v> = S;
- grad_theta is linear in the image u, so <dS/du, u> = <grad_theta, b>;
- dS/dtheta: while every point stays in its cell grad_theta is linear in theta and grad_input quadratic along a line, so that
  three thetas on it give the change of S without truncation error: 2 backwards for each of the 6 parameters.
"""

from dataclasses import replace

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.inner_product import known, paired, total
from stn_verify.bounds.input_gradient import input_gradient
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.theta_gradient import theta_gradient
from stn_verify.cases.case import TransformCase, storage
from stn_verify.cases.directions import CLEARANCE, Directed
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.formats import Array

GRADIENTS = ("image", "theta")


def identities(directions: Directed, call: Call, reply: Reply) -> list[Comparison]:
    """<dS/dv, v> = S and <dS/du, u> = <grad_theta, b>, all of one reply."""
    case = directions.case
    if not isinstance(case, TransformCase):
        raise TypeError(f"{case!r} has no theta")

    def of_cotangent(arithmetic: Arithmetic) -> Interval:
        parts = (paired(part, weights) for part, weights in _parts(case, directions, reply, arithmetic))
        own = paired(directions.pairing.tangent(arithmetic), case.cotangent)
        return total(*parts).widened(own.bound)

    def of_image(arithmetic: Arithmetic) -> Interval:
        _, (gradient, weights) = _parts(case, directions, reply, arithmetic)
        own = paired(directions.pairing.image(case.cotangent, arithmetic), case.image)
        return paired(gradient, weights).widened(own.bound)

    return [
        Comparison(
            "grad2_cotangent",
            np.asarray((reply.seconds["cotangent"] * case.cotangent).sum()),
            of_cotangent,
            (call,),
            "(second_cotangent * cotangent).sum()",
        ),
        Comparison(
            "grad2_input",
            np.asarray((reply.seconds["image"] * case.image).sum()),
            of_image,
            (call,),
            "(second_image * image).sum()",
        ),
    ]


class ThetaSecondDifferences:
    """dS/dtheta [N, 2, 3], entry by entry; every point with a cotangent keeps CLEARANCE from kinks."""

    def __init__(self, target: Target, directions: Directed, reply: Reply):
        """`reply` has the first gradients at the case itself."""
        if not isinstance(directions.case, TransformCase):
            raise TypeError(f"{directions.case!r} has no theta")
        self._case = directions.case
        self._directions = directions
        self._here = reply
        self._moves: dict[tuple[int, int], list[tuple[TransformCase, Array, Reply]]] = {}
        for row, axis in ((0, self._case.scene.x), (1, self._case.scene.y)):
            # |X|, |Y| <= 1, so that no point moves by more than the scale.
            step = 0.9 * CLEARANCE / axis.scale if axis.scale else 0.5
            for column in range(3):
                self._moves[row, column] = [
                    self._moved(target, row, column, step * sign) for sign in (-1.0, 1.0)
                ]

    def compare(self, call: Call, values: Array) -> Comparison:
        """The second gradient by theta of a reply to `call`."""
        return Comparison("grad2_theta", values, self.expected, (call,), "second_theta")

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """From the parabola through S at three thetas, with the bounds of all."""
        own = self._directions.pairing.theta(self._case.base, self._case.cotangent, arithmetic)
        value, bound = np.zeros_like(self._case.theta), own.bound.copy()
        middle = self._sums(self._case, self._here, arithmetic)
        for (row, column), ((case_a, a, reply_a), (case_b, b, reply_b)) in self._moves.items():
            sums = self._sums(case_a, reply_a, arithmetic), middle, self._sums(case_b, reply_b, arithmetic)
            # The derivative at 0 of the parabola through (a, .), (0, .) and (b, .), a < 0 < b.
            factors = -b / (a * (a - b)), -(a + b) / (a * b), -a / (b * (b - a))
            for factor, (number, margin) in zip(factors, sums, strict=True):
                value[:, row, column] += factor * number
                bound[:, row, column] += np.abs(factor) * margin
        return point(value, bound)

    def _moved(
        self, target: Target, row: int, column: int, step: float
    ) -> tuple[TransformCase, Array, Reply]:
        theta = self._case.theta.copy()
        theta[:, row, column] += step
        theta = storage(self._case).round(theta)
        taken = theta[:, row, column] - self._case.theta[:, row, column]
        there = replace(self._case, theta=theta)
        return there, taken, target.call(there.call(GRADIENTS))

    def _sums(self, case: TransformCase, reply: Reply, arithmetic: Arithmetic) -> tuple[Array, Array]:
        """[N] each: S of every image of the batch, and its bound."""
        numbers, margins = [], []
        for gradient, weights in _parts(case, self._directions, reply, arithmetic):
            each = [
                paired(Interval(low, high, bound), direction)
                for low, high, bound, direction in zip(
                    gradient.low, gradient.high, gradient.bound, weights, strict=True
                )
            ]
            numbers.append(np.array([(part.low + part.high) / 2 for part in each]))
            margins.append(np.array([(part.high - part.low) / 2 + part.bound for part in each]))
        return numbers[0] + numbers[1], margins[0] + margins[1]


def _parts(
    case: TransformCase, directions: Directed, reply: Reply, arithmetic: Arithmetic
) -> tuple[tuple[Interval, Array], tuple[Interval, Array]]:
    """grad_input and grad_theta as they came back, each with its direction."""
    by_image = known(reply.gradients["image"], input_gradient(case.scene, case.cotangent, arithmetic))
    by_theta = known(
        reply.gradients["theta"], theta_gradient(case.scene, case.base, case.cotangent, arithmetic)
    )
    return (by_image, directions.image), (by_theta, directions.points)
