"""Which derivative a target returns at a kink: right, left, mean, zero, something between, or something else."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.grid_gradient import slope_of_cell
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.scene import Axis
from stn_verify.cases.case import SampleCase
from stn_verify.formats import Array

Mask = npt.NDArray[np.bool_]

SHARPEST = 0.2
"""Rounding may hide at most this share of the jump from left to right slope, or the point names nothing."""

STALLING = (
    "the gradient is zero at integer coordinates: a transformer that starts at the identity with align_corners=True and equal"
    " sizes gets no gradient to theta and does not learn"
)


def named_rules(case: SampleCase, gradient: Array, arithmetic: Arithmetic) -> dict[str, set[str]]:
    """The rule at each place (inside, first pixel, last pixel, outside) that explains every point there.

    The case's coordinates must be exact in every usual formula (sizes 2^k + 1 with align_corners, else 2^k). Where several rules
    coincide, as at a clip point whose outer slope is zero, the first of right, left, mean and zero is named. Two names at one
    place: the axes follow different rules.
    """
    found: dict[str, set[str]] = {}
    for number, axis in enumerate(case.scene.axes):
        values = gradient[..., number].ravel()
        left, right, bound, clear = _sides(case, axis, arithmetic)
        for place, there in _places(axis):
            points = clear & there
            if points.any():
                name = _name(values[points], left[points], right[points], bound[points])
                found.setdefault(place, set()).add(name)
    return found


def compare_rule(case: SampleCase, gradient: Array, rule: str) -> Comparison:
    """grad_grid against a rule at the integers inside the image where it can be told from others, and nowhere else."""

    def expected(arithmetic: Arithmetic) -> Interval:
        value, bound = gradient.copy(), np.full(gradient.shape, np.inf)
        for number, axis in enumerate(case.scene.axes):
            left, right, error, clear = _sides(case, axis, arithmetic)
            points = (clear & dict(_places(axis))["inside"]).reshape(gradient.shape[:-1])
            prescribed = _rules(left, right)[rule].reshape(points.shape)
            value[..., number][points] = prescribed[points]
            bound[..., number][points] = error.reshape(points.shape)[points]
        return point(value, bound)

    law = f"at integer coordinates inside the image the derivative is the one declared, {rule}"
    return Comparison("grad_grid", gradient, expected, (case.call(("grid",)),), law=law)


def _sides(case: SampleCase, axis: Axis, arithmetic: Arithmetic) -> tuple[Array, Array, Array, Mask]:
    """[M]: the left and the right slope at the nearest integer, their bound, and where they tell rules apart."""
    nearest = np.rint(axis.position)
    left, left_bound = slope_of_cell(case.scene, axis, nearest - 1, case.cotangent, arithmetic)
    right, right_bound = slope_of_cell(case.scene, axis, nearest, case.cotangent, arithmetic)
    bound = left_bound + right_bound
    clear = (axis.position == nearest) & (bound < SHARPEST * np.abs(right - left))
    return left, right, bound, clear


def _rules(left: Array, right: Array) -> dict[str, Array]:
    return {"right": right, "left": left, "mean": (left + right) / 2, "zero": np.zeros_like(left)}


def _name(values: Array, left: Array, right: Array, bound: Array) -> str:
    """The rule that explains all of some points."""
    for name, expected in _rules(left, right).items():
        if np.all(np.abs(values - expected) <= bound):
            return name
    between = (values >= np.minimum(left, right) - bound) & (values <= np.maximum(left, right) + bound)
    return "other" if np.all(between) else "outside"


def _places(axis: Axis) -> Iterator[tuple[str, Mask]]:
    last = axis.size - 1
    yield "inside", (axis.position > 0) & (axis.position < last)
    yield "first pixel", axis.position == 0
    yield "last pixel", axis.position == last
    yield "outside", (axis.position < 0) | (axis.position > last)
