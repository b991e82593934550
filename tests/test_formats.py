"""Number formats against NumPy's and torch's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_verify import formats

NUMPY = {"float16": np.float16, "float32": np.float32}
FLOATS = st.floats(width=64)


@pytest.mark.parametrize("name", sorted(NUMPY))
@given(value=FLOATS)
def test_round_is_numpys(name: str, value: float) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        expected = np.float64(NUMPY[name](value))
    found = formats.named(name).round(np.array(value))
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.signbit(found) == np.signbit(expected) or np.isnan(expected)


@given(value=FLOATS)
def test_round_to_bfloat16_is_torchs(value: float) -> None:
    torch = pytest.importorskip("torch", reason="bfloat16 is torch's")
    # By way of float32 a double rounding could differ; the values drawn here are float32 already.
    with np.errstate(over="ignore", invalid="ignore"):
        single = np.float64(np.float32(value))
    expected = torch.tensor(single, dtype=torch.float32).to(torch.bfloat16).double().numpy()
    assert np.array_equal(formats.BFLOAT16.round(np.array(single)), expected, equal_nan=True)


@pytest.mark.parametrize("name", sorted(NUMPY))
@pytest.mark.parametrize("direction", [1.0, -1.0])
@given(value=FLOATS)
def test_neighbour_is_numpys(name: str, direction: float, value: float) -> None:
    storage = NUMPY[name]
    with np.errstate(over="ignore", invalid="ignore"):
        stored = storage(value)
        if not np.isfinite(stored):
            return
        expected = np.nextafter(stored, storage(np.inf * direction))
    if not np.isfinite(expected):
        return
    found = formats.named(name).neighbour(np.array(np.float64(stored)), direction)
    assert found == np.float64(expected)


@pytest.mark.parametrize("name", sorted(NUMPY))
def test_constants_are_numpys(name: str) -> None:
    told = np.finfo(NUMPY[name])
    known = formats.named(name)
    assert known.largest == float(told.max)
    assert known.unit_roundoff == float(told.eps) / 2
    assert known.smallest == float(told.smallest_subnormal)


def test_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(formats.UnknownFormatError, match=r"float8.*float64, float32, tf32"):
        formats.named("float8")
