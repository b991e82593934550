"""The verifier verified: every mutant is killed for the right reason, and nothing right is."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import HERE, MUTANTS, UNUSUAL, load_torch, place
from examining import SMALL, checked, examine
from faults import GROUPS, Mutant
from killing import survived
from unusual import Unusual

from stn_verify.verdicts.results import Results, Status, Verdict

ENDING = [mutant for mutant in MUTANTS.values() if mutant.ends_process]
STAYING = [mutant for mutant in MUTANTS.values() if not mutant.ends_process]
QUIET = [right for right in UNUSUAL.values() if not right.apart]

TORCH = "a few mutants and one right sampler are torch's"

FEW = replace(SMALL, name="few", examples=3)
"""An unusual implementation is examined in every convention that it offers, a mutant in one."""


def _parameters(corpus: Sequence[Mutant] | Sequence[Unusual]) -> list[object]:
    """What the suites do not yet find or wrongly fail is held to be so: a gap that is closed has to be struck out."""
    return [
        pytest.param(
            each,
            marks=[pytest.mark.xfail(reason=each.gap, raises=AssertionError, strict=True)]
            if each.gap
            else [],
            id=each.implementation.name,
        )
        for each in corpus
    ]


def test_corpus_counts() -> None:
    found = [mutant for mutant in MUTANTS.values() if mutant.gap is None]
    assert len(found) >= 100
    assert len(UNUSUAL) >= 12
    assert {"output", "grad_input", "grad_grid", "grad_theta", "grid"} <= set().union(
        *(m.subjects for m in found)
    )
    # Determinism and second derivatives are of frameworks that differentiate by themselves.
    assert {mutant.group for mutant in found} >= set(GROUPS) - {"determinism", "second order"}


@pytest.mark.parametrize("mutant", _parameters(STAYING))
def test_mutant(mutant: Mutant) -> None:
    profile = replace(SMALL, large=True) if mutant.checks else SMALL
    verdicts = examine(mutant.implementation, profile, mutant.checks)
    assert survived(mutant, verdicts) == []


@pytest.mark.parametrize("right", _parameters(QUIET))
def test_unusual(right: Unusual) -> None:
    verdicts = examine(right.implementation, FEW)
    assert verdicts
    assert [
        f"{v.check}: {v.subject}: {v.status}: {v.reason}" for v in verdicts if not v.status.conforms
    ] == []
    assert any(verdict.warning for verdict in verdicts) == right.warned


@pytest.mark.parametrize("mutant", ENDING, ids=lambda mutant: mutant.name)
def test_mutant_that_ends_its_process(mutant: Mutant, tmp_path: Path) -> None:
    suites = [option for suite in mutant.checks or ("values",) for option in ("--suite", suite)]
    results = checked(place(mutant.name), tmp_path, "--quick", *suites, "--deadline", "2")
    assert survived(mutant, results.verdicts) == []
    assert {verdict.status for verdict in _decided(results)} <= {mutant.status, Status.PASSED}
    assert not results.conforms


@pytest.mark.parametrize("name", ["WideScale", "RolledInput", "FlippedSign", "ThetaGradientOff"])
def test_mutant_as_a_user_meets_it(name: str, tmp_path: Path) -> None:
    mutant = MUTANTS[name]
    results = checked(place(name), tmp_path, "--quick", "--suite", "gradients")
    failed = {verdict.subject for verdict in results.verdicts if verdict.status is Status.FAILED}
    assert failed >= mutant.subjects
    assert not failed & mutant.spared
    reproducers = {verdict.reproducer for verdict in results.verdicts if verdict.status is Status.FAILED}
    assert all(reproducer and (tmp_path / reproducer).is_file() for reproducer in reproducers)


def test_unusual_torch() -> None:
    pytest.importorskip("torch", reason=TORCH)
    load_torch()
    test_unusual(UNUSUAL["TorchGather"])


@pytest.mark.parametrize("name", ["ImageAlone", "GridAlone", "FrozenImage"])
def test_mutant_torch(name: str) -> None:
    pytest.importorskip("torch", reason=TORCH)
    load_torch()
    test_mutant(MUTANTS[name])


@pytest.mark.parametrize(
    "target", ["unusual_habits.py:Noisy", "unusual_dialects.py:PixelRows", "corpus_torch.py:TorchGather"]
)
def test_unusual_as_a_user_meets_it(target: str, tmp_path: Path) -> None:
    if "torch" in target:
        pytest.importorskip("torch", reason=TORCH)
    results = checked(str(HERE / target), tmp_path, "--quick", "--suite", "gradients", "--dtype", "float64")
    assert [verdict.reason for verdict in _decided(results) if verdict.status is not Status.PASSED] == []
    assert results.conforms


def _decided(results: Results) -> list[Verdict]:
    return [verdict for verdict in results.verdicts if verdict.status is not Status.UNSUPPORTED]
