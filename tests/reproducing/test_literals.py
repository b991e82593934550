"""Literals hold every number of every storage dtype."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from stn_verify.formats import STORAGE_DTYPES, Array, named
from stn_verify.reproducing.formula import names, normalised
from stn_verify.reproducing.literals import array_literal

SPECIAL = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0])


@given(st.data(), st.sampled_from(STORAGE_DTYPES))
def test_numbers_of_a_dtype_round_trip(data: st.DataObject, dtype: str) -> None:
    storage = named(dtype)
    elements = st.one_of(SPECIAL, st.floats().map(lambda value: float(storage.round(np.array(value)))))
    shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
    array: Array = data.draw(arrays.arrays(np.float64, shapes, elements=elements))
    read = np.array(eval(array_literal(array), {"np": np, "inf": np.inf, "nan": np.nan}), dtype=np.float64)
    assert read.shape == array.shape
    np.testing.assert_array_equal(read, array)
    known = ~np.isnan(array)
    assert (np.signbit(read) == np.signbit(array))[known].all()


def test_a_formula_is_an_expression() -> None:
    formula = "(image *\n grad_input).sum() - earlier[0].output.sum()"
    assert normalised(formula) == "(image * grad_input).sum() - earlier[0].output.sum()"
    assert names(formula) == {"image", "grad_input", "earlier"}
    with pytest.raises(SyntaxError):
        normalised("import os")
