"""Exact differences of a grid generator, along each parameter of its theta.

Most families are linear in theta: two grids give the derivative whatever the step. A projective coordinate
n / (d + h X) is not, in h31 and h32, but its reciprocal is: with x at 0 and x' at h the derivative is (x' - x) / h times
x / x', without truncation.
"""

from dataclasses import replace

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.rounded import Rounding
from stn_verify.bounds.uncertain import Uncertain
from stn_verify.cases.case import GenerateCase
from stn_verify.cases.families import CLEAR, depths
from stn_verify.contract.target import Target
from stn_verify.formats import FLOAT64, Array, named

STEPS = (0.5, -0.5, 0.25, -0.25, 0.125, -0.125)
"""Wide: beside them rounding is nothing."""

BY_DEPTH = (6, 7)
"""h31 and h32 among a projective theta's parameters."""


def compare_differences(target: Target, case: GenerateCase) -> list[Comparison]:
    """The gradient of theta against differences of the target's own grids: a forward for each parameter, a backward."""
    reply = target.call(case.call(("theta",)))
    moved = [_moved(case, index) for index in _indices(case)]
    grids = [target.call(each.call()).output for each in moved]
    found = reply.gradients["theta"]

    def expected(arithmetic: Arithmetic) -> Interval:
        own = case.allowed_gradient(arithmetic)
        at = Uncertain(reply.output, case.allowed_grid(arithmetic).bound)
        values, bounds = np.zeros_like(found), own.bound.copy()
        for index, each, grid in zip(_indices(case), moved, grids, strict=True):
            derivative = _derivative(
                case, each, index, at, Uncertain(grid, each.allowed_grid(arithmetic).bound)
            )
            terms = case.cotangent * derivative.value
            radius = np.abs(case.cotangent) * derivative.radius + 4 * FLOAT64.unit_roundoff * np.abs(terms)
            if index is None:
                values[...], bounds = terms, bounds + radius
                continue
            # The harness' own sum, in float64.
            rounded = terms[0].size * FLOAT64.unit_roundoff * np.abs(terms).sum(axis=(1, 2, 3))
            place = _place(index)
            values[place] = terms.sum(axis=(1, 2, 3))
            bounds[place] += radius.sum(axis=(1, 2, 3)) + rounded
        return point(values, np.where(np.isnan(bounds), np.inf, bounds))

    law = "the gradient of theta equals exact differences of the target's own grid"
    calls = (*(each.call() for each in moved), case.call(("theta",)))
    return [Comparison("grad_theta", found, expected, calls, law=law)]


def _indices(case: GenerateCase) -> list[tuple[int, ...] | None]:
    """Of each parameter, after the batch; None: a displacement's, all in one call, as each moves a coordinate of its own."""
    if case.family == "displacement":
        return [None]
    return list(np.ndindex(*case.theta.shape[1:]))


def _place(index: tuple[int, ...] | None) -> tuple[slice | int, ...]:
    """Of that parameter in every theta; of all of them for None."""
    return (slice(None), *(index or ()))


def _moved(case: GenerateCase, index: tuple[int, ...] | None) -> GenerateCase:
    """One parameter of every theta moved by a step that the storage dtype holds exactly."""
    random = np.random.default_rng(case.theta.size)
    storage, theta = named(case.dtype), case.theta.copy()
    place = _place(index)
    theta[place] = storage.round(theta[place] + random.choice(STEPS, theta[place].shape))
    if case.family == "projective" and index is not None and index[0] in BY_DEPTH:
        _keep_clear(case, theta, index[0])
    return replace(case, theta=theta)


def _keep_clear(case: GenerateCase, theta: Array, parameter: int) -> None:
    """Halve steps that bring a denominator nearer to 0 than half of what the case keeps."""
    storage = named(case.dtype)
    for _ in range(storage.precision // 2):
        near = (
            depths(theta, case.size, case.convention.align_corners).min(axis=(1, 2), initial=1.0) < CLEAR / 2
        )
        step = theta[:, parameter] - case.theta[:, parameter]
        theta[near, parameter] = storage.round(case.theta[near, parameter] + step[near] / 2)


def _derivative(
    case: GenerateCase, moved: GenerateCase, index: tuple[int, ...] | None, at: Uncertain, there: Uncertain
) -> Uncertain:
    """[N, Ho, Wo, 2], or of a displacement each entry's own."""
    rounding = Rounding(FLOAT64.unit_roundoff)
    step = moved.theta - case.theta
    if index is not None:
        step = step[_place(index)][:, None, None, None]
    rise = rounding.sum(there, Uncertain(-at.value, at.radius))
    slope = rounding.quotient(rise, Uncertain(step, np.zeros_like(step)))
    if case.family != "projective" or index is None or index[0] not in BY_DEPTH:
        return slope
    # n / d, n / d': where n is so small that its sign is open, the derivative -n X / d^2 is as small.
    exact = rounding.product(slope, rounding.quotient(at, there))
    denominator = depths(case.theta, case.size, case.convention.align_corners)[..., None]
    small = 2 * (np.abs(at.value) + at.radius) / denominator
    lost = ~(exact.radius < small)
    return Uncertain(np.where(lost, 0.0, exact.value), np.where(lost, small, exact.radius))
