"""What a grid generator says of its families."""

from dataclasses import replace

import numpy as np
import pytest

from stn_reference import FAMILIES as REFERENCE
from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import ContractError, UnknownChoiceError
from stn_verify.contract.implementation import FAMILIES, Implementation
from stn_verify.contract.target import Call
from stn_verify.workers.evaluator import Evaluator, InProcessTarget
from stn_verify.workers.protocol import evaluation


def chosen(theta, size, *, align_corners, family):
    return np.full((len(theta), *size, 2), float(len(family)))


def alone(theta, size):
    return np.zeros((len(theta), *size, 2))


def sampler(image, grid):
    return image


def test_the_family_of_a_call_is_what_the_function_gets():
    held = Implementation(
        "i", "numpy", {"generate": chosen}, families=("affine", "similarity"), dtypes=("float64",)
    )
    target = InProcessTarget(held)
    assert target.description.families == ["affine", "similarity"]
    call = Call("generate", {"theta": np.zeros((1, 4))}, "float64", Convention(), (1, 2), family="similarity")
    assert target.call(call).output[0, 0, 0, 0] == len("similarity")
    request, _ = evaluation(call, 1)
    assert request.with_arrays({"theta": np.zeros((1, 4))}).family == "similarity"
    with pytest.raises(
        ContractError, match="generate takes thetas of affine, similarity; asked for attention"
    ):
        target.call(replace(call, family="attention"))


@pytest.mark.parametrize("family", FAMILIES)
def test_dtypes_of_a_generator_are_found_by_thetas_of_its_own(family):
    def generate(theta, size, *, align_corners):
        if theta.dtype != np.float32:
            raise TypeError("float32 alone")
        return REFERENCE[family].grid(theta, size, align_corners=align_corners)

    found = Evaluator(Implementation("i", "numpy", {"generate": generate}, families=(family,))).describe()
    assert found.dtypes == ["float32"]
    assert found.unsupported["float64"] == "TypeError: float32 alone"


def test_a_family_is_no_choice_of_a_transformer():
    def transform(image, theta, size, *, family="affine"):
        return image

    held = Implementation("i", "numpy", {"transform": transform})
    assert held.choices("transform") == frozenset()


@pytest.mark.parametrize(
    ("functions", "families", "kind", "message"),
    [
        (
            {"generate": chosen},
            ("affine", "spiral"),
            UnknownChoiceError,
            "unknown family 'spiral'; known: affine, tr",
        ),
        ({"generate": chosen}, (), UnknownChoiceError, "families is empty"),
        ({"sample": sampler}, ("projective",), ContractError, "families are those of generate"),
        ({"generate": alone}, ("affine", "projective"), ContractError, "keyword-only parameter family"),
        ({"generate": alone}, ("projective",), ContractError, "declare align_corners"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_when_declared(functions, families, kind, message):
    with pytest.raises(kind, match=message):
        Implementation("i", "numpy", functions, families=families)
