"""The rule at kinks: each of the oracle's own is named as what it is, wrong ones as outside."""

import numpy as np
import pytest

from stn_reference import sample_vjp
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.cases.case import SampleCase
from stn_verify.cases.exact import exact_cases
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import STORAGE_DTYPES, Array, named
from stn_verify.judging.rules import named_rules


def _gradient(case: SampleCase, rule: str) -> Array:
    convention = case.convention
    return sample_vjp(
        case.image,
        case.grid,
        case.cotangent,
        padding=convention.padding,
        align_corners=convention.align_corners,
        subgradient=rule,
    )[1]


@pytest.mark.parametrize("dtype", STORAGE_DTYPES)
@pytest.mark.parametrize("rule", ["right", "left", "mean", "zero"])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_named(dtype: str, rule: str, padding: str, aligned: bool) -> None:
    for case in exact_cases(dtype, Convention(padding, aligned)):
        values = named(dtype).round(_gradient(case, rule))
        found = named_rules(case, values, Arithmetic(named(dtype), named(dtype)))
        assert found["inside"] == {rule}


def test_something_between_is_other() -> None:
    case = next(exact_cases("float64", Convention()))
    between = 0.3 * _gradient(case, "left") + 0.7 * _gradient(case, "right")
    assert named_rules(case, between, Arithmetic(named("float64"), named("float64")))["inside"] == {"other"}


def test_literal_equation_7_is_outside() -> None:
    """(m >= x) counts the pixel at the integer itself with slope +1: the gradient grows with the image's mean."""
    case = next(exact_cases("float64", Convention("zeros", True)))
    pixels = case.scene.corners.p00
    literal = _gradient(case, "right")
    shape = literal.shape[:-1]
    added = np.einsum("cm,cm->m", case.scene.rows(case.cotangent), pixels).reshape(shape)
    exact = (case.scene.x.position == np.rint(case.scene.x.position)).reshape(shape)
    literal[..., 0] += np.where(exact, case.scene.x.scale * added, 0.0)
    assert "outside" in named_rules(case, literal, Arithmetic(named("float64"), named("float64")))["inside"]


def test_clip_points_of_border() -> None:
    """The extended image is flat outside: its right rule is zero at the last pixel and the slope at the first."""
    case = next(exact_cases("float64", Convention("border", True)))
    rules = named_rules(case, _gradient(case, "right"), Arithmetic(named("float64"), named("float64")))
    assert rules["first pixel"] == {"right"}
    assert rules["last pixel"] == {"right"}
