"""Failures inside localisation networks: a script spells the networks, and finds the very number of the very parameter."""

from typing import Any

import numpy as np
import pytest

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import NetworkCase
from stn_verify.cases.networks import network_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Target, TargetReplied
from stn_verify.differences.network import compare_differences
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.networks import compare_network

TORCH = """
import torch
from torch.nn import functional as F
import stn_verify

FAULTY = True


class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient / 2


@stn_verify.implementation("torch", padding="border", dtypes=("float64", "float32"))
class Target:
    @staticmethod
    def transform(image, theta, size, *, align_corners):
        if FAULTY:
            {fault}
        grid = F.affine_grid(theta, (len(theta), 1, *size), align_corners=align_corners)
        return F.grid_sample(image, grid, padding_mode="border", align_corners=align_corners)
"""

FAULTS = {
    "theta is halved on its way back": ("theta = Halved.apply(theta)", "grad_parameters"),
    "an image that was made is data": ("image = image if image.is_leaf else image.detach()", "grad_input"),
    "what was made is brighter": ("image = image if image.is_leaf else image + 1", "output"),
}

OWN = """
import numpy as np
import stn_reference
import stn_verify

FAULTY = True


@stn_verify.implementation("{framework}", padding="border", dtypes=("float64",))
class Target:
    @staticmethod
    def transform(image, theta, size, *, align_corners):
        {before}
        output = stn_reference.transform(image, theta, size, padding="border", align_corners=align_corners)
        return {after}(output)

    @staticmethod
    def transform_vjp(image, theta, size, cotangent, *, align_corners):
        {before}
        given = (image, theta, size, np.asarray(cotangent))
        gradients = stn_reference.transform_vjp(*given, padding="border", align_corners=align_corners)
        return [{after}(gradients[0]), {after}(gradients[1] * (1.001 if FAULTY else 1.0))]
"""


def small(dtype: str = "float64", channels: int = 1) -> NetworkCase:
    """A case of a few generic numbers."""
    return network_case((2, channels, 4, 5), (3, 6), 3, dtype, Convention("border", False))


def subject(name: str) -> Any:
    """A check of one subject against the reference's network."""

    def check(target: Target, case: NetworkCase) -> list[Comparison]:
        reply = target.call(case.call(tuple(case.arrays)))
        compared = compare_network(case, reply, target.description.subgradient)
        return [each for each in compared if each.subject == name]

    return check


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FAULTS)
def test_torch(bench: Any, name: str, dtype: str) -> None:
    pytest.importorskip("torch", reason="scripts in torch")
    fault, wrong = FAULTS[name]
    source = TORCH.format(fault=fault)
    shown = bench.shown("target.py:Target", source, small(dtype), subject(wrong), subjects=(wrong,))
    assert f"{wrong} of `transform` in networks of its own is outside its bound." in shown.text
    for line in ("hidden_1 = hidden_1 * (hidden_1 > 0)", "image_1 = transform(image, theta_0, (4, 5), align"):
        assert line in shown.text
    _holds(bench, shown, source)
    assert not shown.script.with_suffix(".npz").exists()


@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_an_own_product_is_chained(bench: Any, framework: str) -> None:
    pytest.importorskip(framework, reason="scripts in it")
    converted = framework == "torch"
    source = OWN.format(
        framework=framework,
        before="image, theta = image.numpy(), theta.numpy()" if converted else "pass",
        after="__import__('torch').from_numpy" if converted else "np.asarray",
    )
    wrong = "grad_parameters"
    shown = bench.shown("target.py:Target", source, small(), subject(wrong), subjects=(wrong,))
    assert "read, by_theta = transform_vjp(image_1, theta_1, (3, 6), cotangent" in shown.text
    _holds(bench, shown, source)


def test_the_parameter_is_named(bench: Any) -> None:
    pytest.importorskip("torch", reason="scripts in torch")
    source = TORCH.format(fault="theta = Halved.apply(theta)")
    wrong = "grad_parameters"
    shown = bench.shown("target.py:Target", source, small(), subject(wrong), subjects=(wrong,))
    (failing,) = shown.examination.failing()
    number = failing.worst.index[0]
    row = [
        (name, list(index)) for name, array in small().parameters.items() for index in np.ndindex(array.shape)
    ]
    name, index = row[number]
    told = bench.run(shown).stdout
    assert f"of        {name} at {index}\n" in told
    assert f"grad_parameters[{number}] is the gradient of {name} at {index}" in shown.text


def test_differences_are_told_by_calls(bench: Any) -> None:
    pytest.importorskip("torch", reason="scripts in torch")

    def differences(target: Target, case: NetworkCase) -> list[Comparison]:
        arithmetic = claimed(target.description, case.dtype)
        reply = target.call(case.call(tuple(case.arrays)))
        compared = compare_differences(target, case, reply, "0.hidden.weight", arithmetic)
        assert compared is not None
        return [compared]

    source = TORCH.format(fault="theta = Halved.apply(theta)")
    wrong = "grad_parameters"
    shown = bench.shown("target.py:Target", source, small(), differences, subjects=(wrong,))
    assert "hidden_weight_0_7" in shown.text
    assert "grad_hidden_weight_0 = last.grad_hidden_weight_0" in shown.text
    _holds(bench, shown, source)


def test_many_pixels_lie_beside_the_script(bench: Any) -> None:
    pytest.importorskip("torch", reason="scripts in torch")
    source = TORCH.format(fault="theta = Halved.apply(theta)")
    wrong = "grad_parameters"
    case = small(channels=64)
    shown = bench.shown("target.py:Target", source, case, subject(wrong), subjects=(wrong,))
    assert shown.script.with_suffix(".npz").exists()
    _holds(bench, shown, source)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("theta = theta.detach()", "no result of the right shape: grad_hidden_weight_0, grad_hidden_bias_0"),
        ("image.is_leaf or 1 / 0", "ZeroDivisionError"),
        ("image = image[:, :, :2]; size = (size[0], size[1] - 1)", "RuntimeError"),
    ],
)
def test_a_network_without_a_result(bench: Any, fault: str, says: str) -> None:
    pytest.importorskip("torch", reason="scripts in torch")
    source = TORCH.format(fault=fault)
    wrong = "grad_parameters"
    shown = bench.shown("target.py:Target", source, small(), subject(wrong), subjects=(wrong,))
    told = bench.run(shown)
    assert told.returncode == 1, told.stdout + told.stderr
    assert says in told.stdout + told.stderr
    bench.write(source.replace("FAULTY = True", "FAULTY = False"))
    right = bench.run(shown)
    assert right.returncode == 0, right.stdout + right.stderr
    assert right.stdout.endswith("every result has the right shape\n")


@pytest.mark.parametrize("name", ["torch", "reference"])
def test_those_of_a_framework_are_written_out(bench: Any, name: str) -> None:
    pytest.importorskip("torch", reason="scripts in torch")
    failure = TargetReplied("network: no gradient reaches 0.hidden.weight")
    failure.call = small().call(tuple(small().arrays))
    shown = bench.stopped(name, small(), failure)
    told = bench.run(shown)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "target" not in shown.text.split('"""')[2]


def test_programs_are_told_the_request(bench: Any) -> None:
    failure = TargetReplied("network: no gradient reaches 0.hidden.weight")
    shown = bench.stopped("exec:./mine", small(), failure)
    told = bench.run(shown)
    assert told.returncode == 2, told.stdout + told.stderr
    assert "0.hidden.weight [4, 20]" in told.stdout


def _holds(bench: Any, shown: Any, source: str) -> None:
    """The script fails as the check did, and passes once the target is right."""
    (failing,) = shown.examination.failing()
    wrong = bench.run(shown)
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    printed = dict(line.split(maxsplit=1) for line in wrong.stdout.splitlines() if " " in line)
    assert float(printed["got"]) == pytest.approx(failing.worst.value, rel=1e-12)
    bench.write(source.replace("FAULTY = True", "FAULTY = False"))
    right = bench.run(shown)
    assert right.returncode == 0, right.stdout + right.stderr
    assert right.stdout.endswith("inside\n")
