"""Inputs of the production sampler; nothing here runs without torch."""

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

PADDINGS = ("zeros", "border", "reflection")


@pytest.fixture
def inputs() -> tuple[Any, Any, Any]:
    """image [2,3,5,7], theta [2,2,3], grid [2,4,6,2] in float64, off the kinks as drawn numbers are."""
    generator = torch.Generator().manual_seed(3)

    def drawn(*shape: int) -> Any:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    return drawn(2, 3, 5, 7), drawn(2, 2, 3), drawn(2, 4, 6, 2)
