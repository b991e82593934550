"""Exact differences of the oracle's own forward agree with its closed form, and expose what does not."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_adapters.reference import REFERENCE
from stn_suites import checks
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import Case
from stn_verify.cases.strategies import Frame, sample_case, sample_cases, transform_case, transform_cases
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.target import Call, Reply
from stn_verify.judging.arithmetics import claimed
from stn_verify.workers.evaluator import InProcessTarget

CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())


class Altered(InProcessTarget):
    """The oracle with one result changed."""

    def __init__(self, alter: Callable[[Call, Reply], Reply]) -> None:
        super().__init__(REFERENCE)
        self._alter = alter

    def call(self, call: Call) -> Reply:
        return self._alter(call, super().call(call))


def _used(comparisons: list[Comparison], case: Case) -> dict[str, float]:
    arithmetic = claimed(InProcessTarget(REFERENCE).description, case.dtype)
    return {c.subject: c.budget_used(arithmetic) for c in comparisons}


@given(data=st.data(), convention=CONVENTIONS)
def test_sampler(data: st.DataObject, convention: Convention) -> None:
    case = data.draw(sample_cases("float64", convention, grids.ALL))
    target = InProcessTarget(REFERENCE)
    used = _used(checks.sample_differences(target, case), case)
    assert max(used.values()) <= 1, used
    assert (target.evaluations.forwards, target.evaluations.backwards) == (8, 1)


@given(data=st.data(), convention=CONVENTIONS)
def test_fused_transformer(data: st.DataObject, convention: Convention) -> None:
    case = data.draw(transform_cases("float64", convention, thetas.ALL))
    target = InProcessTarget(REFERENCE)
    used = _used(checks.transform_differences(target, case), case)
    assert max(used.values()) <= 1, used
    assert target.evaluations.forwards <= 80
    assert target.evaluations.backwards == 1


@pytest.mark.parametrize("size", [(3, 4), (64, 96)])
def test_cost_does_not_grow(size: tuple[int, int]) -> None:
    frame = Frame(2, 3, size, size, Convention(), "float64")
    target = InProcessTarget(REFERENCE)
    checks.sample_differences(target, sample_case(frame, "inside", grids.inside, 0))
    assert (target.evaluations.forwards, target.evaluations.backwards) == (8, 1)
    checks.transform_differences(target, transform_case(frame, "general", thetas.general, 0))
    assert (target.evaluations.forwards, target.evaluations.backwards) == (36, 2)


def _scaled(name: str, factor: float) -> Callable[[Call, Reply], Reply]:
    def alter(call: Call, reply: Reply) -> Reply:
        gradients = {key: value * (factor if key == name else 1.0) for key, value in reply.gradients.items()}
        return Reply(reply.output, reply.dtype, gradients)

    return alter


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize(("name", "subject"), [("image", "grad_input"), ("grid", "grad_grid")])
def test_relative_error_of_a_hundred_thousandth(padding: str, aligned: bool, name: str, subject: str) -> None:
    case = sample_case(
        Frame(2, 2, (5, 7), (6, 4), Convention(padding, aligned), "float64"), "in", grids.inside, 1
    )
    used = _used(checks.sample_differences(Altered(_scaled(name, 1 + 1e-5)), case), case)
    assert used.pop(subject) > 1000
    assert max(used.values()) <= 1, used


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_relative_error_of_theta(padding: str, aligned: bool) -> None:
    frame = Frame(2, 2, (5, 7), (6, 4), Convention(padding, aligned), "float64")
    case = transform_case(frame, "general", thetas.general, 1)
    used = _used(checks.transform_differences(Altered(_scaled("theta", 1 + 1e-5)), case), case)
    assert used.pop("grad_theta") > 1000
    assert max(used.values()) <= 1, used


def test_a_pixel_that_reaches_a_far_output_is_seen() -> None:
    """Crosstalk: one output also reads the opposite corner, in the forward only."""

    def leak(call: Call, reply: Reply) -> Reply:
        output = reply.output.copy()
        output[..., 0, 0] += 1e-6 * call.arrays["image"][..., -1, -1]
        return Reply(output, reply.dtype, reply.gradients)

    case = sample_case(Frame(1, 1, (6, 7), (5, 4), Convention(), "float64"), "inside", grids.inside, 2)
    used = _used(checks.sample_differences(Altered(leak), case), case)
    assert used["output"] > 1 or used["grad_input"] > 1


def test_stencils_stay_inside_their_cells() -> None:
    """Every moved point lies in the cell that its slope is said to be of."""
    frame = Frame(3, 1, (9, 13), (16, 17), Convention(), "float64")
    from stn_verify.differences.stencil import stencil

    for kind, maker in grids.ALL.items():
        case = sample_case(frame, kind, maker, 5)
        arithmetic = claimed(InProcessTarget(REFERENCE).description, "float64")
        for axis in (case.scene.x, case.scene.y):
            plan = stencil(axis, arithmetic, np.random.default_rng(0))
            nearest = np.rint(axis.position)
            left = np.where(plan.kink, nearest - 1, axis.cell)
            right = np.where(plan.kink, nearest, axis.cell)
            first, second = np.minimum(plan.low, plan.high), np.maximum(plan.low, plan.high)
            assert np.all((first > left) & (first < left + 1))
            assert np.all((second > right) & (second < right + 1))
