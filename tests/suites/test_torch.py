"""The main job, whole: what is known to fail in the installed torch fails, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stn_verify.verdicts.results import Results, Status, Verdict

pytest.importorskip("torch", reason="the target of the main job")


Checker = Callable[..., tuple[int, Results]]


def known(verdict: Verdict) -> bool:
    """Whether docs/findings.md tells of it."""
    if verdict.suite == "robustness":
        return verdict.status is Status.CRASHED and "/zeros/" not in verdict.convention
    if verdict.check in ("area of 65536", "large areas"):
        # Wrong values, or whatever a kernel does that writes out of bounds.
        spoilt = (Status.FAILED, Status.CRASHED, Status.RAISED)
        return verdict.status in spoilt and verdict.dtype in ("float16", "bfloat16")
    if verdict.check.startswith("single row or column"):
        return verdict.status is Status.RAISED and verdict.dtype in ("float16", "bfloat16")
    return False


def test_nothing_but_the_known_findings(check: Checker, tmp_path: Path) -> None:
    code, results = check("torch", "--jobs", "2")
    assert results.finished
    wrong = [verdict for verdict in results.verdicts if not verdict.status.conforms]
    assert [str(verdict) for verdict in wrong if not known(verdict)] == []
    assert code == (1 if wrong else 0)
    for verdict in wrong:
        assert verdict.reproducer is not None
        assert (tmp_path / verdict.reproducer).exists()


def test_rules_and_precision_are_named(check: Checker) -> None:
    code, results = check("torch", "--suite", "kinks", "-k", "rule", "--dtype", "float64")
    assert code == 0
    rules = {verdict.convention: verdict.rule for verdict in results.verdicts}
    assert all(rule["inside"] == "right" for rule in rules.values())
    assert rules["bilinear/border/aligned"]["first pixel"] == "left"
    assert rules["bilinear/border/aligned"]["last pixel"] == "right"
    assert rules["bilinear/reflection/aligned"]["first pixel"] == "mean"
    assert {verdict.effective_precision for verdict in results.verdicts} == {"float64"}
