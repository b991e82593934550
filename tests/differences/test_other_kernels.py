"""Exact differences of nearest and bicubic samplers agree with torch's gradients, and expose what is off by 1e-5."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stn_suites import differenced
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases import grids, thetas, volumes
from stn_verify.cases.case import Case
from stn_verify.cases.strategies import Frame, sample_case, sample_cases, transform_case, transform_cases
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.target import Call, Reply
from stn_verify.judging.arithmetics import claimed
from stn_verify.workers.evaluator import InProcessTarget

pytest.importorskip("torch", reason="the target is torch's sampler")

from stn_adapters.torch import TORCH

KERNELS = ("nearest", "bicubic")
CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans(), st.sampled_from(KERNELS))


# torch counts the folds of a reflection in 32 bits in volumes: far outside it takes another pixel than it should.
NEAR = {kind: maker for kind, maker in volumes.ALL_GRIDS.items() if kind != "far outside"} | volumes.HALVES


class Altered(InProcessTarget):
    """torch with one result changed."""

    def __init__(self, alter: Callable[[Call, Reply], Reply]) -> None:
        super().__init__(TORCH)
        self._alter = alter

    def call(self, call: Call) -> Reply:
        return self._alter(call, super().call(call))


def _scaled(name: str) -> Callable[[Call, Reply], Reply]:
    def alter(call: Call, reply: Reply) -> Reply:
        off = {key: value * (1 + 1e-5 * (key == name)) for key, value in reply.gradients.items()}
        return Reply(reply.output, reply.dtype, off)

    return alter


def _used(comparisons: list[Comparison], case: Case) -> dict[str, float]:
    arithmetic = claimed(InProcessTarget(TORCH).description, case.dtype)
    return {c.subject: c.budget_used(arithmetic) for c in comparisons}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@given(data=st.data(), convention=CONVENTIONS)
@settings(max_examples=40)
def test_sampler(dtype: str, data: st.DataObject, convention: Convention) -> None:
    case = data.draw(sample_cases(dtype, convention, grids.ALL))
    target = InProcessTarget(TORCH)
    used = _used(differenced.sample(target, case), case)
    assert max(used.values()) <= 1, used
    most = 4 if convention.interpolation == "nearest" else 24
    assert target.evaluations.forwards <= most
    assert target.evaluations.backwards == 1


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@given(data=st.data(), padding=st.sampled_from(PADDINGS), aligned=st.booleans())
@settings(max_examples=40)
def test_nearest_in_volumes(dtype: str, data: st.DataObject, padding: str, aligned: bool) -> None:
    convention = Convention(padding, aligned, "nearest")
    case = data.draw(volumes.samples(dtype, convention, NEAR))
    target = InProcessTarget(TORCH)
    used = _used(differenced.sample(target, case), case)
    assert max(used.values()) <= 1, used
    assert (target.evaluations.forwards, target.evaluations.backwards) == (6, 1)


@given(data=st.data(), convention=CONVENTIONS)
@settings(max_examples=20)
def test_fused_transformer(data: st.DataObject, convention: Convention) -> None:
    case = data.draw(transform_cases("float64", convention, thetas.ALL))
    target = InProcessTarget(TORCH)
    used = _used(differenced.transform(target, case), case)
    assert max(used.values()) <= 1, used
    assert target.evaluations.forwards <= 52


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize(
    ("kernel", "name", "subject", "size"),
    [
        ("bicubic", "image", "grad_input", (5, 7)),
        ("bicubic", "grid", "grad_grid", (5, 7)),
        ("nearest", "image", "grad_input", (5, 7)),
        ("nearest", "image", "grad_input", (3, 5, 7)),
    ],
)
def test_relative_error(
    padding: str, aligned: bool, kernel: str, name: str, subject: str, size: tuple[int, ...]
) -> None:
    frame = Frame(2, 2, size, (4, 6, 4)[-len(size) :], Convention(padding, aligned, kernel), "float64")
    case = sample_case(frame, "inside", grids.inside, 1)
    used = _used(differenced.sample(Altered(_scaled(name)), case), case)
    assert used.pop(subject) > 1000
    assert max(used.values()) <= 1, used


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_relative_error_of_theta(padding: str, aligned: bool) -> None:
    frame = Frame(2, 2, (5, 7), (6, 4), Convention(padding, aligned, "bicubic"), "float64")
    case = transform_case(frame, "general", thetas.general, 1)
    used = _used(differenced.transform(Altered(_scaled("theta")), case), case)
    assert used.pop("grad_theta") > 1000
    assert max(used.values()) <= 1, used
