"""A wrong declaration is one verdict; what is followed is judged, where it is a whole convention."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samplers import Anything

import stn_verify
from stn_adapters.reference import REFERENCE
from stn_reference import sample, sample_vjp
from stn_verify.cases.exact import exact_cases
from stn_verify.contract.convention import INTERPOLATIONS, PADDINGS, Convention
from stn_verify.contract.dialect import PLAIN, Dialect
from stn_verify.contract.errors import ContractError
from stn_verify.contract.implementation import Implementation, undeclared
from stn_verify.contract.target import Call, Reply, TargetTimedOut
from stn_verify.identification.convention import settled
from stn_verify.verdicts.results import Status, read_results
from stn_verify.workers.evaluator import InProcessTarget


def declared(function: Callable[..., Any], **declarations: Any) -> InProcessTarget:
    """In float64."""
    made = Implementation(
        "i", "numpy", {"sample": function}, **{"dtypes": ("float64",), "padding": "zeros", **declarations}
    )
    return InProcessTarget(made)


def test_a_right_declaration_costs_one_call_each() -> None:
    target = InProcessTarget(REFERENCE)
    found = settled(target)
    every = [Convention(p, a, kernel) for kernel in INTERPOLATIONS for p in PADDINGS for a in (False, True)]
    assert found.conventions == {"sample": every, "transform": every, "generate": every}
    assert [judgement.contradiction for judgement in found.judgements.values()] == [None] * 36
    assert target.evaluations.forwards == 36


@pytest.mark.parametrize(
    ("sampler", "declarations", "told", "followed", "dialect"),
    [
        (
            Anything(),
            {"align_corners": True},
            r"declares align_corners=True, follows align_corners=False: scale W / 2, .*4\.5 ± ",
            Convention("zeros", False),
            PLAIN,
        ),
        (
            Anything(padding="border"),
            {"align_corners": False},
            "declares padding='zeros', follows border",
            Convention("border", False),
            PLAIN,
        ),
        (
            Anything(axis_order="yx", layout="NHWC"),
            {"align_corners": False},
            r"declares NCHW, images are NHWC; .*declares \(x, y\), the grid's last axis is \(y, x\)",
            Convention("zeros", False),
            Dialect("NHWC", "yx"),
        ),
        (
            Anything(map="pixels"),
            {"align_corners": False, "units": "unit"},
            "declares units='unit', takes 'pixels': scale 1, offset 0",
            Convention("zeros", False),
            Dialect(units="pixels"),
        ),
        (
            Anything(map="(W-2)/2"),
            {"align_corners": True},
            r"declares units='normalised', align_corners=True: scale \(W - 2\) / 2, .*3\.5 ± .*no convention has it",
            Convention("zeros", True),
            PLAIN,
        ),
        (
            Anything("nearest"),
            {"align_corners": False},
            "declares interpolation='bilinear', follows nearest",
            Convention("zeros", False, "nearest"),
            PLAIN,
        ),
        (
            Anything(padding="wrap"),
            {"align_corners": False},
            "declares padding='zeros', follows wrap",
            Convention("zeros", False),
            PLAIN,
        ),
    ],
)
def test_a_wrong_declaration_is_told_and_what_is_followed_is_judged(
    sampler: Anything, declarations: dict[str, Any], told: str, followed: Convention, dialect: Dialect
) -> None:
    found = settled(declared(sampler, **declarations))
    (judgement,) = found.judgements.values()
    assert judgement.contradiction is not None
    assert re.search(told, judgement.contradiction)
    assert found.conventions == {"sample": [followed]}
    assert found.routes["sample", followed].dialect == dialect


def test_an_ignored_parameter_is_one_verdict_for_each_wrong_value() -> None:
    def taken(image: Any, grid: Any, *, align_corners: bool, padding: str) -> Any:
        return sample(image, grid, padding=padding, align_corners=False)

    found = settled(declared(taken, padding=None))
    wrong = [convention for (_, convention), j in found.judgements.items() if j.contradiction]
    assert wrong == [Convention(padding, True) for padding in PADDINGS]
    assert found.conventions["sample"] == [Convention(padding, False) for padding in PADDINGS]


def test_a_parameter_that_is_turned_round_is_judged_by_what_it_gives() -> None:
    def taken(image: Any, grid: Any, *, align_corners: bool) -> Any:
        return sample(image, grid, padding="zeros", align_corners=not align_corners)

    found = settled(declared(taken))
    assert sorted(found.conventions["sample"]) == [Convention("zeros", False), Convention("zeros", True)]
    assert found.routes["sample", Convention("zeros", True)].asked == Convention("zeros", False)


@pytest.mark.parametrize(
    ("sampler", "told"),
    [
        (
            Anything("bicubic", padding="wrap"),
            "identified as bicubic with a = -0.75, wrap, .*the suites check bilinear",
        ),
        (Anything(padding="wrap"), "identified as bilinear, wrap, .*the suites check bilinear"),
        (Anything(map="(W-2)/2"), r"unknown units \(scale \(W - 2\) / 2, .*the suites check bilinear"),
    ],
)
def test_what_cannot_be_checked_is_one_line(sampler: Anything, told: str) -> None:
    with pytest.raises(ContractError, match=told) as caught:
        settled(InProcessTarget(undeclared(sampler, "u", "numpy")))
    assert "\n" not in str(caught.value)


def test_after_a_death_nothing_is_asked_again() -> None:
    class Hanging(InProcessTarget):
        def call(self, call: Call) -> Reply:
            self.evaluations.forwards += 1
            raise TargetTimedOut("no reply within 2 s")

    target = Hanging(REFERENCE)
    begun = time.monotonic()
    found = settled(target)
    assert time.monotonic() - begun < 30
    assert target.evaluations.forwards == 2  # the first convention of each function
    assert len(found.conventions["sample"]) == 18
    assert {str(j.failure) for j in found.judgements.values()} == {"no reply within 2 s"}


WRONG = """
import numpy as np
import stn_verify
from stn_reference import sample as held, sample_vjp

@stn_verify.implementation(framework="numpy", padding="zeros", align_corners=True, dtypes=("float64",))
def wrong(image, grid):
    return held(image, grid, padding="zeros", align_corners=False)

@wrong.vjp
def product(image, grid, cotangent):
    return sample_vjp(image, grid, cotangent, padding="zeros", align_corners=False)
"""


def test_a_declaration_without_an_alignment_is_identified_with_its_dialect() -> None:
    @stn_verify.implementation(framework="numpy", padding="border", dtypes=("float64",), axis_order="yx")
    def taken(image: Any, grid: Any) -> Any:
        return sample(image, grid[..., ::-1], padding="border", align_corners=False)

    @taken.vjp
    def product(image: Any, grid: Any, cotangent: Any) -> Any:
        grad_image, grad_grid = sample_vjp(
            image, grid[..., ::-1], cotangent, padding="border", align_corners=False
        )
        return grad_image, grad_grid[..., ::-1]

    target = InProcessTarget(taken)
    found = settled(target)
    assert found.conventions == {"sample": [Convention("border", False)]}
    assert found.description.dialect == Dialect(axis_order="yx")
    exact = next(exact_cases("float64", Convention("border", False)))
    reply = found.target(target).call(exact.call(("grid",)))
    expected = sample_vjp(exact.image, exact.grid, exact.cotangent, padding="border", align_corners=False)
    np.testing.assert_array_equal(reply.gradients["grid"], expected[1])


def test_a_whole_run_has_one_failed_verdict(tmp_path: Path) -> None:
    target = tmp_path / "wrong.py"
    target.write_text(WRONG)
    command = [
        sys.executable,
        "-c",
        "from stn_verify.cli.app import main; main()",
        "check",
        f"{target}:wrong",
    ]
    command += ["--quick", "--jobs", "1", "--output", str(tmp_path / "out"), "--suite", "convention"]
    command += ["--suite", "values", "--suite", "gradients"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1, done.stderr
    results = read_results(tmp_path / "out" / "results.json")
    (failed,) = [verdict for verdict in results.verdicts if not verdict.status.conforms]
    assert (failed.suite, failed.subject) == ("convention", "convention")
    assert failed.convention == "bilinear/zeros/aligned"
    assert "follows align_corners=False" in (failed.reason or "")
    passed = {v.convention for v in results.verdicts if v.status is Status.PASSED}
    assert passed == {"bilinear/zeros/half-pixel"}
