"""What the documentation shows of networks runs, from the first block to the last."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the documentation's networks are torch's")

PAGE = Path(__file__).parents[2] / "docs" / "production.md"


def test_a_complete_transformer() -> None:
    section = PAGE.read_text().partition("## A complete transformer")[2].partition("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["output"].shape == (8, 1, 28, 28)
    assert names["theta"].shape == (8, 2, 3)
    assert all(parameter.grad is not None for parameter in names["network"].parameters())
    scores = names["network"].double()(names["image"].double()).detach().numpy()
    assert names["scores"].shape == scores.shape == (8, 10)
    assert np.array_equal(names["scores"].argmax(1), scores.argmax(1))
    assert set(names["gradients"]) == set(names["network"].state_dict())
