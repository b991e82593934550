"""Right samplers that compute in narrow formats keep every law within its bound."""

from dataclasses import replace

import pytest
from corpus import UNUSUAL
from examining import SMALL, examine

NARROW = ("LeftRule", "LerpXFirst", "LerpYFirst", "Dense", "PixelSpace")
"""Weighted sums, lerps in either order and products with matrices: each computed in the very format of its arrays."""


@pytest.mark.parametrize("name", NARROW)
def test_narrow_arithmetic_keeps_every_law(name: str) -> None:
    narrow = replace(UNUSUAL[name].implementation, dtypes=("float16",))
    verdicts = examine(narrow, replace(SMALL, large=True), ("invariants",))
    assert verdicts
    assert [f"{v.check}: {v.subject}: {v.reason}" for v in verdicts if not v.status.conforms] == []
    assert max(verdict.budget_used or 0.0 for verdict in verdicts) > 0.01
