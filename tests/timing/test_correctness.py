"""What is judged of a case before it is timed."""

import pytest
from fake_workers import implementation

from stn_verify.contract.convention import Convention
from stn_verify.timing import correctness
from stn_verify.timing.correctness import asked, judge
from stn_verify.timing.workload import Workload
from stn_verify.workers.evaluator import InProcessTarget

WORK = Workload("transform", "all", 5, 1, (8, 8), (8, 8), "float64")


def verdict_of(scale: float) -> correctness.Verdict:
    target = InProcessTarget(implementation("mine", scale))
    case = WORK.case(Convention(), 0)
    call = asked(WORK, case, target)
    return judge(case, call, target.call(call), target)


def test_right_is_right_and_wrong_is_wrong() -> None:
    assert verdict_of(1.0).wrong is None
    told = verdict_of(1.001).wrong
    assert told is not None
    assert "output[" in told
    assert "grad_" not in told


def test_of_a_large_batch_some_images_are_judged_and_the_row_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correctness, "ENTRIES", 2 * 64)
    verdict = verdict_of(1.0)
    assert verdict.judged == "output, grad_input, grad_theta of 2 of 5 images"
    assert verdict.wrong is None
    assert verdict_of(1.001).wrong is not None
