"""Every check of second derivatives passes what is right, and fails what is not, in the subject that is wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_adapters.reference import REFERENCE
from stn_suites import double_backward, forward_mode, ways
from stn_suites.harm import Sampling
from stn_suites.spoilt import pixels_stay, pixels_stay_twice
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.second_order import Pairing
from stn_verify.cases import grids, poison, thetas
from stn_verify.cases.case import Case, SampleCase, TransformCase
from stn_verify.cases.directions import Directed, sample_shapes, transform_shapes
from stn_verify.cases.strategies import Frame, sample_case, sample_cases, transform_case, transform_cases
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.target import Call, Reply
from stn_verify.exploration.examination import Examination
from stn_verify.exploration.profiles import PROFILES
from stn_verify.formats import named
from stn_verify.workers.evaluator import InProcessTarget

FLOAT64 = Arithmetic(named("float64"), named("float64"))
CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())
Alter = Callable[[Reply], Reply]


class Analytic(InProcessTarget):
    """The oracle, with second gradients and tangents by their closed forms, and a say in such replies."""

    def __init__(self, alter: Alter = lambda reply: reply) -> None:
        super().__init__(REFERENCE)
        self._alter = alter

    def call(self, call: Call) -> Reply:
        reply = super().call(replace(call, seconds={}, tangents={}, way="plain"))
        if call.way != "plain":
            return self._alter(reply)
        if not call.seconds and not call.tangents:
            return reply
        case = _case(call, reply)
        given = {name: np.zeros_like(array) for name, array in call.arrays.items()}
        given |= call.seconds or call.tangents
        pairing = Directed(case, given.pop("image"), given.popitem()[1]).pairing
        # Images may hold NaN and infinities.
        with np.errstate(invalid="ignore"):
            return self._alter(self._differentiated(call, reply, case, pairing))

    def _differentiated(self, call: Call, reply: Reply, case: Sampling, pairing: Pairing) -> Reply:
        tangent = pairing.tangent(FLOAT64).low
        if call.tangents:
            return replace(reply, tangent=tangent)
        other = "grid" if isinstance(case, SampleCase) else "theta"
        by_points = (
            pairing.grid(case.cotangent, FLOAT64)
            if isinstance(case, SampleCase)
            else pairing.theta(case.base, case.cotangent, FLOAT64)
        )
        seconds = {
            "image": pairing.image(case.cotangent, FLOAT64).low,
            other: (by_points.low + by_points.high) / 2,
            "cotangent": tangent,
        }
        return replace(reply, seconds=seconds)


def _case(call: Call, reply: Reply) -> SampleCase | TransformCase:
    cotangent = np.zeros_like(reply.output) if call.cotangent is None else call.cotangent
    rest: tuple[Any, ...] = (cotangent, call.dtype, call.convention)
    if call.size is None:
        return SampleCase(call.arrays["image"], call.arrays["grid"], *rest)
    return TransformCase(call.arrays["image"], call.arrays["theta"], call.size, *rest)


def _wrong(comparisons: list[Comparison]) -> set[str]:
    return {each.subject for each in comparisons if each.budget_used(FLOAT64) > 1}


CHECKS: list[tuple[Callable[[InProcessTarget, Any], list[Comparison]], str]] = [
    (double_backward.closed_form, "sample"),
    (double_backward.closed_form, "transform"),
    (double_backward.sample_differences, "sample"),
    (double_backward.transform_differences, "transform"),
    (forward_mode.tangents, "sample"),
    (forward_mode.tangents, "transform"),
    (ways.vmapped, "sample"),
    (ways.vmapped, "transform"),
    (ways.compiled, "sample"),
]


def _cases(function: str, convention: Convention) -> st.SearchStrategy[Case]:
    if function == "sample":
        return sample_cases("float64", convention, grids.ALL)
    return transform_cases("float64", convention, thetas.ALL)


@pytest.mark.parametrize(("check", "function"), CHECKS, ids=lambda each: getattr(each, "__name__", each))
@given(data=st.data(), convention=CONVENTIONS)
def test_right(
    check: Callable[..., list[Comparison]], function: str, data: st.DataObject, convention: Convention
) -> None:
    found = check(Analytic(), data.draw(_cases(function, convention)))
    assert found
    assert _wrong(found) == set()
    assert all(each.calls and each.formula for each in found)


def _fixed(function: str) -> SampleCase | TransformCase:
    shapes = sample_shapes if function == "sample" else transform_shapes
    return next(iter(shapes("float64", Convention("border", False))))


@pytest.mark.parametrize(("check", "function"), CHECKS[:4])
@pytest.mark.parametrize("name", ["image", "grid", "theta", "cotangent"])
@pytest.mark.parametrize("how", ["zero", "one entry"])
def test_wrong_second_gradients(
    check: Callable[..., list[Comparison]], function: str, name: str, how: str
) -> None:
    def alter(reply: Reply) -> Reply:
        if name not in reply.seconds:
            return reply
        wrong = reply.seconds[name].copy()
        at = np.unravel_index(np.argmax(np.abs(wrong)), wrong.shape)
        wrong[at if how == "one entry" else ...] *= 1 + 1e-7 if how == "one entry" else 0.0
        return replace(reply, seconds={**reply.seconds, name: wrong})

    subject = {"image": "grad2_input"}.get(name, f"grad2_{name}")
    case = _fixed(function)
    judged = {each.subject for each in check(Analytic(), case)}
    assert _wrong(check(Analytic(alter), case)) == {subject} & judged


@pytest.mark.parametrize("function", ["sample", "transform"])
@pytest.mark.parametrize("part", ["image", "other", "both"])
def test_wrong_tangents(function: str, part: str) -> None:
    case = _fixed(function)
    number = {"image": 0, "other": 1, "both": 2}[part]
    replies: list[Reply] = []

    def alter(reply: Reply) -> Reply:
        replies.append(reply)
        assert reply.tangent is not None
        return replace(reply, tangent=0 * reply.tangent) if len(replies) == number + 1 else reply

    assert _wrong(forward_mode.tangents(Analytic(alter), case)) == {"tangent"}


@pytest.mark.parametrize("function", ["sample", "transform"])
def test_wrong_when_mapped(function: str) -> None:
    def alter(reply: Reply) -> Reply:
        return Reply(reply.output[::-1], reply.dtype, {n: g[::-1] for n, g in reply.gradients.items()})

    found = _wrong(ways.vmapped(Analytic(alter), _fixed(function)))
    assert found == {"output", "grad_input", "grad_grid" if function == "sample" else "grad_theta"}


class DenseCotangents(Analytic):
    """A compiled backward that takes every cotangent for a contiguous one, as in pytorch/pytorch#163372."""

    def call(self, call: Call) -> Reply:
        if call.way == "compiled" and call.cotangent is not None and call.layouts:
            planes = np.swapaxes(call.cotangent, -1, -2).reshape(call.cotangent.shape)
            call = replace(call, cotangent=planes)
        return super().call(call)


def test_compiled_for_contiguous_cotangents_alone() -> None:
    assert _wrong(ways.compiled(DenseCotangents(), _fixed("sample"))) == {"grad_input", "grad_grid"}


def _examined(target: InProcessTarget, case: Case) -> Examination:
    return Examination("suite", "check", case.dtype, case.convention, (), target, PROFILES["quick"], 0)


@pytest.mark.parametrize("function", ["sample", "transform"])
@given(data=st.data(), convention=CONVENTIONS)
def test_right_around_spoilt_pixels(function: str, data: st.DataObject, convention: Convention) -> None:
    case = poison.pixels(data.draw(_cases(function, convention)))
    target = Analytic()
    found = pixels_stay_twice(_examined(target, case))(target, case)
    assert len(found) == 3
    assert _wrong(found) == set()
    assert all(each.calls and each.formula for each in found)


def _spoilt(function: str, pixel: float = np.nan) -> Sampling:
    """One image of two is spoilt, and that in a single pixel."""
    frame = Frame(2, 2, (9, 8), (12, 13), Convention("border", False), "float64")
    case: Sampling = (
        sample_case(frame, "inside", grids.inside, 1)
        if function == "sample"
        else transform_case(frame, "near identity", thetas.ALL["near identity"], 1)
    )
    image = case.image.copy()
    image[0, 1, 4, 4] = pixel
    return replace(case, image=image)


@pytest.mark.parametrize("function", ["sample", "transform"])
@pytest.mark.parametrize("name", ["image", "grid", "theta", "cotangent"])
def test_a_spoilt_pixel_spreads(function: str, name: str) -> None:
    def alter(reply: Reply) -> Reply:
        spread = {key: values + np.nan for key, values in reply.seconds.items() if key == name}
        return replace(reply, seconds={**reply.seconds, **spread})

    case, target = _spoilt(function), Analytic(alter)
    found = pixels_stay_twice(_examined(target, case))(target, case)
    subject = {"image": "grad2_input"}.get(name, f"grad2_{name}")
    assert _wrong(found) == {subject} & {each.subject for each in found}


@pytest.mark.parametrize("pixel", [np.nan, np.inf])
def test_what_a_spoilt_pixel_gives_is_told(pixel: float) -> None:
    case, target = _spoilt("sample", pixel), Analytic()
    examination = _examined(target, case)
    assert _wrong(pixels_stay_twice(examination)(target, case)) == set()
    assert set(examination.observed) == {
        f"{'nan' if np.isnan(pixel) else 'inf'} pixel, {subject}"
        for subject in ("grad2_grid", "grad2_cotangent")
    }


@pytest.mark.parametrize("check", [pixels_stay, pixels_stay_twice])
def test_nothing_is_decided_where_every_pixel_is_spoilt(
    check: Callable[[Examination], Callable[..., list[Comparison]]],
) -> None:
    case, target = _fixed("sample"), Analytic()
    case = replace(case, image=np.full_like(case.image, np.nan))
    found = check(_examined(target, case))(target, case)
    decided = {each.subject for each in found if each.decided(FLOAT64)}
    # These do not depend on pixels.
    assert decided <= {"grad_input", "grad2_input"}
    assert len(decided) == 1
