"""What a description answers for any text."""

from dataclasses import replace

import pytest

from stn_adapters.reference import REFERENCE
from stn_verify.workers.evaluator import Evaluator


def test_what_is_not_given_has_no_choices() -> None:
    description = Evaluator(REFERENCE).describe()
    assert set(description.choices("sample")) >= {"padding", "align_corners"}
    assert description.choices("warp") == ()


def test_why_a_dtype_is_not_taken() -> None:
    description = Evaluator(REFERENCE).describe()
    assert description.why_not("bfloat16") == description.unsupported["bfloat16"]
    assert description.why_not("float64") is None
    assert description.why_not("float8") is None


@pytest.mark.parametrize(
    ("claim", "arithmetics"),
    [
        (None, ("float64", "float32", "bfloat16")),
        ("float32", ("float32", "float32", "float32")),
        ({"bfloat16": "float32"}, ("float64", "float32", "float32")),
    ],
)
def test_the_arithmetic_is_claimed_for_all_or_by_dtype(
    claim: str | dict[str, str] | None, arithmetics: tuple[str, ...]
) -> None:
    description = Evaluator(replace(REFERENCE, compute_dtype=claim)).describe()
    assert tuple(map(description.computed_in, ("float64", "float32", "bfloat16"))) == arithmetics
