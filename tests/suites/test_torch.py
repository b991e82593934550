"""The main job, whole: what is known to fail in the installed torch fails, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stn_verify.verdicts.results import Results, Status

pytest.importorskip("torch", reason="the target of the main job")


Checker = Callable[..., tuple[int, Results]]


def test_nothing_but_the_known_findings(check: Checker, tmp_path: Path) -> None:
    """What stn_adapters/known_failures/torch.toml names fails, and nothing else."""
    code, results = check("torch", "--jobs", "2")
    assert results.finished
    assert [str(verdict) for verdict in results.verdicts if not verdict.status.conforms] == []
    assert code == 0
    known = [verdict for verdict in results.verdicts if verdict.status is Status.KNOWN]
    for verdict in known:
        assert verdict.reproducer is not None
        assert (tmp_path / verdict.reproducer).exists()
    assert {verdict.check for verdict in known} >= {"area of 65536", "single row or column"}


def test_nothing_is_excused_without_the_file(check: Checker) -> None:
    options = ("--suite", "sizes", "-k", "single_row", "--dtype", "float16", "--known-failures", "none")
    code, results = check("torch", *options)
    assert code == 1
    assert {verdict.status for verdict in results.verdicts} == {Status.RAISED}


def test_rules_and_precision_are_named(check: Checker) -> None:
    code, results = check("torch", "--suite", "kinks", "-k", "rule", "--dtype", "float64")
    assert code == 0
    rules = {verdict.convention: verdict.rule for verdict in results.verdicts}
    assert all(rule["inside"] == "right" for rule in rules.values())
    assert rules["bilinear/border/aligned"]["first pixel"] == "left"
    assert rules["bilinear/border/aligned"]["last pixel"] == "right"
    assert rules["bilinear/reflection/aligned"]["first pixel"] == "mean"
    assert {verdict.effective_precision for verdict in results.verdicts} == {"float64"}
