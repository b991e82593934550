"""The production sampler as a target: nothing fails, nothing is excused, and what it claims is what is seen."""

from collections.abc import Callable

import pytest

from stn_verify.verdicts.results import Results, Status

pytest.importorskip("torch", reason="the production sampler is a torch operator")


Checker = Callable[..., tuple[int, Results]]
TARGET = "stn_adapters.production:PRODUCTION"


def test_derivatives_of_every_order(check: Checker) -> None:
    """In one dtype; the job `verify` asks for all suites in all of them. Nothing is unsupported either."""
    suites = ("--suite", "gradients", "--suite", "kinks", "--suite", "second_order")
    code, results = check(TARGET, *suites, "--dtype", "float32", "--jobs", "2")
    assert code == 0
    assert results.finished
    assert [str(verdict) for verdict in results.verdicts if verdict.status is not Status.PASSED] == []
    # At clip and mirror points too: the image is extended, the coordinate is not folded.
    assert {rule for verdict in results.verdicts for rule in verdict.rule.values()} == {"right"}
