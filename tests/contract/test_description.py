"""What a description answers for any text."""

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
