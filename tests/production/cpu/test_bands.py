"""How work is parted: enough tasks, and bands whose scratch is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")

from stn_production.cpu.tensors import bands_of  # where Numba is


@given(units=st.integers(1, 100), rows=st.integers(1, 5000), row_bytes=st.integers(1, 2**20))
def test_bands_are_bounded(units: int, rows: int, row_bytes: int) -> None:
    bands = bands_of(units, rows, rows * row_bytes)
    assert 1 <= bands <= max(1, rows // 8)
    assert units * bands >= min(16, units * max(1, rows // 8))
    tallest = -(-rows // bands)
    assert tallest * row_bytes < 2**18 + row_bytes or tallest < 64  # 32 to 63 rows where they are that wide
