"""The laws: each holds for the reference, and each is broken by a reply that is altered a little."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_adapters.reference import REFERENCE
from stn_suites import independence, laws
from stn_suites.reproduced import reproduce_pixels
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.reproduced import (
    MOVES,
    every_kind,
    sample_move,
    sample_moves,
    transform_move,
    transform_moves,
)
from stn_verify.cases.shifted import shiftable_cases
from stn_verify.cases.strategies import Frame, sample_case, sample_cases, transform_case, transform_cases
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.exploration.examination import Examination, Nonconforming
from stn_verify.exploration.profiles import PROFILES
from stn_verify.formats import named
from stn_verify.verdicts.results import Status
from stn_verify.workers.evaluator import InProcessTarget

Law = Callable[[Target, SampleCase | TransformCase], Iterable[Comparison]]
Alter = Callable[[Call, Reply], Reply]

LAWS: dict[str, Law] = {
    "linear": laws.linear,
    "adjoint": laws.adjoint,
    "constant": laws.constant,
    "between": laws.between,
    "steady": laws.steady,
    "conserved": laws.conserved,
    "unspoilt": independence.others_unspoilt,
    "permuted": independence.permuted,
}

conventions = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())


class Altered(InProcessTarget):
    """The oracle, with a say in every reply."""

    def __init__(self, alter: Alter) -> None:
        super().__init__(REFERENCE)
        self._alter = alter

    def call(self, call: Call) -> Reply:
        return self._alter(call, super().call(call))


def altered(field: str, change: Callable[[Any, Call], Any]) -> Alter:
    """Changes the output, or one gradient by the name of its input."""

    def alter(call: Call, reply: Reply) -> Reply:
        if field == "output":
            return replace(reply, output=change(reply.output, call))
        gradients = {k: change(v, call) if k == field else v for k, v in reply.gradients.items()}
        return replace(reply, gradients=gradients)

    return alter


def repeated() -> Alter:
    """The first reply to a call of its function and shape, again and again."""
    kept: dict[object, Reply] = {}

    def alter(call: Call, reply: Reply) -> Reply:
        return kept.setdefault((call.function, reply.output.shape), reply)

    return alter


ALTERATIONS: dict[str, tuple[str, Alter]] = {
    "linear": ("output", altered("output", lambda output, _: np.tanh(output / 1000) * 1000)),
    "adjoint": ("grad_input", altered("image", lambda gradient, _: gradient * (1 + 1e-9))),
    "constant": ("output", altered("output", lambda output, _: output * (1 - 2.0**-40))),
    "between": ("output", altered("output", lambda output, _: output * 2)),
    "conserved": ("grad_input", altered("image", lambda gradient, _: np.where(gradient > 1, 1, gradient))),
    "unspoilt": ("output", altered("output", lambda output, _: output + (1e-60 * output).sum())),
    "permuted": ("output", repeated()),
}


def cases() -> list[SampleCase | TransformCase]:
    convention = Convention("border", False)
    frame = Frame(3, 3, (7, 9), (8, 5), convention, "float64")
    found: list[SampleCase | TransformCase] = []
    for seed in range(4):
        found.append(sample_case(frame, "inside", grids.inside, seed))
        found.append(transform_case(frame, "general", thetas.general, seed))
    return found


def used(comparisons: Iterable[Comparison], dtype: str = "float64") -> dict[str, float]:
    arithmetic = Arithmetic(named(dtype), named(dtype))
    return {comparison.subject: comparison.budget_used(arithmetic) for comparison in comparisons}


@pytest.mark.parametrize("name", LAWS)
@given(data=st.data(), convention=conventions)
def test_holds_for_the_reference(name: str, data: st.DataObject, convention: Convention) -> None:
    strategy = st.one_of(
        sample_cases("float64", convention, grids.ALL), transform_cases("float64", convention, thetas.ALL)
    )
    comparisons = list(LAWS[name](InProcessTarget(REFERENCE), data.draw(strategy)))
    assert comparisons
    assert all(budget <= 1 for budget in used(comparisons).values())
    # A coarser arithmetic allows no less.
    assert all(budget <= 1 for budget in used(comparisons, "bfloat16").values())


@pytest.mark.parametrize("name", ALTERATIONS)
@pytest.mark.parametrize("function", ["sample", "transform"])
def test_can_fail(name: str, function: str) -> None:
    subject, alter = ALTERATIONS[name]
    assert _worst(LAWS[name], Altered(alter), function)[subject] > 1


@pytest.mark.parametrize(("function", "points"), [("sample", "grid"), ("transform", "theta")])
def test_added_constant_can_fail(function: str, points: str) -> None:
    brighter = altered(points, lambda gradient, call: gradient + 1e-9 * call.arrays["image"].mean())
    assert _worst(laws.steady, Altered(brighter), function)[f"grad_{points}"] > 1


def _worst(law: Law, target: Target, function: str) -> dict[str, float]:
    budgets = [used(law(target, case)) for case in cases() if case.function == function]
    return {subject: max(budget[subject] for budget in budgets) for subject in budgets[0]}


@given(data=st.data(), convention=conventions)
def test_composition_holds_for_the_reference(data: st.DataObject, convention: Convention) -> None:
    case = data.draw(shiftable_cases("float64", convention))
    comparisons = list(laws.composed(InProcessTarget(REFERENCE), case))
    assert used(comparisons)["output"] <= 1
    assert used(comparisons, "bfloat16")["output"] <= 1


def test_composition_can_fail() -> None:
    drifting = Altered(
        altered(
            "output", lambda output, call: output + 1e-9 * call.arrays["theta"][:, 0, 2, None, None, None]
        )
    )
    frame = Frame(2, 2, (7, 5), (8, 8), Convention("zeros", False), "float64")
    case = transform_case(frame, "general", lambda *_: np.full((2, 2, 3), 0.25), 0)
    assert used(laws.composed(drifting, case))["output"] > 1


def _examination(target: Target, convention: Convention) -> Examination:
    return Examination("suite", "check", "float64", convention, ("output",), target, PROFILES["default"], 0)


@pytest.mark.parametrize(("move", "moves"), [(sample_move, sample_moves), (transform_move, transform_moves)])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_pixels_are_exact_in_the_reference(move: Any, moves: Any, padding: str, aligned: bool) -> None:
    convention = Convention(padding, aligned)
    examination = _examination(InProcessTarget(REFERENCE), convention)
    check = reproduce_pixels(examination)
    examination.judge((move(plan, "float64", convention) for plan in every_kind(convention)), check)
    assert examination.observed == dict.fromkeys(MOVES, "exact")
    examination.explore(moves("float64", convention), check)
    assert examination.observed["identity"] == "exact"


def test_pixels_can_fail() -> None:
    convention = Convention("border", True)
    target = Altered(altered("output", lambda output, _: output + 1e-9))
    examination = _examination(target, convention)
    with pytest.raises(Nonconforming):
        examination.explore(sample_moves("float64", convention), reproduce_pixels(examination))
    assert set(examination.observed.values()) == {"outside the bound"}
    assert [verdict.status for verdict in examination.verdicts()] == [Status.FAILED]


@pytest.mark.parametrize("law", [laws.adjoint, laws.conserved])
def test_formulas_say_how_values_follow(law: Law) -> None:
    """As a reproducer script will work them out."""
    target = InProcessTarget(REFERENCE)
    for case in cases():
        (comparison,) = law(target, case)
        call = comparison.calls[-1]
        reply = target.call(call)
        names = {**call.arrays, "cotangent": call.cotangent, "grad_input": reply.gradients["image"], "np": np}
        assert comparison.formula is not None
        # The formula is the suites' own text.
        np.testing.assert_array_equal(eval(comparison.formula, {}, names), comparison.values)


def test_replies_are_those_of_the_last_call() -> None:
    """Where there is no formula, a script that repeats the calls finds the values that were judged."""
    target = InProcessTarget(REFERENCE)
    for case in cases():
        for name in ("linear", "constant", "steady", "permuted"):
            for comparison in LAWS[name](target, case):
                reply = target.call(comparison.calls[-1])
                subject = comparison.subject.removeprefix("grad_").replace("input", "image")
                found = reply.output if subject == "output" else reply.gradients[subject]
                np.testing.assert_array_equal(found, comparison.values)
