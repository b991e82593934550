"""Nearest: any rounding of any right coordinate is among the candidates, and nothing else is."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_reference import extend_index
from stn_verify.bounds import nearest
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.interpolated import grid_gradient
from stn_verify.cases import grids, volumes
from stn_verify.cases.case import SampleCase
from stn_verify.cases.halves import beside_half_integers, half_integers
from stn_verify.cases.strategies import ANY, Frame, GridMaker, frames, sample_case
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import Array, Format, named
from stn_verify.judging.ties import ROUNDINGS

HALVES: dict[str, GridMaker] = {
    "beside half-integers": beside_half_integers,
    "far outside": grids.far_outside,
    "half-integers": half_integers,
}

SPATIAL = {2: (ANY, {**grids.ALL, **HALVES}), 3: (volumes.ANY, {**volumes.ALL_GRIDS, **HALVES})}
"""Sizes, and kinds of grids."""


def _case(draw: st.DataObject, dtype: str, padding: str, aligned: bool) -> SampleCase:
    sizes, kinds = SPATIAL[draw.draw(st.sampled_from(sorted(SPATIAL)))]
    frame = draw.draw(frames(dtype, Convention(padding, aligned, "nearest"), images=sizes, outputs=sizes))
    kind = draw.draw(st.sampled_from(sorted(kinds)))
    return sample_case(frame, kind, kinds[kind], draw.draw(st.integers(0, 2**32)))


def _picked(
    case: SampleCase, rounding: Callable[[Array], Array], format_: Format
) -> list[tuple[Array, Array]]:
    """Index and whether there is one, along each of the image's axes, from coordinates worked out in a format."""
    r, aligned = format_.round, case.convention.align_corners
    found = []
    for number in reversed(range(case.grid.shape[-1])):
        size = case.image.shape[-1 - number]
        one = r(case.grid[..., number] + 1)
        x = r(r(one / 2) * (size - 1)) if aligned else r(r(r(one * size) - 1) / 2)
        found.append(extend_index(rounding(x), size, case.convention.padding, aligned))
    return found


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@given(
    draw=st.data(),
    padding=st.sampled_from(PADDINGS),
    aligned=st.booleans(),
    rule=st.sampled_from(sorted(ROUNDINGS)),
)
def test_narrow_coordinates(dtype: str, draw: st.DataObject, padding: str, aligned: bool, rule: str) -> None:
    case = _case(draw, dtype, padding, aligned)
    picked = _picked(case, ROUNDINGS[rule], named(dtype))
    there = np.all([inside for _, inside in picked], axis=0)
    batch = np.arange(len(case.image)).reshape(-1, *(1,) * len(picked))
    place = (np.broadcast_to(batch, there.shape), *(index for index, _ in picked))
    values = np.where(there[:, None], np.moveaxis(np.moveaxis(case.image, 1, -1)[place], -1, 1), 0.0)
    arithmetic = Arithmetic(named(dtype), named(dtype))
    assert np.max(nearest.output(case.scene, values, arithmetic).budget_used(values), initial=0.0) == 0
    assert np.max(nearest.hull(case.scene, arithmetic).budget_used(values), initial=0.0) == 0
    gradient = np.zeros(np.moveaxis(case.image, 1, -1).shape)
    received = np.where(there[..., None], np.moveaxis(case.cotangent, 1, -1), 0.0)
    np.add.at(gradient, place, received)
    allowed = nearest.input_gradient(case.scene, case.cotangent, arithmetic)
    assert np.max(allowed.budget_used(np.moveaxis(gradient, -1, 1)), initial=0.0) <= 1


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize(("size", "output"), [((5, 6), (8, 7)), ((3, 5, 6), (4, 8, 7))])
def test_only_a_candidate_is_right(
    size: tuple[int, ...], output: tuple[int, ...], padding: str, aligned: bool
) -> None:
    """Away from ties nothing but the pixel itself; at ties one of those around, and nothing between them."""
    frame = Frame(2, 3, size, output, Convention(padding, aligned, "nearest"), "float64")
    arithmetic = Arithmetic(named("float64"), named("float64"))
    inside = sample_case(frame, "inside", grids.inside, 3)
    pixels = nearest.hull(inside.scene, arithmetic)
    assert np.array_equal(pixels.low, pixels.high)
    wrong = pixels.low * (1 + 1e-15)
    assert np.all(nearest.output(inside.scene, wrong, arithmetic).budget_used(wrong)[wrong != pixels.low] > 1)
    halves = sample_case(frame, "half-integers", half_integers, 3)
    ends = nearest.hull(halves.scene, arithmetic)
    open_ = np.any(ends.low != ends.high, axis=1)
    assert open_.any()
    # Of the eight pixels around a point of a volume one may lie in the middle, but not in all channels.
    middle = (ends.low + ends.high) / 2
    used = nearest.output(halves.scene, middle, arithmetic).budget_used(middle)
    assert np.all(np.max(used, axis=1)[open_] > 1)


def test_a_point_is_one_pixel_in_all_channels() -> None:
    """At a tie the first channel of one pixel and the second of the other are no sample."""
    image = np.array([[[[1.0, 2.0]], [[10.0, 20.0]]]])
    grid, cotangent = np.zeros((1, 1, 1, 2)), np.ones((1, 2, 1, 1))
    case = SampleCase(image, grid, cotangent, "float64", Convention("border", False, "nearest"))
    arithmetic = Arithmetic(named("float64"), named("float64"))
    for values, right in (([1, 10], True), ([2, 20], True), ([1, 20], False), ([2, 10], False)):
        found = np.array(values, dtype=np.float64).reshape(1, 2, 1, 1)
        used = nearest.output(case.scene, found, arithmetic).budget_used(found)
        assert bool(np.all(used == 0)) == right


@pytest.mark.parametrize(("size", "output"), [((5, 6), (3, 4)), ((2, 5, 6), (2, 3, 4))])
def test_no_gradient_of_the_points(size: tuple[int, ...], output: tuple[int, ...]) -> None:
    frame = Frame(1, 2, size, output, Convention("zeros", False, "nearest"), "float32")
    case = sample_case(frame, "around", grids.around, 0)
    allowed = grid_gradient(case.scene, case.cotangent, Arithmetic(named("float32"), named("float32")))
    assert np.all(allowed.budget_used(np.zeros(case.grid.shape)) == 0)
    assert np.all(allowed.budget_used(np.full(case.grid.shape, 1e-45)) > 1)
