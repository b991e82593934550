"""No right implementation may leave its bounds: usual formulas, each evaluated in the narrow format itself, step by step."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_reference import extend_index
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.grid_gradient import grid_gradient
from stn_verify.bounds.input_gradient import input_gradient
from stn_verify.bounds.output import output
from stn_verify.bounds.scene import sampled
from stn_verify.bounds.vicinity import vicinity
from stn_verify.cases import grids
from stn_verify.cases.case import SampleCase
from stn_verify.cases.strategies import Frame, frames, sample_case
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import Array, Format, named

Round = Callable[[Array], Array]
Coordinates = Callable[[Array, int, bool, Round], Array]


def halved(g: Array, size: int, aligned: bool, r: Round) -> Array:
    """((g + 1) / 2) (W - 1), or ((g + 1) W - 1) / 2."""
    one = r(g + 1)
    return r(r(one / 2) * (size - 1)) if aligned else r(r(r(one * size) - 1) / 2)


def scaled(g: Array, size: int, aligned: bool, r: Round) -> Array:
    """g (W - 1)/2 + (W - 1)/2, or g W/2 + (W - 1)/2."""
    scale = (size - 1) / 2 if aligned else size / 2
    return r(r(g * r(np.array(scale))) + r(np.array((size - 1) / 2)))


def weighed(p: list[Array], fx: Array, fy: Array, r: Round) -> Array:
    """The sum of four weighted pixels."""
    weights = [r(r(1 - fx) * r(1 - fy)), r(fx * r(1 - fy)), r(r(1 - fx) * fy), r(fx * fy)]
    terms = [r(w * v) for w, v in zip(weights, p, strict=True)]
    return r(r(r(terms[0] + terms[1]) + terms[2]) + terms[3])


def lerped(p: list[Array], fx: Array, fy: Array, r: Round) -> Array:
    """Nested linear interpolations."""

    def lerp(a: Array, b: Array, f: Array) -> Array:
        return r(a + r(f * r(b - a)))

    return lerp(lerp(p[0], p[1], fx), lerp(p[2], p[3], fx), fy)


def _read(case: SampleCase, x: Array, y: Array) -> tuple[list[Array], Array, Array]:
    padding, aligned = case.convention.padding, case.convention.align_corners
    height, width = case.image.shape[2:]
    batch = np.arange(case.image.shape[0])[:, None, None]
    pixels = []
    for dy in (0, 1):
        for dx in (0, 1):
            ix, in_x = extend_index(np.floor(x) + dx, width, padding, aligned)
            iy, in_y = extend_index(np.floor(y) + dy, height, padding, aligned)
            there = np.moveaxis(case.image[batch, :, iy, ix], -1, 1)
            pixels.append(np.where((in_x & in_y)[:, None], there, 0.0))
    return pixels, x - np.floor(x), y - np.floor(y)


def _case(draw: st.DataObject, dtype: str, padding: str, aligned: bool) -> SampleCase:
    frame = draw.draw(frames(dtype, Convention(padding, aligned)))
    kind = draw.draw(st.sampled_from(sorted(grids.ALL)))
    return sample_case(frame, kind, grids.ALL[kind], draw.draw(st.integers(0, 2**32)))


@pytest.mark.parametrize("values", [weighed, lerped])
@pytest.mark.parametrize("coordinates", [halved, scaled])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@given(draw=st.data(), padding=st.sampled_from(PADDINGS), aligned=st.booleans())
def test_narrow_forward(
    dtype: str,
    coordinates: Coordinates,
    values: Callable[..., Array],
    draw: st.DataObject,
    padding: str,
    aligned: bool,
) -> None:
    case = _case(draw, dtype, padding, aligned)
    r: Round = named(dtype).round
    x = coordinates(case.grid[..., 0], case.image.shape[3], aligned, r)
    y = coordinates(case.grid[..., 1], case.image.shape[2], aligned, r)
    pixels, fx, fy = _read(case, x, y)
    found = values(pixels, r(fx)[:, None], r(fy)[:, None], r)
    allowed = output(case.scene, Arithmetic(named(dtype), named(dtype)))
    assert np.max(allowed.budget_used(found), initial=0.0) <= 1


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@given(draw=st.data(), padding=st.sampled_from(PADDINGS), aligned=st.booleans())
def test_narrow_gradients(dtype: str, draw: st.DataObject, padding: str, aligned: bool) -> None:
    """Coordinates in the narrow format, the derivative exact from there: what is left is the bound of the coordinates."""
    case = _case(draw, dtype, padding, aligned)
    r: Round = named(dtype).round
    x = halved(case.grid[..., 0], case.image.shape[3], aligned, r)
    y = halved(case.grid[..., 1], case.image.shape[2], aligned, r)
    pixels, fx, fy = _read(case, x, y)
    fx, fy = fx[:, None], fy[:, None]
    scale = case.scene.x.scale
    slope = (1 - fy) * (pixels[1] - pixels[0]) + fy * (pixels[3] - pixels[2])
    found = r(scale * np.sum(case.cotangent * slope, axis=1))
    arithmetic = Arithmetic(named(dtype), named(dtype))
    allowed = grid_gradient(case.scene, case.cotangent, arithmetic)
    used = allowed.budget_used(np.stack([found, allowed.low[..., 1]], axis=-1))
    assert np.max(used, initial=0.0) <= 1


@given(draw=st.data(), padding=st.sampled_from(PADDINGS), aligned=st.booleans())
def test_finer_arithmetic_has_tighter_bounds(draw: st.DataObject, padding: str, aligned: bool) -> None:
    case = _case(draw, "float16", padding, aligned)
    storage = named("float64")
    margins = []
    for name in ("float64", "float32", "bfloat16"):
        arithmetic = Arithmetic(named(name), storage)
        margins.append(
            [
                output(case.scene, arithmetic).bound.max(initial=0.0),
                input_gradient(case.scene, case.cotangent, arithmetic).bound.max(initial=0.0),
            ]
        )
    assert all(np.all(np.diff(column) >= 0) for column in np.transpose(margins))


@given(draw=st.data(), padding=st.sampled_from(PADDINGS), aligned=st.booleans(), seed=st.integers(0, 2**16))
def test_margin_holds_anywhere_in_the_cell(
    draw: st.DataObject, padding: str, aligned: bool, seed: int
) -> None:
    case = _case(draw, "float32", padding, aligned)
    arithmetic = Arithmetic(named("float32"), named("float32"))
    scene = case.scene
    margin = vicinity(scene, arithmetic).value_margin()
    random = np.random.default_rng(seed)
    inside = [axis.cell + random.uniform(0.0, 1.0, axis.cell.shape) for axis in (scene.x, scene.y)]
    scales = [axis.scale or 1.0 for axis in (scene.x, scene.y)]
    sizes = (case.image.shape[3], case.image.shape[2])
    moved = [
        (pixel - (size - 1) / 2) / scale for pixel, size, scale in zip(inside, sizes, scales, strict=True)
    ]
    grid = np.stack(moved, axis=-1).reshape(case.grid.shape)
    there = sampled(case.image, grid, case.convention)
    assert np.all(scene.rows(output(there, arithmetic).bound) <= margin * (1 + 1e-12))


def _exact(format_: Format) -> Arithmetic:
    return Arithmetic(format_, format_)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_bounds_are_not_idle(padding: str, aligned: bool) -> None:
    """A relative error of 1e-5 is thousands of times what float64 explains, in every result."""
    frame = Frame(2, 3, (9, 13), (8, 7), Convention(padding, aligned), "float64")
    case = sample_case(frame, "inside", grids.inside, 3)
    arithmetic = _exact(named("float64"))
    for allowed in (
        output(case.scene, arithmetic),
        input_gradient(case.scene, case.cotangent, arithmetic),
        grid_gradient(case.scene, case.cotangent, arithmetic),
    ):
        assert np.max(allowed.budget_used(allowed.low * (1 + 1e-5))) > 1000
