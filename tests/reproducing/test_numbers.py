"""Wrong numbers of calls of every kind: the script finds the very number that the check found, and mends with the target."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import point
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.features import LAYOUTS
from stn_verify.contract.loading import load
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.formats import Array
from stn_verify.workers.evaluator import InProcessTarget

TORCH = """
import collections
import torch
from torch.nn import functional as F

FAULTY = True
CALLS = collections.Counter()


class Target:
    @staticmethod
    def sample(image, grid, *, padding, align_corners):
        CALLS[grid.shape] += 1
        output = F.grid_sample(image, grid.to(image.dtype), padding_mode=padding, align_corners=align_corners)
        return {spoiled} if FAULTY else output

    @staticmethod
    def generate(theta, size, *, align_corners):
        moved = theta + 0.5 * torch.sin(theta) if {generating} and FAULTY else theta
        return F.affine_grid(moved, (len(theta), 1, *size), align_corners=align_corners)

    @staticmethod
    def transform(image, theta, size, *, padding, align_corners):
        grid = Target.generate(theta, size, align_corners=align_corners)
        return Target.sample(image, grid, padding=padding, align_corners=align_corners)
"""

NUMPY = """
import numpy as np
import stn_reference

FAULTY = True


class Target:
    @staticmethod
    def sample(image, grid, *, padding, align_corners):
        output = stn_reference.sample(image, grid, padding=padding, align_corners=align_corners)
        return {spoiled} if FAULTY else output

    sample_vjp = staticmethod(stn_reference.sample_vjp)
"""

STRIDES = "output + sum(3**k * s for k, s in enumerate({strides}))"


@dataclass(frozen=True)
class Fault:
    """A spoiled output, the calls that show it, and what of the last reply."""

    spoiled: str
    calls: Callable[[Any], tuple[Call, ...]]
    formula: str | None = None
    extract: Callable[[list[Reply], Call], Array] = lambda replies, call: replies[-1].output
    says: str = ""
    fused: bool = False
    isolated: bool = False
    """Whether its script changes the process that it runs in."""

    def check(self, target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
        """Against torch itself."""
        calls = self.calls(case)
        values = self.extract([target.call(call) for call in calls], calls[-1])
        right = InProcessTarget(load("torch"))
        plain = [replace(call, dtypes={}) for call in calls]
        expected = self.extract([right.call(call) for call in plain], calls[-1])
        low = np.asarray(expected)
        bound = np.full(low.shape, 1e-9)
        law = "the results are torch's"
        return [
            Comparison("output", np.asarray(values), lambda _: point(low, bound), calls, self.formula, law)
        ]


def _directions(case: SampleCase) -> dict[str, Array]:
    return {"image": np.cos(case.image), "grid": np.sin(case.grid)}


def _generating(case: TransformCase) -> Call:
    return Call("generate", {"theta": case.theta}, "float64", case.convention, case.size)


def _narrow(array: Array) -> Array:
    return array.astype(np.float32).astype(np.float64)


HALF = "output + 0.5 * (output - output.detach())"

FAULTS = {
    "of the last of two calls": Fault(
        "output + (image.max() > 10)",
        lambda case: (case.call(), case.call(image=case.image + 10.0)),
        says="last = call(image_2, grid)",
    ),
    "of two calls": Fault(
        "output.abs()",
        lambda case: (case.call(), case.call(image=-2.0 * case.image)),
        "output + 2 * earlier[0].output",
        lambda replies, call: replies[1].output + 2 * replies[0].output,
        "earlier[0].output",
    ),
    "of inputs and results": Fault(
        HALF,
        lambda case: (case.call(), case.call(("image",), image=case.image + 10.0)),
        "(image * grad_input).sum(axis=(2, 3)) - np.sum(earlier[0].output)",
        lambda replies, call: (
            (call.arrays["image"] * replies[1].gradients["image"]).sum(axis=(2, 3))
            - np.sum(replies[0].output)
        ),
        "image = np.array(image_2)",
    ),
    "of one call, summed": Fault(
        HALF,
        lambda case: (case.call(("grid",)),),
        "np.sum(grad_grid * grid)",
        lambda replies, call: np.sum(replies[0].gradients["grid"] * call.arrays["grid"]),
        "got = float(np.sum(grad_grid * grid))",
    ),
    "of the fifth of five equal calls": Fault(
        "output + (CALLS[grid.shape] == 5)",
        lambda case: (case.call(),) * 5,
        says="for _ in range(4)",
    ),
    "of a function against another": Fault(
        "2 * output",
        lambda case: (
            _generating(case),
            case.call(),
        ),
        "output - earlier[0].output.sum()",
        lambda replies, call: replies[1].output - replies[0].output.sum(),
        "generate = getattr",
        fused=True,
    ),
    "of mixed dtypes": Fault(
        "output + (grid.dtype == torch.float32)",
        lambda case: (replace(case.call(grid=_narrow(case.grid)), dtypes={"grid": "float32"}),),
        says="dtype=torch.float32",
    ),
    "of one thread": Fault(
        "output + torch.get_num_threads()",
        lambda case: (replace(case.call(), threads=3),),
        says="torch.set_num_threads(3)",
        isolated=True,
    ),
    "of one thread beside others": Fault(
        "output * torch.get_num_threads()",
        lambda case: (replace(case.call(), threads=5), replace(case.call(), threads=3)),
        "output - earlier[0].output",
        lambda replies, call: replies[1].output - replies[0].output,
        "torch.set_num_threads(5)",
        isolated=True,
    ),
    "of a compiled function": Fault(
        "output + torch.compiler.is_compiling()",
        lambda case: (replace(case.call(("grid",)), way="compiled"),),
        says="@torch.compile",
    ),
    "of a mapped function": Fault(
        "output + (len(image) == 1)",
        lambda case: (replace(case.call(), way="vmapped"),),
        says="torch.vmap(lambda image, grid:",
    ),
    "of a mapped gradient": Fault(
        "output * (1 + 0.5 * (len(image) == 1))",
        lambda case: (replace(case.call(("image", "grid")), way="vmapped"),),
        "grad_grid",
        lambda replies, call: replies[0].gradients["grid"],
        "torch.func.vjp",
    ),
    "of forward mode": Fault(
        "",
        lambda case: (replace(_generating(case), tangents={"theta": np.sin(case.theta)}),),
        "tangent",
        lambda replies, call: np.asarray(replies[0].tangent),
        "torch.func.jvp",
        fused=True,
    ),
    "of a double backward": Fault(
        "output + 0.5 * (output - output.detach()) ** 2",
        lambda case: (replace(case.call(("image", "grid")), seconds=_directions(case)),),
        "second_grid",
        lambda replies, call: replies[0].seconds["grid"],
        "create_graph=True",
    ),
    **{
        f"of an array that is {layout}": Fault(
            STRIDES.format(strides="(*image.stride(), *grid.stride())"),
            lambda case, layout=layout: (
                replace(
                    case.call(image=case.image[:1].repeat(len(case.image), axis=0)),
                    layouts={"image": layout, "grid": "sliced"},
                ),
            ),
            says='float("nan")',
        )
        for layout in LAYOUTS
    },
}


@pytest.mark.parametrize("name", FAULTS)
def test_torch(bench: Any, name: str) -> None:
    fault = FAULTS[name]
    source = TORCH.format(spoiled=fault.spoiled or "output", generating=not fault.spoiled)
    case = bench.transforming() if fault.fused else bench.sampling()
    shown = bench.shown("target.py:Target", source, case, fault.check)
    assert fault.says in shown.text
    assert "the results are torch's" in shown.text
    _holds(bench, shown, source, isolated=fault.isolated)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_numpy_layouts(bench: Any, layout: Any) -> None:
    source = NUMPY.format(spoiled=STRIDES.format(strides="(*image.strides, *grid.strides)"))
    laid = {"image": layout, "grid": layout, "cotangent": layout}
    fault = Fault("", lambda case: (replace(case.call(("grid",)), layouts=laid),))
    _holds(bench, bench.shown("target.py:Target", source, bench.sampling(), fault.check), source)


def test_numpy_sequences(bench: Any) -> None:
    source = NUMPY.format(spoiled="np.abs(output)")
    shown = bench.shown("target.py:Target", source, bench.sampling(), FAULTS["of two calls"].check)
    _holds(bench, shown, source, isolated=True)


def test_many_numbers_of_several_calls_lie_beside_the_script(bench: Any) -> None:
    source = TORCH.format(spoiled="output.abs()", generating=False)
    shown = bench.shown("target.py:Target", source, bench.sampling(side=300), FAULTS["of two calls"].check)
    assert len(shown.text) < 5_000
    with np.load(shown.script.with_suffix(".npz"), allow_pickle=False) as stored:
        assert set(stored) == {"image", "image_2", "grid"}
    _holds(bench, shown, source, isolated=True)


def _holds(bench: Any, shown: Any, source: str, *, isolated: bool = False) -> None:
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
