"""The extended image against its definition by walking, and against numpy.pad."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stn_reference import PADDINGS, ReferenceArgumentError, extend_index

FAR = st.one_of(
    st.integers(-500, 500).map(float), st.floats(-1e300, 1e300).map(np.floor), st.sampled_from([1e20, -1e20])
)


@settings(deadline=None)
@given(
    st.lists(FAR, min_size=1),
    st.integers(1, 9),
    st.tuples(st.sampled_from(PADDINGS), st.booleans()),
    st.integers(-2, 2),
)
def test_follows_the_definition_at_every_distance(fold, ks, size, convention, offset):
    index, inside = extend_index(np.array(ks), size, *convention, offset=offset)
    expected = [fold(int(k) + offset, size, *convention) for k in ks]
    assert inside.tolist() == [k is not None for k in expected]
    assert index.dtype == np.int64
    assert np.all((index >= 0) & (index < size))
    assert index[inside].tolist() == [k for k in expected if k is not None]


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize(
    ("mode", "padding", "align_corners"),
    [
        ("constant", "zeros", False),
        ("constant", "zeros", True),
        ("edge", "border", False),
        ("edge", "border", True),
        ("reflect", "reflection", True),
        ("symmetric", "reflection", False),
    ],
)
def test_is_numpy_pad(size, mode, padding, align_corners):
    pixels = np.arange(1.0, size + 1)
    width = 5 * size + 3
    index, inside = extend_index(np.arange(-width, size + width), size, padding, align_corners)
    np.testing.assert_array_equal(np.where(inside, pixels[index], 0.0), np.pad(pixels, width, mode=mode))


@pytest.mark.parametrize("k", [0.5, np.nan, np.inf])
def test_rejects_what_is_no_integer(k):
    with pytest.raises(ReferenceArgumentError, match=f"k={k!r}.*finite integer".replace("np.", "")):
        extend_index(np.array([0.0, k]), 3, "zeros", False)
