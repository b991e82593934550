"""Moves by whole pixels: index arithmetic agrees with NumPy's own, and grid and theta say the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_reference import affine_pixels, to_pixels
from stn_verify.cases.case import storage
from stn_verify.cases.reproduced import Move, MovedCase, moved, sample_moves, transform_moves
from stn_verify.cases.shifted import shiftable_cases, shifted
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import STORAGE_DTYPES, Array

conventions = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())


def _known(case: MovedCase) -> list[Array]:
    """What NumPy has for a kind of move, in any of its variants."""
    image = case.image
    match case.kind:
        case "identity":
            return [image]
        case "flip":
            return [np.flip(image, axes) for axes in (2, 3, (2, 3))]
        case "turn":
            turns = [np.rot90(image, k, (2, 3)) for k in (1, 3)]
            return [*turns, np.swapaxes(image, 2, 3), np.flip(np.swapaxes(image, 2, 3), (2, 3))]
        case "every n-th pixel":
            starts = (0,) if case.convention.align_corners else (0, 1)
            steps = (1, 2) if case.convention.align_corners else (1, 3)
            return [image[:, :, a::m, b::n] for a in starts for b in starts for m in steps for n in steps]
        case _:
            return [_shift(image, dy, dx, case.convention) for dy in range(-3, 4) for dx in range(-3, 4)]


def _shift(image: Array, down: int, across: int, convention: Convention) -> Array:
    """Rolled, what comes in from the other side being filled by a definition of each padding, pixel by pixel."""
    shifted = np.roll(image, (-down, -across), (2, 3))
    height, width = image.shape[2:]
    for i in range(height):
        for j in range(width):
            y, x = i + down, j + across
            if 0 <= y < height and 0 <= x < width:
                continue
            if convention.padding == "zeros":
                shifted[:, :, i, j] = 0
                continue
            y, x = (_folded(k, size, convention) for k, size in ((y, height), (x, width)))
            shifted[:, :, i, j] = image[:, :, y, x]
    return shifted


def _folded(k: int, size: int, convention: Convention) -> int:
    while not 0 <= k < size:
        if convention.padding == "border":
            k = 0 if k < 0 else size - 1
        elif convention.align_corners:
            k = -k if k < 0 else 2 * (size - 1) - k
        else:
            k = -1 - k if k < 0 else 2 * size - 1 - k
    return k


@pytest.mark.parametrize("moves", [sample_moves, transform_moves])
@given(data=st.data(), convention=conventions)
def test_moves_are_numpys(moves: Any, data: st.DataObject, convention: Convention) -> None:
    case = data.draw(moves("float64", convention))
    expected = moved(case)
    assert expected.shape == (*case.image.shape[:2], *case.output_size)
    assert any(np.array_equal(expected, known) for known in _known(case))


@given(data=st.data(), convention=conventions, dtype=st.sampled_from(STORAGE_DTYPES))
def test_grid_and_theta_point_at_the_pixels(data: st.DataObject, convention: Convention, dtype: str) -> None:
    aligned = convention.align_corners
    case = data.draw(sample_moves(dtype, convention))
    # A grid's numbers are at most about 10 here; stored, they are off by u of that, in units of half the size.
    near = 16 * storage(case).unit_roundoff
    for axis, nominal in ((0, case.move.columns), (1, case.move.rows)):
        size = case.image.shape[3 - axis]
        off = to_pixels(case.grid[..., axis], size, aligned) - nominal
        assert np.abs(off).max() <= near * size
    other = data.draw(transform_moves(dtype, convention))
    pixels = affine_pixels(other.theta, other.size, other.move.size, align_corners=aligned)
    for found, nominal, size in zip(
        pixels, (other.move.columns, other.move.rows), other.move.size[::-1], strict=True
    ):
        assert np.abs(found - nominal).max() <= near * size


@given(data=st.data(), convention=conventions)
def test_shapes_and_kinds_are_reached(data: st.DataObject, convention: Convention) -> None:
    move: Move = data.draw(sample_moves("float64", convention)).move
    assert move.rows.shape == move.columns.shape
    assert min(move.rows.shape) >= 2


@given(
    data=st.data(),
    convention=conventions,
    dtype=st.sampled_from(STORAGE_DTYPES),
    rows=st.integers(0, 1),
    columns=st.integers(0, 1),
)
def test_shifted_thetas_are_exact(
    data: st.DataObject, convention: Convention, dtype: str, rows: int, columns: int
) -> None:
    case = data.draw(shiftable_cases(dtype, convention))
    other = shifted(case, rows, columns)
    np.testing.assert_array_equal(storage(case).round(other.theta), other.theta)
    height, width = case.image.shape[2:]
    for first, second in zip(
        *(
            affine_pixels(c.theta, c.size, (height, width), align_corners=convention.align_corners)
            for c in (case, other)
        ),
        strict=True,
    ):
        there = second[:, : case.size[0] - rows, : case.size[1] - columns]
        np.testing.assert_allclose(there, first[:, rows:, columns:], rtol=0, atol=1e-13 * max(height, width))
