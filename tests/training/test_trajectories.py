"""Two trainings side by side: right transformers stay within what rounding explains, wrong ones do not."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the digits are scikit-learn's")

import stn_reference
from stn_adapters.reference import REFERENCE
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.cases.training import identity_start, moved_digits
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.implementation import Implementation
from stn_verify.contract.loading import load
from stn_verify.formats import FLOAT32, FLOAT64, Array
from stn_verify.judging.arithmetics import claimed
from stn_verify.training.trajectories import Trajectories, compare_trajectories
from stn_verify.workers.evaluator import InProcessTarget

STEPS = 6
HALF = Convention("zeros", False)
Function = Any


def used(trajectories: Trajectories, arithmetic: Arithmetic) -> list[float]:
    """The budget of each comparison, the drift's last."""
    return [comparison.budget_used(arithmetic) for comparison in trajectories.comparisons]


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("function", ["transform", "sample"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_torch_stays_within(padding: str, aligned: bool, function: Function, dtype: str) -> None:
    pytest.importorskip("torch", reason="the target")
    target = InProcessTarget(load("torch"))
    case = moved_digits(function, STEPS, dtype, Convention(padding, aligned))
    trajectories = compare_trajectories(target, case)
    budgets = used(trajectories, claimed(target.description, dtype))
    assert len(budgets) == 2 * STEPS + 1
    assert max(budgets) <= 1
    assert not np.array_equal(trajectories.target, trajectories.start)


def test_the_reference_is_the_reference() -> None:
    case = moved_digits("transform", STEPS, "float64", HALF)
    trajectories = compare_trajectories(InProcessTarget(REFERENCE), case)
    assert np.array_equal(trajectories.target, trajectories.reference)
    assert max(used(trajectories, Arithmetic(FLOAT64, FLOAT64))) < 0.01


Transform = Callable[..., tuple[Array, Array]]


def declared(vjp: Transform, forward: Callable[..., Array] = stn_reference.transform, **said: Any) -> Any:
    """The reference's transform with another product."""
    return InProcessTarget(
        Implementation(
            "planted", "numpy", {"transform": forward}, {"transform": vjp}, dtypes=("float64", "float32"), **said
        )
    )  # fmt: skip


def scaled(factor: Callable[[int], float]) -> Transform:
    """The gradient of theta, times what the image's width gives."""

    def vjp(image: Array, theta: Array, size: Any, cotangent: Array, **choices: Any) -> tuple[Array, Array]:
        by_image, by_theta = stn_reference.transform_vjp(image, theta, size, cotangent, **choices)
        return by_image, (by_theta * factor(image.shape[3])).astype(theta.dtype)

    return vjp


def in_float32(image: Array, theta: Array, size: Any, *, padding: str, align_corners: bool) -> Array:
    """Rounded once more than it may be, where float64 is claimed."""
    output = stn_reference.transform(image, theta, size, padding=padding, align_corners=align_corners)
    return output.astype(np.float32).astype(np.float64)


WRONG = {
    "a tenth too small": scaled(lambda _: 0.9),
    "of the wrong sign": scaled(lambda _: -1.0),
    "of the other alignment": scaled(lambda width: (width - 1) / width),
    "off by a part in a million": scaled(lambda _: 1 + 1e-6),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_gradient_of_theta_is_told(what: str) -> None:
    target = declared(WRONG[what])
    case = moved_digits("transform", STEPS, "float64", HALF)
    trajectories = compare_trajectories(target, case)
    assert max(used(trajectories, Arithmetic(FLOAT64, FLOAT64))) > 1
    # What follows the first wrong step is not asked for.
    assert len(trajectories.comparisons) == 2


@pytest.mark.parametrize("what", ["a tenth too small", "of the wrong sign", "of the other alignment"])
def test_it_is_told_in_float32_too(what: str) -> None:
    target = declared(WRONG[what])
    case = moved_digits("transform", STEPS, "float32", HALF)
    assert max(used(compare_trajectories(target, case), Arithmetic(FLOAT32, FLOAT32))) > 1


def test_rounded_values_are_told() -> None:
    target = declared(stn_reference.transform_vjp, in_float32)
    case = moved_digits("transform", STEPS, "float64", HALF)
    trajectories = compare_trajectories(target, case)
    assert max(used(trajectories, Arithmetic(FLOAT64, FLOAT64))) > 1
    assert max(used(trajectories, Arithmetic(FLOAT32, FLOAT64))) <= 1


@pytest.mark.parametrize("rule", ["right", "left", "mean", "zero"])
def test_kinks_allow_what_lies_between(rule: str) -> None:
    """Every point of the first step lies on a kink, and a sum of hulls is wide: what stalls is told by the loss."""
    vjp = partial(stn_reference.transform_vjp, subgradient=rule)
    case = identity_start("transform", 2, "float64", Convention("zeros", True))
    trajectories = compare_trajectories(declared(vjp, subgradient=rule), case)
    assert max(used(trajectories, Arithmetic(FLOAT64, FLOAT64))) <= 1
