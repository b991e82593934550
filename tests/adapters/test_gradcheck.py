"""gradcheck as a checker, and our own check beside it, on torch's sampler."""

from functools import partial

import pytest

from stn_adapters.gradcheck import FAST, SLOW
from stn_suites import entrywise
from stn_verify.contract.loading import load
from stn_verify.timing.checks.checker import C, N, Request
from stn_verify.workers.evaluator import InProcessTarget

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize("side", [2, 5])
def test_slow_mode_evaluates_for_every_input_and_output(side: int) -> None:
    checked = SLOW(1).check(Request(side=side, seed=0).case())
    inputs = N * (C * side * side + 2 * side * side)
    outputs = N * C * side * side
    assert checked.passed
    # Twice for each input entry, and once for each of its two differentiated graphs.
    assert checked.forwards >= 2 * inputs
    assert checked.backwards >= 2 * outputs
    assert checked.forwards <= 2 * inputs + 4
    assert checked.backwards <= 2 * outputs + 4


def test_fast_mode_takes_as_many_evaluations_at_every_size() -> None:
    counts = [FAST(1).check(Request(side=side, seed=0).case()) for side in (2, 9)]
    assert counts[0] == counts[1]
    assert counts[0].passed


def test_a_wrong_gradient_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.nn.functional import grid_sample

    def detached(image: object, grid: object, **choices: object) -> object:
        return grid_sample(image, grid, **choices) + grid_sample(image.detach(), grid, **choices)  # type: ignore[attr-defined]  tensors

    monkeypatch.setattr("stn_adapters.gradcheck.grid_sample", detached)
    assert not SLOW(1).check(Request(side=3, seed=0).case()).passed


def test_our_check_takes_as_many_evaluations_at_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrywise, "WorkerTarget", partial(_in_process))
    check = entrywise.EntrywiseCheck(1)
    try:
        counts = [check.check(Request(side=side, seed=0).case()) for side in (2, 9)]
    finally:
        check.close()
    assert all(checked.passed and (checked.forwards, checked.backwards) == (9, 1) for checked in counts)
    assert all(0 < (checked.budget_used or 0) <= 1 for checked in counts)


def _in_process(target: str, deadline: float) -> InProcessTarget:
    return InProcessTarget(load(target))
