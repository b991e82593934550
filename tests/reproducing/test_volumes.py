"""Failures on volumes, reproduced in torch and in NumPy."""

from typing import Any

import pytest

from stn_suites.checks import everything
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Target

SOURCE = """
import {framework}
import stn_verify
{imports}


@stn_verify.implementation(
    "{framework}", padding="border", align_corners=True, dtypes=("float64",), spatial=(3,)
)
class Target:
{body}
"""

TORCH = SOURCE.format(
    framework="torch",
    imports="from torch.nn import functional as F",
    body="""
    def sample(image, grid):
        grid = grid{turned}
        return F.grid_sample(image, grid, padding_mode="border", align_corners=True)

    def transform(image, theta, size):
        grid = F.affine_grid(theta, [len(theta), 1, *size], align_corners=True){turned}
        return F.grid_sample(image, grid, padding_mode="border", align_corners=True)
""",
)

NUMPY = SOURCE.format(
    framework="numpy",
    imports="import sys\nsys.path.append({folder!r})\nfrom volume_sampler import VolumeSampler\n\nheld = VolumeSampler()",
    body="""
    def sample(image, grid):
        grid = grid{turned}
        return held.sample(image, grid, padding="border", align_corners=True)

    def sample_vjp(image, grid, cotangent):
        grid = grid{turned}
        first, second = held.sample_vjp(image, grid, cotangent, padding="border", align_corners=True)
        return first, second{turned}
""",
)

SHAPE = Frame(2, 1, (3, 4, 2), (2, 3, 4), Convention("border", True), "float64")


def _output(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    return [one for one in everything(target, case) if one.subject == "output"]


@pytest.mark.parametrize("function", ["sample", "transform"])
def test_torch(bench: Any, function: str) -> None:
    pytest.importorskip("torch", reason="scripts in torch")
    sampling = function == "sample"
    case = (
        sample_case(SHAPE, "around", grids.around, 3)
        if sampling
        else transform_case(SHAPE, "general", thetas.general, 3)
    )
    shown = bench.shown("target.py:Target", TORCH.format(turned=".flip(-1)"), case, _output)
    assert sampling or "(2, 3, 4)" in shown.text
    wrong = bench.run(shown)
    assert (wrong.returncode, "outside" in wrong.stdout) == (1, True), wrong.stderr
    bench.write(TORCH.format(turned=""))
    right = bench.run(shown)
    assert (right.returncode, "inside" in right.stdout) == (0, True), right.stderr


def test_numpy(bench: Any, request: pytest.FixtureRequest) -> None:
    folder = str(request.config.rootpath / "tests" / "mutants")
    case = sample_case(SHAPE, "around", grids.around, 3)
    source = NUMPY.format(folder=folder, turned="[..., ::-1]")
    shown = bench.shown("target.py:Target", source, case, _output)
    wrong = bench.run(shown)
    assert (wrong.returncode, "outside" in wrong.stdout) == (1, True), wrong.stderr
    bench.write(NUMPY.format(folder=folder, turned=""))
    right = bench.run(shown)
    assert (right.returncode, "inside" in right.stdout) == (0, True), right.stderr
