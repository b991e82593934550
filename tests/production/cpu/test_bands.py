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


@given(units=st.integers(1, 100), rows=st.integers(1, 5000), row_bytes=st.integers(1, 2**20))
def test_scratch_is_small_beside_what_is_held(units: int, rows: int, row_bytes: int) -> None:
    """What is held: four times the pixels, as large as the scratch for them."""
    scratch = rows * row_bytes
    total = 4 * units * scratch
    bands = bands_of(units, rows, scratch, total)
    tallest = -(-rows // bands)
    assert bands >= bands_of(units, rows, scratch)
    small = tallest * row_bytes * 200 < total + 200 * row_bytes
    assert small or scratch <= 2**18 or tallest < 24  # 12 to 23 rows where they are that wide
