"""Failures of generators, reproduced in NumPy: the script says which family, or calls the reference's function of it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stn_reference.generators import FAMILIES
from stn_suites.checks import grid
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import GenerateCase
from stn_verify.contract.convention import Convention
from stn_verify.contract.loading import load
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination, Nonconforming
from stn_verify.exploration.profiles import PROFILES
from stn_verify.exploration.reproducer import write_reproducers
from stn_verify.workers.evaluator import InProcessTarget

SOURCE = """
import stn_reference
import stn_verify


@stn_verify.implementation("numpy", padding="border", dtypes=("float64",), families=("projective", "thin_plate"))
class Target:
    def generate(theta, size, *, align_corners, family):
        return {factor} * stn_reference.FAMILIES[family].grid(theta, size, align_corners=align_corners)
"""


def _case(family: str) -> GenerateCase:
    theta = 1.25 * FAMILIES[family].identity(2, (2, 3))
    cotangent = np.ones((2, 2, 3, 2))
    return GenerateCase(theta, (2, 3), cotangent, "float64", Convention("border", True), family=family)


def _judged(name: str, case: GenerateCase, check: Any, folder: Path) -> Path:
    held = InProcessTarget(load(name))
    examination = Examination(
        "generators", "grids", case.dtype, case.convention, ("grid",), held, PROFILES["quick"], 0
    )
    with pytest.raises(Nonconforming):
        examination.judge([case], check)
    (verdict,) = write_reproducers(name, examination, examination.verdicts(), folder / "out")
    assert verdict.reproducer is not None, verdict.reason
    return folder / "out" / verdict.reproducer


@pytest.mark.parametrize("family", ["projective", "thin_plate"])
def test_the_script_names_the_family(bench: Any, family: str) -> None:
    case = _case(family)
    bench.write(SOURCE.format(factor=1.001))
    script = _judged("target.py:Target", case, grid, bench.folder)
    assert f'align_corners=True, family="{family}"' in script.read_text()
    wrong = _run(script)
    assert (wrong.returncode, "outside" in wrong.stdout) == (1, True), wrong.stderr
    bench.write(SOURCE.format(factor=1))
    right = _run(script)
    assert (right.returncode, "inside" in right.stdout) == (0, True), right.stderr


def test_the_reference_is_called_by_the_function_of_the_family(bench: Any) -> None:
    case = _case("projective")

    def moved(target: Target, case: GenerateCase) -> list[Comparison]:
        (found,) = grid(target, case)
        return [Comparison("grid", found.values + 1, found.expectation, formula="output + 1")]

    script = _judged("reference", case, moved, bench.folder)
    assert "stn_reference.projective_grid(theta, (2, 3), align_corners=True)" in script.read_text()
    assert "outside" in _run(script).stdout


def _run(script: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=300, check=False
    )
