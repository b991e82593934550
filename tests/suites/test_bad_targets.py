"""Whole runs of the command: what a target does to one verdict leaves the others standing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stn_verify.verdicts.results import Results, Status, Verdict

Checker = Callable[..., tuple[int, Results]]
TARGETS = Path(__file__).with_name("bad_targets.py")


@pytest.mark.parametrize(
    ("name", "status", "spoilt"),
    [
        ("crashes_on_nan", Status.CRASHED, "nan coordinates"),
        ("hangs_on_large", Status.TIMED_OUT, "large coordinates"),
    ],
)
def test_one_bad_habit(name: str, status: Status, spoilt: str, check: Checker) -> None:
    code, results = check(f"{TARGETS}:{name}", "--deadline", "2", "--jobs", "1")
    assert code == 1
    assert results.finished
    found = {
        verdict.check: verdict.status
        for verdict in results.verdicts
        if verdict.status is not Status.UNSUPPORTED
    }
    assert found.pop(spoilt) is status
    assert set(found.values()) == {Status.PASSED}
    assert len(found) > 10


def test_a_crash_in_every_tenth_call(check: Checker) -> None:
    """Each verdict that a right target gets is there; those whose calls met a crash say so, with a reproducer."""
    code, results = check(f"{TARGETS}:crashes_in_every_tenth_call", "--jobs", "1")
    assert code == 1
    assert results.finished
    _, whole = check(f"{TARGETS}:crashes_on_nan", "--jobs", "1")
    assert [_place(verdict) for verdict in results.verdicts] == [_place(v) for v in whole.verdicts]
    decided = {v.status for v in results.verdicts} - {Status.UNSUPPORTED}
    assert decided == {Status.CRASHED, Status.PASSED}
    assert all(v.reproducer for v in results.verdicts if v.status is Status.CRASHED)


def _place(verdict: Verdict) -> tuple[str, ...]:
    return verdict.suite, verdict.check, verdict.subject, verdict.dtype, verdict.convention


def test_undeclared(check: Checker) -> None:
    """Its convention is found out; without a gradient of its own only its values are judged."""
    code, results = check(f"{TARGETS}:plain")
    assert code == 0
    passed = {verdict.convention for verdict in results.verdicts if verdict.status is Status.PASSED}
    assert passed == {"bilinear/reflection/aligned"}
    assert {v.subject for v in results.verdicts if v.status is Status.PASSED} >= {"output"}
    unsupported = {v.reason for v in results.verdicts if v.status is Status.UNSUPPORTED}
    assert "gives no gradients of sample" in unsupported


def test_counts_of_a_full_check(check: Checker) -> None:
    """At most 8 forwards and 1 backward for (grid, input) of one case, and 80 forwards for theta of a fused target."""
    code, results = check("reference", "--suite", "gradients")
    assert code == 0
    most = {
        verdict.check: verdict.most_evaluations
        for verdict in results.verdicts
        if verdict.most_evaluations and verdict.convention.startswith("bilinear")
    }
    assert most["sample differences"] == {"forwards": 8, "backwards": 1}
    assert most["transform differences"]["forwards"] <= 80
    assert most["transform differences"]["backwards"] == 1
