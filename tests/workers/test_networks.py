"""Calls of the function "network": what an implementation's own products are chained to, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from stn_adapters.reference import REFERENCE
from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import ContractError
from stn_verify.contract.target import Call
from stn_verify.workers.client import WorkerTarget
from stn_verify.workers.evaluator import InProcessTarget

SHAPES = {
    "image": (2, 3, 5, 4),
    "0.hidden.weight": (4, 60),
    "0.hidden.bias": (4,),
    "0.regression.weight": (6, 4),
    "0.regression.bias": (6,),
}


def made(**changed: object) -> Call:
    """A call of one transformer to (3, 2), with numbers off every kink."""
    random = np.random.default_rng(0)
    arrays = {name: random.normal(size=shape) for name, shape in SHAPES.items()}
    call = Call(
        "network",
        arrays,
        "float64",
        Convention("border", False),
        (3, 2),
        random.normal(size=(2, 3, 3, 2)),
        tuple(SHAPES),
    )
    return replace(call, **changed)


def test_a_worker_answers_as_this_process_does() -> None:
    call = made()
    here = InProcessTarget(REFERENCE).call(call)
    target = WorkerTarget("reference", deadline=60.0)
    try:
        there = target.call(call)
    finally:
        target.close()
    assert np.array_equal(here.output, there.output)
    assert set(here.gradients) == set(there.gradients) == set(SHAPES)
    for name, gradient in here.gradients.items():
        assert np.array_equal(gradient, there.gradients[name])


def test_some_gradients_or_none() -> None:
    target = InProcessTarget(REFERENCE)
    every = target.call(made())
    one = target.call(made(gradients=("0.hidden.bias",)))
    assert list(one.gradients) == ["0.hidden.bias"]
    assert np.array_equal(one.gradients["0.hidden.bias"], every.gradients["0.hidden.bias"])
    assert np.array_equal(target.call(made(gradients=(), cotangent=None)).output, every.output)


WRONG = {
    "a parameter missing": (
        made(arrays={name: each for name, each in made().arrays.items() if name != "0.hidden.bias"}),
        "network takes image and hidden.weight",
    ),
    "no parameters": (made(arrays={"image": np.ones((1, 1, 2, 2))}), "given: image"),
    "a gradient of something else": (made(gradients=("theta",)), "network has no gradient of theta"),
    "no size": (made(size=None), "network takes a size"),
    "no cotangent": (made(cotangent=None), "a cotangent goes with gradients"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(name: str) -> None:
    call, message = WRONG[name]
    with pytest.raises(ContractError, match=message):
        InProcessTarget(REFERENCE).call(call)
