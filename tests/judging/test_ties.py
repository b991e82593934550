"""What nearest takes half-way between two pixels is named, and held against what is declared."""

import numpy as np
import pytest

from stn_reference import extend_index
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.cases.case import SampleCase
from stn_verify.cases.halves import tie_cases
from stn_verify.contract.convention import PADDINGS, TIES, Convention
from stn_verify.formats import STORAGE_DTYPES, Array, named
from stn_verify.judging.ties import ROUNDINGS, compare_ties, named_ties


def _taken(case: SampleCase, rule: str) -> Array:
    """By index arithmetic over the extended image."""
    padding, aligned = case.convention.padding, case.convention.align_corners
    picks = []
    for number in reversed(range(case.grid.shape[-1])):
        size = case.image.shape[-1 - number]
        scale = (size - 1) / 2 if aligned else size / 2
        x = case.grid[..., number] * scale + (size - 1) / 2
        picks.append(extend_index(ROUNDINGS[rule](x), size, padding, aligned))
    there = np.all([inside for _, inside in picks], axis=0)
    return np.where(there, case.image[0, 0][tuple(index for index, _ in picks)], 0.0)[:, None]


@pytest.mark.parametrize("rule", TIES)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("dtype", STORAGE_DTYPES)
@pytest.mark.parametrize("axes", [2, 3])
def test_a_rule_is_named(rule: str, padding: str, aligned: bool, dtype: str, axes: int) -> None:
    arithmetic = Arithmetic(named(dtype), named(dtype))
    cases = list(tie_cases(dtype, Convention(padding, aligned, "nearest"), axes))
    assert [case.image.ndim - 2 for case in cases] == [axes] * axes
    for case in cases:
        values = _taken(case, rule)
        found = named_ties(case, values)
        # Inside the image no coordinate is negative.
        assert found["inside"] == ({"up", "away"} if rule in ("up", "away") else {rule})
        for other in TIES:
            agrees = compare_ties(case, values, other).budget_used(arithmetic) <= 1
            assert agrees == (other in found["inside"])


def test_no_rule_is_other() -> None:
    for case in tie_cases("float64", Convention("zeros", False, "nearest")):
        even, up = _taken(case, "even"), _taken(case, "up")
        mixed = np.where(np.random.default_rng(0).random(even.shape) < 0.5, even, up)
        assert named_ties(case, mixed)["inside"] == {"other"}
