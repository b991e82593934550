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


def _single(value: float) -> np.float32:
    with np.errstate(over="ignore"):
        return np.float32(value)


def _line(value: np.float32) -> int:
    """The place of a float32 on the line of them all, by its bits; -0 stands one before 0."""
    bits = int(value.view(np.int32))
    return bits if bits >= 0 else -1 - (bits & 0x7FFFFFFF)


@given(one=FLOATS, other=FLOATS)
def test_steps_are_counted_as_the_bits_are(one: float, other: float) -> None:
    a, b = _single(one), _single(other)
    found = float(formats.FLOAT32.steps(np.array(a, np.float64), np.array(b, np.float64)))
    if np.isnan(a) or np.isnan(b):
        assert found == (0.0 if np.isnan(a) and np.isnan(b) else np.inf)
    else:
        assert found == abs(_line(a) - _line(b))


@pytest.mark.parametrize("name", sorted(formats.FORMATS))
@given(value=FLOATS, up=st.booleans())
def test_neighbours_are_one_step_apart(name: str, value: float, up: bool) -> None:
    format_ = formats.named(name)
    stored = format_.round(np.array(value))
    if not np.isfinite(stored) or abs(stored) == format_.largest or stored == 0:
        return
    beside = np.copysign(format_.neighbour(stored, 1.0 if up else -1.0), stored)
    assert format_.steps(stored, beside) == 1
    assert format_.steps(stored, stored) == 0


def test_steps_across_zero_and_to_infinity() -> None:
    smallest = formats.FLOAT64.smallest
    ends = np.array([0.0, smallest, formats.FLOAT64.largest, -np.inf, -formats.FLOAT64.largest])
    others = np.array([-0.0, -smallest, np.inf, -np.inf, formats.FLOAT64.largest])
    found = formats.FLOAT64.steps(ends, others)
    assert found[:4].tolist() == [1.0, 3.0, 1.0, 0.0]
    assert 1.8e19 < found[4] < 2.0**64
