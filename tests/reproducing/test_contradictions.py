"""Failures that are no number: calls without a result, wrong calls that are answered, inputs written to, other dtypes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stn_suites import checks
from stn_suites.rules import name_rules
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.exact import exact_cases
from stn_verify.contract.loading import load
from stn_verify.contract.target import Call, Target, TargetCrashed, TargetRaised, TargetReplied
from stn_verify.exploration.examination import Examination, Nonconforming
from stn_verify.exploration.profiles import PROFILES
from stn_verify.judging.statement import Statement
from stn_verify.workers.evaluator import InProcessTarget

TORCH = """
import os
import torch
from torch.nn import functional as F

def sample(image, grid, *, padding, align_corners):
    {first}
    output = F.grid_sample(image, grid, padding_mode=padding, align_corners=align_corners)
    {then}
    return output
"""

NUMPY = """
import numpy as np
import stn_reference

class Target:
    @staticmethod
    def sample(image, grid, *, padding, align_corners):
        output = stn_reference.sample(image, grid, padding=padding, align_corners=align_corners)
        {then}
        return output.astype(image.dtype)

    @staticmethod
    def sample_vjp(image, grid, cotangent, **choices):
        gradients = stn_reference.sample_vjp(image, grid, cotangent, **choices)
        return [gradient.astype("{dtype}") for gradient in gradients]
"""

Ask = Callable[[SampleCase], Call]


def _says(ask: Ask, law: str | None = None) -> Any:
    """A check that makes one call and holds something against it, whatever comes back."""

    def check(target: Target, case: Any) -> list[Statement]:
        call = ask(case)
        target.call(call)
        return [Statement("output", False, "what should not be", (call,), law)]

    return check


def _fewer(case: SampleCase) -> Call:
    return replace(case.call(grid=case.grid[:1]), free=True)


def test_a_wrong_call_that_is_answered(bench: Any) -> None:
    first = "grid = grid.expand(len(image), -1, -1, -1)"
    source = TORCH.format(first=first, then="pass")
    shown = bench.shown("target.py:sample", source, bench.sampling(), _says(_fewer, "an exception"))
    assert "`sample` answers a wrong call.\n\nExpected: an exception\n" in shown.text
    answered = bench.run(shown)
    assert answered.returncode == 1, answered.stderr
    assert answered.stdout.endswith("returned  Tensor torch.Size([2, 2, 2, 3])\n")
    bench.write(TORCH.format(first="pass", then="pass"))
    refused = bench.run(shown)
    assert refused.returncode == 0, refused.stderr
    assert "raises    RuntimeError" in refused.stdout


def test_a_wrong_call_that_ends_the_process(bench: Any) -> None:
    bench.write(TORCH.format(first="len(image) == len(grid) or os.abort()", then="pass"))
    case = bench.sampling()
    examination = _begun(case)
    failure = TargetCrashed("killed by SIGABRT")
    failure.call = _fewer(case)
    examination.failure, examination.failed_case = failure, case
    shown = bench.told("target.py:sample", examination)
    assert "`sample` crashes on a wrong call." in shown.text
    assert bench.run(shown, isolated=True).returncode == -6
    bench.write(TORCH.format(first="pass", then="pass"))
    assert bench.run(shown).returncode == 0


@pytest.mark.parametrize(
    ("then", "says"),
    [
        ("image.data[0, 0, 0, 0] = 7.5", "inputs written to: image\n"),
        ("grid.data.mul_(0.5)", "inputs written to: grid\n"),
        ("output = output.double()", "of a wrong dtype or device: output\n"),
    ],
)
def test_a_watched_call(bench: Any, then: str, says: str) -> None:
    def watched(case: SampleCase) -> Call:
        image = case.image.copy()
        image[0, 0, 1, 1] = np.nan
        return replace(case.call(("image",), image=image), watched=True)

    case = bench.sampling(dtype="float32")
    shown = bench.shown("target.py:sample", TORCH.format(first="pass", then=then), case, _says(watched))
    wrong = bench.run(shown)
    assert wrong.returncode == 1, wrong.stderr
    assert says in wrong.stdout
    bench.write(TORCH.format(first="pass", then="pass"))
    right = bench.run(shown)
    assert right.returncode == 0, right.stdout + right.stderr


@pytest.mark.parametrize(
    ("dtype", "then", "status"),
    [("float32", "pass", 0), ("float64", "pass", 0), ("float16", "pass", 1), ("float32", "grid *= 2", 1)],
)
def test_a_watched_call_of_numpy(bench: Any, dtype: str, then: str, status: int) -> None:
    """Gradients may be finer than their inputs."""
    source = NUMPY.format(then=then, dtype=dtype)

    def watched(case: SampleCase) -> Call:
        return replace(case.call(("image", "grid")), watched=True)

    shown = bench.shown("target.py:Target", source, bench.sampling(dtype="float32"), _says(watched))
    told = bench.run(shown)
    assert told.returncode == status, told.stdout + told.stderr


def test_the_very_call_that_brought_no_result_is_made(bench: Any) -> None:
    first = "assert not (image == 0).any(), 'a dark pixel'"
    source = TORCH.format(first=first, then="pass")
    shown = bench.shown("target.py:sample", source, bench.sampling(images=1), checks.lattice_differences)
    told = bench.run(shown, isolated=True)
    assert told.returncode == 1
    assert "AssertionError: a dark pixel" in told.stderr
    assert "[1.0, 0.0, 1.0, 0.0]" in shown.text, "an image of the lattice, not the case's own"
    bench.write(TORCH.format(first="pass", then="pass"))
    assert bench.run(shown).returncode == 0


def test_a_gradient_of_every_kind_of_call_has_its_shape(bench: Any) -> None:
    def mapped(case: SampleCase) -> Call:
        seconds = {"image": case.image, "grid": case.grid}
        return replace(case.call(("image", "grid")), seconds=seconds)

    def check(target: Target, case: Any) -> list[Statement]:
        target.call(mapped(case))
        return []

    source = TORCH.format(first="pass", then="raise ValueError('no')")
    shown = bench.shown("target.py:sample", source, bench.sampling(), check)
    assert bench.run(shown).returncode == 1
    bench.write(TORCH.format(first="pass", then="pass"))
    told = bench.run(shown)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "if not is_result(second_cotangent, (2, 2, 2, 3)):" in shown.text


def test_a_rule_that_contradicts_the_declared_one(bench: Any) -> None:
    bench.write(
        TORCH.format(first="pass", then="pass").replace(
            "def sample",
            "import stn_verify\n@stn_verify.implementation('torch', subgradient='left')\ndef sample",
        )
    )
    cases = list(exact_cases("float64", bench.sampling().convention))
    examination = _begun(cases[0], ("grad_grid",))
    with pytest.raises(Nonconforming, match="declares the rule 'left'"):
        examination.judge(cases, name_rules(examination))
    shown = bench.told("target.py:sample", examination)
    assert "the derivative is the one declared, left" in shown.text
    told = bench.run(shown)
    assert told.returncode == 1, told.stdout + told.stderr
    assert told.stdout.endswith("outside\n")


def test_what_cannot_be_judged_is_printed(bench: Any) -> None:
    bench.write(TORCH.format(first="pass", then="pass"))
    case = bench.sampling()
    examination = _begun(case)
    call = case.call()
    examination.contradict("answers in Latin", case, calls=(call, call))
    shown = bench.told("target.py:sample", examination)
    told = bench.run(shown)
    assert told.returncode == 2, told.stderr
    assert told.stdout.count("output tensor(") == 2
    assert "answers in Latin" in told.stdout


def test_programs_are_told_every_request(bench: Any) -> None:
    bench.write(TORCH.format(first="pass", then="pass"))
    case = bench.sampling()
    examination = _begun(case)
    examination.contradict(
        "drifts", case, calls=(case.call(), replace(case.call(image=-case.image), threads=2))
    )
    shown = bench.told("exec:./mine", examination)
    told = bench.run(shown)
    assert told.returncode == 2, told.stderr
    assert told.stdout.count("request  ") == 2
    assert "{'image': 'image_2', 'grid': 'grid'}" in told.stdout
    assert '"threads":2' in told.stdout
    assert "drifts" in told.stdout


@pytest.mark.parametrize(("then", "status"), [("output = [output]", 1), ("pass", 0)])
def test_a_probe_may_return_any_shape_but_no_list(bench: Any, then: str, status: int) -> None:
    bench.write(TORCH.format(first="pass", then=then))
    case = bench.sampling()
    examination = _begun(case)
    failure = TargetReplied("sample: output is a list, not a torch tensor")
    failure.call = replace(case.call(), free=True)
    examination.failure, examination.failed_case = failure, case
    assert bench.run(bench.told("target.py:sample", examination)).returncode == status


def test_a_raised_call_without_a_known_call_is_the_plain_one(bench: Any) -> None:
    bench.write(TORCH.format(first="raise ValueError('no')", then="pass"))
    case = bench.sampling()
    examination = _begun(case)
    examination.failure, examination.failed_case = TargetRaised("ValueError: no"), case
    assert bench.run(bench.told("target.py:sample", examination)).returncode == 1


def _begun(case: SampleCase | TransformCase, subjects: tuple[str, ...] = ("output",)) -> Examination:
    target = InProcessTarget(load("target.py:sample"))
    return Examination("suite", "check", case.dtype, case.convention, subjects, target, PROFILES["quick"], 0)
