"""Targets in a dialect of their own: their scripts convert as the harness did, and find the number that the check found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from spelt_targets import LAID, LAID_NUMPY, NUMPY, torch_source

from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import point
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.convention import Convention
from stn_verify.contract.dialect import Dialect
from stn_verify.contract.features import LAYOUTS
from stn_verify.contract.loading import load
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.formats import Array
from stn_verify.judging.statement import Statement
from stn_verify.workers.evaluator import InProcessTarget
from stn_verify.workers.translation import Route

DIALECTS = [
    Dialect("NHWC", "yx", "pixels"),
    Dialect("NCHW", "xy", "pixels"),
    Dialect("NHWC", "xy", "unit"),
    Dialect("NCHW", "yx", "unit"),
    Dialect("NHWC", "yx", "normalised"),
]
FULL = DIALECTS[0]
Read = Callable[[list[Reply], Call], Array]


def against_torch(calls: Callable[[Any], tuple[Call, ...]], read: Read, formula: str | None = None) -> Any:
    """A check: the results of the last call must be torch's."""

    def check(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
        made = calls(case)
        values = read([target.call(call) for call in made], made[-1])
        right = InProcessTarget(load("torch"))
        expected = read([right.call(replace(call, layouts={}, dtypes={})) for call in made], made[-1])
        low = np.asarray(expected)
        bound = np.full(low.shape, 1e-9)
        return [Comparison("output", np.asarray(values), lambda _: point(low, bound), made, formula)]

    return check


def output(replies: list[Reply], _: Call) -> Array:
    """Of the last."""
    return replies[-1].output


def gradient(name: str) -> Read:
    """Of the last."""
    return lambda replies, _: replies[-1].gradients[name]


def holds(bench: Any, shown: Any, source: str, *, isolated: bool = False) -> None:
    """The script fails as the check did, and passes once the target is right."""
    (failing,) = shown.examination.failing()
    wrong = bench.run(shown, isolated=isolated)
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    printed = dict(line.split(maxsplit=1) for line in wrong.stdout.splitlines() if " " in line)
    assert float(printed["got"]) == pytest.approx(failing.worst.value, rel=1e-12)
    assert float(printed["expected"]) == failing.worst.low
    bench.write(source.replace("FAULTY = True", "FAULTY = False"))
    right = bench.run(shown, isolated=isolated)
    assert right.returncode == 0, right.stdout + right.stderr
    assert right.stdout.endswith("inside\n")


# The first axes of the output differ, and so do the gradients of x and y.
SPOILED = "output + 0.1 * given.sum() + 0.3 * points[..., :1].sum()"


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_torch(bench: Any, dialect: Dialect) -> None:
    source = torch_source(dialect, SPOILED)
    check = against_torch(
        lambda case: (case.call(("image", "grid")),),
        lambda replies, call: (
            replies[0].gradients["grid"] * call.arrays["grid"] + replies[0].gradients["image"].sum()
        ),
        "grad_grid * grid + grad_input.sum()",
    )
    holds(bench, bench.shown("target.py:Target", source, bench.sampling(), check), source)


def test_torch_output_and_what_it_reads(bench: Any) -> None:
    source = torch_source(FULL, "output * 2")
    shown = bench.shown(
        "target.py:Target", source, bench.sampling(), against_torch(lambda case: (case.call(),), output)
    )
    assert "def function(image, grid, **choices):  # the target takes NHWC, (y, x), pixels" in shown.text
    assert "Spelling: the target takes NHWC, (y, x), pixels" in shown.text
    holds(bench, shown, source, isolated=True)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_coordinates_are_rounded_as_the_harness_does(bench: Any, dtype: str) -> None:
    source = torch_source(FULL, "0 * output + points.double().sum()").replace("* output", "* output.double()")
    case = bench.sampling(dtype=dtype)
    shown = bench.shown("target.py:Target", source, case, against_torch(lambda case: (case.call(),), output))
    (failing,) = shown.examination.failing()
    wrong = bench.run(shown)
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    printed = dict(line.split(maxsplit=1) for line in wrong.stdout.splitlines() if " " in line)
    assert float(printed["got"]) == failing.worst.value


def test_torch_grid_generator(bench: Any) -> None:
    source = torch_source(FULL, generated="output * torch.tensor([1.0, 2.0], dtype=output.dtype)")
    shown = bench.shown(
        "target.py:Target",
        source,
        bench.transforming(),
        against_torch(
            lambda case: (
                Call(
                    "generate",
                    {"theta": case.theta},
                    "float64",
                    case.convention,
                    case.size,
                    cotangent=np.cos(np.arange(24.0).reshape(2, 2, 3, 2)),
                    gradients=("theta",),
                ),
            ),
            gradient("theta"),
            "grad_theta",
        ),
    )
    holds(bench, shown, source)


@pytest.mark.parametrize("layout", [None, "channels_last"])
@pytest.mark.parametrize("framework", ["torch", "numpy"])
def test_how_a_cotangent_of_a_grid_lies_in_memory(bench: Any, framework: str, layout: Any) -> None:
    source = LAID_NUMPY if framework == "numpy" else LAID + torch_source(FULL, generated="Laid.apply(output)")
    call = Call(
        "generate",
        {"theta": bench.transforming().theta},
        "float64",
        Convention("border", True),
        (2, 3),
        cotangent=np.cos(np.arange(24.0).reshape(2, 2, 3, 2)),
        gradients=("theta",),
        layouts={} if layout is None else {"cotangent": layout, "theta": layout},
    )
    check = against_torch(lambda _: (call,), gradient("theta"), "grad_theta")
    holds(bench, bench.shown("target.py:Target", source, bench.transforming(), check), source)


def test_two_functions_of_two_alignments(bench: Any) -> None:
    other = Convention("border", False)
    source = torch_source(FULL, "output * 2")
    shown = bench.shown(
        "target.py:Target",
        source,
        bench.sampling(),
        against_torch(
            lambda case: (replace(case.call(), convention=other), case.call()),
            lambda replies, _: replies[1].output + replies[0].output,
            "output + earlier[0].output",
        ),
    )
    assert "def function_2(image, grid, **choices):" in shown.text
    holds(bench, shown, source)


@pytest.mark.parametrize("way", ["vmapped", "double backward"])
def test_other_ways(bench: Any, way: str) -> None:
    def calls(case: SampleCase) -> tuple[Call, ...]:
        call = case.call(("image", "grid"))
        if way == "vmapped":
            return (replace(call, way="vmapped"),)
        return (replace(call, seconds={"image": np.cos(case.image), "grid": np.sin(case.grid)}),)

    source = torch_source(FULL, "output + 0.5 * (output - output.detach()) ** 2 + output")
    read: Read = (
        gradient("grid") if way == "vmapped" else lambda replies, _: np.asarray(replies[-1].seconds["grid"])
    )
    formula = "grad_grid" if way == "vmapped" else "second_grid"
    shown = bench.shown("target.py:Target", source, bench.sampling(), against_torch(calls, read, formula))
    holds(bench, shown, source)


STRIDED = "output * (1 + sum(3**k * s for k, s in enumerate((*given.stride(), *points.stride()))))"


@pytest.mark.parametrize("layout", [None, *LAYOUTS])
@pytest.mark.parametrize("framework", ["torch", "numpy"])
def test_how_arrays_lie_in_memory(bench: Any, framework: str, layout: Any) -> None:
    laid = {} if layout is None else {"image": layout, "grid": layout, "cotangent": layout}

    def calls(case: SampleCase) -> tuple[Call, ...]:
        # Repeats itself, for what is expanded.
        grid = case.grid[:1].repeat(len(case.grid), axis=0)
        return (replace(case.call(("image", "grid"), grid=grid), layouts=laid),)

    if framework == "torch":
        source = torch_source(FULL, STRIDED)
    else:
        source = NUMPY.format(spoiled=STRIDED.replace("stride()", "strides"))
    check = against_torch(
        calls,
        lambda replies, _: replies[0].output.sum() + replies[0].gradients["grid"],
        "output.sum() + grad_grid",
    )
    holds(bench, bench.shown("target.py:Target", source, bench.sampling(), check), source)


def test_what_was_really_asked_of_the_target(bench: Any) -> None:
    """Its choices are swapped, so that it was asked for the other alignment."""
    source = torch_source(FULL, "output * 2").replace(
        "given, points = image, grid", "given, points, align_corners = image, grid, not align_corners"
    )
    case = bench.sampling()
    asked = replace(case.convention, align_corners=not case.convention.align_corners)
    routes = {("sample", case.convention): Route(asked, FULL)}
    check = against_torch(lambda case: (case.call(),), output)
    shown = bench.shown("target.py:Target", source, case, check, routes)
    assert "align_corners=False" in shown.text
    assert "to follow it, bilinear/border/half-pixel was asked for" in " ".join(shown.text.split())
    holds(bench, shown, source)


def test_what_was_really_asked_of_a_target_in_the_harness_own_terms(bench: Any) -> None:
    source = torch_source(Dialect(), "output * 2").replace(
        "given, points = image, grid", "given, points, align_corners = image, grid, not align_corners"
    )
    case = bench.sampling()
    asked = replace(case.convention, align_corners=not case.convention.align_corners)
    check = against_torch(lambda case: (case.call(),), output)
    routes = {("sample", case.convention): Route(asked, Dialect())}
    holds(bench, bench.shown("target.py:Target", source, case, check, routes), source)


def test_no_result_is_asked_for_with_the_targets_own_arrays(bench: Any) -> None:
    source = torch_source(FULL, "output[:, :-1]")
    check = against_torch(lambda case: (case.call(),), output)
    shown = bench.shown("target.py:Target", source, bench.sampling(), check)
    assert "def function" not in shown.text
    wrong = bench.run(shown)
    assert (wrong.returncode, "no result of the right shape: output" in wrong.stdout) == (1, True)
    bench.write(source.replace("FAULTY = True", "FAULTY = False"))
    assert bench.run(shown).returncode == 0


def test_a_wrong_call_that_is_answered(bench: Any) -> None:
    def check(target: Target, case: Any) -> list[Statement]:
        call = replace(case.call(image=case.image[:1]), free=True)
        target.call(call)
        return [Statement("output", False, "answers", (call,))]

    source = torch_source(FULL).replace("given, points = image, grid", "given, points = image, grid[:1]")
    source = source.replace("grid = plain(grid, image", "grid = plain(points, image")
    shown = bench.shown("target.py:Target", source, bench.sampling(), check)
    assert bench.run(shown).returncode == 1
    bench.write(torch_source(FULL))
    assert bench.run(shown).returncode == 0


def test_inputs_that_are_written_to(bench: Any) -> None:
    def check(target: Target, case: Any) -> list[Statement]:
        call = replace(case.call(), watched=True)
        seen = target.call(call).seen
        assert seen is not None
        return [Statement("output", not seen.written, "written to", (call,))]

    source = torch_source(FULL, "output + points.add_(1).sum()")
    shown = bench.shown("target.py:Target", source, bench.sampling(), check)
    wrong = bench.run(shown)
    assert (wrong.returncode, "inputs written to: grid" in wrong.stdout) == (1, True), wrong.stderr
    bench.write(torch_source(FULL))
    assert bench.run(shown).returncode == 0
