"""The verifier verified, where it takes a framework with its own differentiation."""

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="these samplers are torch's")

import faulty_determinism
import faulty_second_order
from examining import SMALL, examine, examine_session
from faults import Mutant
from torch_faults import TORCH_MUTANTS
from unusual import Unusual
from unusual_torch import TORCH_UNUSUAL, HalfStored

from stn_verify.exploration.session import Session
from stn_verify.verdicts.results import Status
from stn_verify.workers.client import WorkerTarget

MODULES = (faulty_second_order, faulty_determinism)
"""Importing them registers their mutants."""

IN_PROCESS = [mutant for name, mutant in TORCH_MUTANTS.items() if name != "SeededByProcess"]
FEW = replace(SMALL, name="few", examples=4, large=True)
SECOND = {"grad2_input", "grad2_grid", "grad2_cotangent", "tangent"}


def test_corpus_counts() -> None:
    registered = [mutant for module in MODULES for mutant in TORCH_MUTANTS if hasattr(module, mutant)]
    assert len(registered) == len(TORCH_MUTANTS) >= 20


@pytest.mark.parametrize("mutant", IN_PROCESS, ids=lambda mutant: mutant.name)
def test_mutant(mutant: Mutant) -> None:
    verdicts = examine(mutant.implementation, FEW, mutant.checks)
    wrong = {verdict.subject for verdict in verdicts if verdict.status is mutant.status}
    assert mutant.subjects <= wrong, f"survived: {mutant.what}"
    accused = {verdict.subject for verdict in verdicts if not verdict.status.conforms}
    assert not accused & mutant.spared
    assert mutant.subjects & SECOND == accused & SECOND


@pytest.mark.parametrize("right", TORCH_UNUSUAL.values(), ids=lambda right: right.implementation.name)
def test_unusual(right: Unusual) -> None:
    verdicts = examine(right.implementation, FEW)
    assert [str(v) for v in verdicts if not v.status.conforms] == []
    assert any(verdict.warning for verdict in verdicts) == right.warned
    claimed = [v for v in verdicts if v.suite == "second_order" and right.implementation.claims]
    assert [str(v) for v in claimed if v.status is not Status.PASSED] == []


def test_narrow_storage() -> None:
    checks = ("double_backward", "double_backward_differences", "forward_mode")
    verdicts = examine(HalfStored, FEW, checks)
    assert [str(v) for v in verdicts if v.status is not Status.PASSED] == []


def test_mutant_seen_by_fresh_processes_alone() -> None:
    mutant = TORCH_MUTANTS["SeededByProcess"]
    target = WorkerTarget(f"{faulty_determinism.__file__}:{mutant.name}", deadline=60)
    try:
        session = Session(mutant.name, target, profile=FEW)
        verdicts = examine_session(session, mutant.checks)
    finally:
        target.close()
    failed = {verdict.subject for verdict in verdicts if verdict.status is Status.FAILED}
    assert failed == mutant.subjects
    assert {v.status for v in examine(mutant.implementation, FEW, mutant.checks)} == {Status.PASSED}
