"""Which derivative a target returns at a kink: right, left, mean, zero, something between, or something else."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.grid_gradient import slope_of_cell
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
    for number, axis in ((0, case.scene.x), (1, case.scene.y)):
        values = gradient[..., number].ravel()
        nearest = np.rint(axis.position)
        left, left_bound = slope_of_cell(case.scene, axis, nearest - 1, case.cotangent, arithmetic)
        right, right_bound = slope_of_cell(case.scene, axis, nearest, case.cotangent, arithmetic)
        bound = left_bound + right_bound
        clear = (axis.position == nearest) & (bound < SHARPEST * np.abs(right - left))
        for place, there in _places(axis):
            points = clear & there
            if points.any():
                name = _name(values[points], left[points], right[points], bound[points])
                found.setdefault(place, set()).add(name)
    return found


def _name(values: Array, left: Array, right: Array, bound: Array) -> str:
    """The rule that explains all of some points."""
    rules = {"right": right, "left": left, "mean": (left + right) / 2, "zero": np.zeros_like(left)}
    for name, expected in rules.items():
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
