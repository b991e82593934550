"""Right implementations do not fail: a small count of what `false_failures.py` does at length."""

import pytest
from corpus import UNUSUAL
from false_failures import judge

from stn_adapters.reference import REFERENCE
from stn_verify.contract.implementation import Implementation
from stn_verify.contract.loading import load
from stn_verify.workers.evaluator import InProcessTarget


@pytest.mark.parametrize(
    "right", [REFERENCE, UNUSUAL["PixelSpace"].implementation], ids=lambda right: right.name
)
def test_no_false_failures(right: Implementation) -> None:
    counted = judge(InProcessTarget(right), 250)
    assert counted.cases == 250
    assert counted.failures == []
    assert all(0 < used <= 1 for used in counted.largest.values())


def test_no_false_failures_of_torch() -> None:
    pytest.importorskip("torch")
    counted = judge(InProcessTarget(load("stn_adapters.torch:TORCH")), 500)
    # Every kind in every convention and dtype.
    assert len(counted.kinds) == 19
    assert counted.failures == []
