"""The verifier verified: every mutant is killed for the right reason, and nothing right is."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import MODULES, MUTANTS
from examining import SMALL, examine
from faults import Mutant
from unusual import UNUSUAL, Unusual

from stn_verify.formats import FORMATS
from stn_verify.verdicts.results import Results, Status, Verdict, read_results

HERE = Path(__file__).parent

ENDING = [m for m in MUTANTS.values() if m.status in (Status.CRASHED, Status.TIMED_OUT)]
STAYING = [m for m in MUTANTS.values() if m not in ENDING]
QUIET = [right for name, right in UNUSUAL.items() if name != "Noisy"]

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
    assert len(found) >= 60
    assert len(UNUSUAL) >= 7
    assert {"output", "grad_input", "grad_grid", "grad_theta", "grid"} <= set().union(
        *(m.subjects for m in found)
    )


@pytest.mark.parametrize("mutant", _parameters(STAYING))
def test_mutant(mutant: Mutant) -> None:
    profile = replace(SMALL, large=True) if mutant.checks else SMALL
    verdicts = examine(mutant.implementation, profile, mutant.checks)
    failed = [verdict for verdict in verdicts if verdict.status is mutant.status]
    assert mutant.subjects <= {verdict.subject for verdict in failed}, f"survived: {mutant.what}"
    assert not mutant.spared & {verdict.subject for verdict in verdicts if not verdict.status.conforms}
    if mutant.effective_precision:
        assert {_coarsest(failed, subject) for subject in mutant.subjects} == {mutant.effective_precision}


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
    results = _checked(_place(mutant), tmp_path, "--suite", "values", "--deadline", "2")
    assert {(verdict.subject, verdict.status) for verdict in _decided(results)} == {("output", mutant.status)}
    assert not results.conforms


@pytest.mark.parametrize("name", ["WideScale", "RolledInput", "FlippedSign", "ThetaGradientOff"])
def test_mutant_as_a_user_meets_it(name: str, tmp_path: Path) -> None:
    mutant = MUTANTS[name]
    results = _checked(_place(mutant), tmp_path, "--suite", "gradients")
    failed = {verdict.subject for verdict in results.verdicts if verdict.status is Status.FAILED}
    assert failed >= mutant.subjects
    assert not failed & mutant.spared
    reproducers = {verdict.reproducer for verdict in results.verdicts if verdict.status is Status.FAILED}
    assert all(reproducer and (tmp_path / reproducer).is_file() for reproducer in reproducers)


def test_unusual_torch() -> None:
    pytest.importorskip("torch", reason="one mutant and one right sampler are torch's")
    import corpus_torch  # noqa: F401  because importing registers what needs torch

    test_unusual(UNUSUAL["TorchGather"])


@pytest.mark.parametrize("name", ["ImageAlone", "GridAlone"])
def test_mutant_torch(name: str) -> None:
    pytest.importorskip("torch", reason="one mutant and one right sampler are torch's")
    import corpus_torch  # noqa: F401  because importing registers what needs torch

    test_mutant(MUTANTS[name])


@pytest.mark.parametrize("place", ["unusual.py:Noisy", "unusual.py:PixelRows", "corpus_torch.py:TorchGather"])
def test_unusual_as_a_user_meets_it(place: str, tmp_path: Path) -> None:
    if "torch" in place:
        pytest.importorskip("torch", reason="one mutant and one right sampler are torch's")
    results = _checked(str(HERE / place), tmp_path, "--suite", "gradients", "--dtype", "float64")
    assert [verdict.reason for verdict in _decided(results) if verdict.status is not Status.PASSED] == []
    assert results.conforms


def _coarsest(verdicts: list[Verdict], subject: str) -> str:
    """The effective precision of a subject over all checks; 'none' is coarser than any format."""
    order = [*FORMATS, "none"]
    told = [verdict.effective_precision or "none" for verdict in verdicts if verdict.subject == subject]
    return max(told, key=order.index)


def _place(mutant: Mutant) -> str:
    """The mutant as a target."""
    module = next(module for module in MODULES if hasattr(module, mutant.name))
    return f"{module.__file__}:{mutant.name}"


def _decided(results: Results) -> list[Verdict]:
    return [verdict for verdict in results.verdicts if verdict.status is not Status.UNSUPPORTED]


def _checked(target: str, output: Path, *options: str) -> Results:
    """`stn-verify check TARGET`, in a process of its own."""
    subprocess.run(
        [
            *(sys.executable, "-c", "from stn_verify.cli.app import main; main()"),
            *("check", target, "--quick", "--jobs", "1", "--output", str(output), *options),
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=output,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return read_results(output / "results.json")
