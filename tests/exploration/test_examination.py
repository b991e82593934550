"""An examination: what becomes of good, bad, crashing and flaky targets."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from stn_adapters.reference import REFERENCE
from stn_suites import checks
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import point
from stn_verify.cases import grids
from stn_verify.cases.case import SampleCase
from stn_verify.cases.strategies import Frame, sample_case, sample_cases
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Call, Reply, Target, TargetCrashed
from stn_verify.exploration.examination import Examination, Nonconforming
from stn_verify.exploration.profiles import PROFILES
from stn_verify.judging.reference import compare_output
from stn_verify.judging.statement import Statement
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.workers.evaluator import InProcessTarget

CONVENTION = Convention("border", True)


class Altered(InProcessTarget):
    """The oracle, with a say in every reply."""

    def __init__(self, alter: Callable[[Call, Reply], Reply]) -> None:
        super().__init__(REFERENCE)
        self._alter = alter

    def call(self, call: Call) -> Reply:
        return self._alter(call, super().call(call))


def _examined(alter: Callable[[Call, Reply], Reply], subjects: tuple[str, ...] = ("output",)) -> Examination:
    target = Altered(alter)
    return Examination("suite", "check", "float64", CONVENTION, subjects, target, PROFILES["quick"], 0)


def _explored(examination: Examination) -> list[Verdict]:
    cases = sample_cases("float64", CONVENTION, grids.GENERIC)
    with pytest.raises(Nonconforming):
        examination.explore(cases, checks.values)
    return examination.verdicts()


def test_right() -> None:
    examination = _examined(lambda _, reply: reply)
    examination.explore(sample_cases("float64", CONVENTION, grids.GENERIC), checks.values)
    (verdict,) = examination.verdicts()
    assert verdict.status is Status.PASSED
    assert verdict.budget_used is not None
    assert 0 < verdict.budget_used <= 1
    assert verdict.effective_precision == "float64"
    assert verdict.examples == PROFILES["quick"].examples
    assert verdict.evaluations == {"forwards": verdict.examples, "backwards": 0}
    assert verdict.most_evaluations == {"forwards": 1, "backwards": 0}


def test_computed_in_float32_and_claimed_as_float64() -> None:
    def narrow(_: Call, reply: Reply) -> Reply:
        return Reply(reply.output.astype(np.float32).astype(np.float64), reply.dtype)

    (verdict,) = _explored(_examined(narrow))
    assert verdict.status is Status.FAILED
    assert verdict.effective_precision == "float32"
    assert "as exact as float32 arithmetic, float64 is claimed" in (verdict.reason or "")


def test_wrong_values_are_shrunk() -> None:
    examination = _examined(lambda _, reply: Reply(reply.output + 1.0, reply.dtype))
    (verdict,) = _explored(examination)
    assert verdict.status is Status.FAILED
    assert verdict.effective_precision == "none"
    (failing,) = examination.failing()
    assert failing.case is not None
    assert failing.case.cotangent.size == 1


def test_a_known_failure_is_not_shrunk_and_others_are_still_found() -> None:
    def wrong(call: Call, reply: Reply) -> Reply:
        calls.append(call)
        gradients = {name: gradient + (len(calls) > 2) for name, gradient in reply.gradients.items()}
        return Reply(reply.output + 1.0, reply.dtype, gradients)

    calls: list[Call] = []
    examination = _examined(wrong, ("output", "grad_input"))
    examination.known = lambda verdict: verdict.subject == "output"
    cases = sample_cases("float64", CONVENTION, grids.GENERIC)
    with pytest.raises(Nonconforming):
        examination.explore(cases, lambda target, case: checks.everything(target, case)[:2])
    output, grad_input = examination.verdicts()
    assert (output.status, grad_input.status) == (Status.FAILED, Status.FAILED)
    assert PROFILES["quick"].examples < output.examples
    calls.clear()
    alone = _examined(wrong)
    alone.known = lambda verdict: verdict.subject == "output"
    (verdict,) = _explored(alone)
    assert verdict.examples <= PROFILES["quick"].examples + 1


def test_given_cases_are_all_judged_though_a_failure_is_known() -> None:
    examination = _examined(lambda _, reply: Reply(reply.output + 1.0, reply.dtype))
    examination.known = lambda _: True
    frame = Frame(1, 1, (3, 4), (2, 2), CONVENTION, "float64")
    cases = [sample_case(frame, "inside", grids.inside, seed) for seed in range(5)]
    with pytest.raises(Nonconforming):
        examination.judge(cases, checks.values)
    assert examination.examples == 5


def test_a_crash_is_met_once() -> None:
    calls = 0

    def crash(_: Call, __: Reply) -> Reply:
        nonlocal calls
        calls += 1
        raise TargetCrashed("killed by SIGSEGV\nlast words")

    (verdict,) = _explored(_examined(crash))
    assert verdict.status is Status.CRASHED
    assert (verdict.reason or "").startswith("killed by SIGSEGV in sample(")
    assert calls == 1


def test_flaky_is_failed() -> None:
    calls = 0

    def flaky(_: Call, reply: Reply) -> Reply:
        nonlocal calls
        calls += 1
        return Reply(reply.output + (calls == 2), reply.dtype)

    (verdict,) = _explored(_examined(flaky))
    assert verdict.status is Status.FAILED


def test_not_a_number_is_failed() -> None:
    (verdict,) = _explored(_examined(lambda _, reply: Reply(reply.output * np.nan, reply.dtype)))
    assert verdict.status is Status.FAILED
    assert "is nan, expected" in (verdict.reason or "")


def test_given_cases_are_all_judged() -> None:
    examination = _examined(lambda _, reply: Reply(reply.output + 1.0, reply.dtype))
    frame = Frame(1, 1, (3, 4), (2, 2), CONVENTION, "float64")
    cases = [sample_case(frame, "inside", grids.inside, seed) for seed in range(5)]
    with pytest.raises(Nonconforming):
        examination.judge(cases, checks.values)
    assert examination.examples == 5


def test_nothing_compared_is_undecided() -> None:
    examination = _examined(lambda _, reply: reply)
    with pytest.raises(Nonconforming, match="nothing was compared"):
        examination.judge([], checks.values)
    (verdict,) = examination.verdicts()
    assert verdict.status is Status.UNDECIDED


def _beside(target: Target, case: SampleCase) -> Iterator[Comparison]:
    """The output twice: as it is, and less that of another call."""
    calls = (case.call(), case.call(image=case.image + 1.0))
    first, second = (target.call(call).output for call in calls)
    yield compare_output(case, first)
    yield Comparison(
        "output",
        second - first,
        lambda _: point(np.ones(first.shape), np.full(first.shape, 1e-9)),
        calls,
        "output - earlier[0].output",
        "a constant added to the image is added to the output",
    )


def test_what_showed_a_failure_is_kept_with_it() -> None:
    calls = 0

    def every_second(_: Call, reply: Reply) -> Reply:
        nonlocal calls
        calls += 1
        return Reply(reply.output + (calls % 2 == 0), reply.dtype)

    examination = _examined(every_second)
    with pytest.raises(Nonconforming, match="what must hold: a constant added to the image is added"):
        examination.explore(sample_cases("float64", CONVENTION, grids.GENERIC), _beside)
    (failing,) = examination.failing()
    assert failing.case is not None
    assert failing.formula == "output - earlier[0].output"
    first, second = failing.calls
    np.testing.assert_array_equal(first.arrays["image"], failing.case.arrays["image"])
    np.testing.assert_array_equal(second.arrays["image"], failing.case.arrays["image"] + 1.0)


def test_the_smallest_contradiction_is_kept() -> None:
    examination = _examined(lambda _, reply: reply)
    for side in (3, 2, 4):
        frame = Frame(1, 1, (side, side), (2, 2), CONVENTION, "float64")
        case = sample_case(frame, "inside", grids.inside, 0)
        examination.contradict(f"answered {side}", case, calls=(replace(case.call(), free=True),))
    assert examination.contradiction == "answered 2"
    assert examination.contradicted is not None
    (call,) = examination.contradicted.calls
    assert call.arrays["image"].shape == (1, 1, 2, 2)


def _stated(holds: bool) -> Examination:
    examination = _examined(lambda _, reply: reply)

    def check(_: object, __: object) -> list[Statement]:
        return [Statement("output", holds, "the output is blue")]

    cases = sample_cases("float64", CONVENTION, grids.GENERIC)
    if holds:
        examination.explore(cases, check, most=2)
    else:
        with pytest.raises(Nonconforming, match="the output is blue"):
            examination.explore(cases, check)
    return examination


def test_a_statement_that_holds_passes() -> None:
    examination = _stated(holds=True)
    (verdict,) = examination.verdicts()
    assert verdict.status is Status.PASSED
    assert verdict.budget_used is None
    assert verdict.examples == 2


def test_a_statement_that_does_not_hold_is_failed_and_shrunk() -> None:
    examination = _stated(holds=False)
    (verdict,) = examination.verdicts()
    assert verdict.status is Status.FAILED
    assert (verdict.reason or "").startswith("the output is blue in sample(image [1, 1, 1, 1]")


def test_several_comparisons_of_one_subject_are_steered_by_the_largest() -> None:
    target = Altered(lambda _, reply: reply)
    profile = PROFILES["default"]
    examination = Examination("suite", "check", "float64", CONVENTION, ("output",), target, profile, 0)

    def twice(target: Target, case: SampleCase) -> list[Comparison]:
        return [*checks.values(target, case), *checks.values(target, case)]

    examination.explore(sample_cases("float64", CONVENTION, grids.GENERIC), twice, most=20)
    assert examination.verdicts()[0].status is Status.PASSED
