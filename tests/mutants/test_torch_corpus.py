"""The verifier verified, where it takes a framework with its own differentiation."""

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="these samplers are torch's")

import faulty_determinism
import faulty_second_order
from examining import SMALL, examine
from faults import Mutant
from torch_faults import TORCH_MUTANTS
from unusual import Unusual
from unusual_torch import TORCH_UNUSUAL

from stn_verify.verdicts.results import Status

MODULES = (faulty_second_order, faulty_determinism)
IN_PROCESS = [mutant for name, mutant in TORCH_MUTANTS.items() if name != "SeededByProcess"]
FEW = replace(SMALL, name="few", examples=4, large=True)
SECOND = {"grad2_input", "grad2_grid", "grad2_cotangent", "tangent"}


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
    assert not right.implementation.claims or all(v.status is Status.PASSED for v in verdicts)
