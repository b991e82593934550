"""Which arithmetics a result is judged by."""

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.contract.description import Description
from stn_verify.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, TF32, named

LADDER = (FLOAT64, FLOAT32, TF32, FLOAT16, BFLOAT16)
"""Arithmetics from the finest; the first whose bound explains every error is the effective precision."""


def claimed(description: Description, dtype: str) -> Arithmetic:
    """The claim of the target, or else the arithmetic of the dtype itself."""
    converted = description.dialect.units != "normalised"
    return Arithmetic(named(description.computed_in(dtype)), named(dtype), converted)
