"""Which pixel a nearest sampler takes half-way between two: the even one, the right one, the left one, the one away from zero."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import point
from stn_verify.bounds.scene import Axis
from stn_verify.cases.case import SampleCase
from stn_verify.formats import Array

Mask = npt.NDArray[np.bool_]

ROUNDINGS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "even": np.rint,
        "up": lambda x: np.floor(x + 0.5),
        "down": lambda x: np.ceil(x - 0.5),
        "away": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
    }
)
"""By the names of contract/convention.py."""


def named_ties(case: SampleCase, values: Array) -> dict[str, set[str]]:
    """The rules at each place (inside, first edge, last edge, outside) that explain every tie there, or "other".

    The case's coordinates must be exact in every usual formula. Where several rules take the same pixels, as up and away do
    inside the image, all of them are named.
    """
    found: dict[str, set[str]] = {}
    rows = case.scene.rows(values)
    for axis in case.scene.axes:
        for place, there in _places(axis):
            points = _ties(axis) & there
            if points.any():
                explaining = {
                    rule
                    for rule in ROUNDINGS
                    if np.array_equal(rows[:, points], _taken(case, rule)[:, points])
                }
                names = explaining or {"other"}
                found[place] = (found[place] & names or {"other"}) if place in found else names
    return found


def compare_ties(case: SampleCase, values: Array, rule: str) -> Comparison:
    """The output against a rule at the ties inside the image, and nowhere else."""
    scene = case.scene
    held = np.zeros(len(scene.batch), dtype=bool)
    for axis in scene.axes:
        held |= _ties(axis) & dict(_places(axis))["inside"]
    rows = _taken(case, rule)
    known = scene.planes(np.broadcast_to(held.astype(np.float64), rows.shape)) > 0
    expected = point(
        np.where(known, scene.planes(rows), values), np.where(known, 0.0, np.full(values.shape, np.inf))
    )
    law = f"half-way between two pixels inside the image the one is taken that is declared, {rule}"
    return Comparison("output", values, lambda _: expected, (case.call(),), law=law)


def _taken(case: SampleCase, rule: str) -> Array:
    """[C, M]: the pixels that a rule takes."""
    scene, rounding = case.scene, ROUNDINGS[rule]
    return scene.pixel_values(scene.address_of([rounding(axis.position) for axis in scene.axes]))


def _ties(axis: Axis) -> Mask:
    return np.asarray(axis.position - np.floor(axis.position) == 0.5)


def _places(axis: Axis) -> Iterator[tuple[str, Mask]]:
    first, last = -0.5, axis.size - 0.5
    yield "inside", (axis.position > first) & (axis.position < last)
    yield "first edge", axis.position == first
    yield "last edge", axis.position == last
    yield "outside", (axis.position < first) | (axis.position > last)
