"""The adapters: what they claim, and that the compiled one answers as the plain one does, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the production sampler is a torch operator")

from stn_adapters.production import (
    PRODUCTION,
    PRODUCTION_COMPILED,
)
from stn_verify.cases import grids, thetas
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Call
from stn_verify.workers.evaluator import Evaluator, InProcessTarget


def test_16_bits_are_storage_alone() -> None:
    description = Evaluator(PRODUCTION).describe()
    computed = {dtype: description.computed_in(dtype) for dtype in description.dtypes}
    assert computed == {
        "float64": "float64",
        "float32": "float32",
        "float16": "float32",
        "bfloat16": "float32",
    }
    assert description.deterministic


def _calls(dtype: str) -> list[Call]:
    frame = Frame(2, 3, (5, 7), (4, 6), Convention("border", False), dtype)
    sample = sample_case(frame, "around", grids.ALL["around"], 1)
    transform = transform_case(frame, "general", thetas.ALL["general"], 1)
    channels_last = {"image": "channels_last", "cotangent": "transposed"}
    calls = [sample.call(("image", "grid")), transform.call(("image", "theta")), transform.call(("theta",))]
    return [*calls, replace(calls[0], layouts=channels_last)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_compiled_is_the_same_to_the_bit(dtype: str) -> None:
    plain, compiled = InProcessTarget(PRODUCTION), InProcessTarget(PRODUCTION_COMPILED)
    for call in _calls(dtype):
        expected, found = plain.call(call), compiled.call(call)
        assert np.array_equal(found.output, expected.output)
        for name in call.gradients:
            assert np.array_equal(found.gradients[name], expected.gradients[name])
