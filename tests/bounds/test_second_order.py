"""Closed forms of second derivatives against differences of the oracle's first gradients, which are exact inside a cell."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_reference import affine_grid, sample_vjp, to_normalised, transform_vjp
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.directions import near_kinks
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.directions import CLEARANCE, Directed, directed
from stn_verify.cases.strategies import Frame, frames, sample_cases, transform_case, transform_cases
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import Array, named

FLOAT64 = Arithmetic(named("float64"), named("float64"))
CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())


def _pairing(directions: Directed, changed: Mapping[str, Array]) -> float:
    """S, by the oracle's first gradients."""
    case = directions.case
    arrays = {**case.arrays, "cotangent": case.cotangent, **changed}
    choices = {"padding": case.convention.padding, "align_corners": case.convention.align_corners}
    if isinstance(case, SampleCase):
        found = sample_vjp(arrays["image"], arrays["grid"], arrays["cotangent"], **choices)
    else:
        found = transform_vjp(arrays["image"], arrays["theta"], case.size, arrays["cotangent"], **choices)
    return float((found[0] * directions.image).sum() + (found[1] * directions.points).sum())


def _change(directions: Directed, name: str, along: Array, step: float) -> float:
    """dS along a direction of one input: S is at most quadratic along a line inside the cells."""
    case = directions.case
    here = {**case.arrays, "cotangent": case.cotangent}[name]
    ahead, behind = (_pairing(directions, {name: here + sign * step * along}) for sign in (1.0, -1.0))
    return (ahead - behind) / (2 * step)


def _agrees(directions: Directed, name: str, expected: Array, along: Array, step: float) -> None:
    found = _change(directions, name, along, step)
    size = np.abs(expected * along).sum() + abs(_pairing(directions, {})) / step
    assert found == pytest.approx((expected * along).sum(), abs=1e-10 * (1 + size))


def _clear(frame: Frame, random: np.random.Generator) -> Array:
    """Points at least a fifth of a pixel from every kink, inside and outside."""
    parts = []
    for size in (frame.image_size[1], frame.image_size[0]):
        pixels = random.integers(-3, size + 2, frame.grid_shape) + random.uniform(0.2, 0.8, frame.grid_shape)
        parts.append(to_normalised(pixels, size, frame.convention.align_corners))
    return np.stack(parts, axis=-1)


@given(data=st.data(), convention=CONVENTIONS, seed=st.integers(0, 2**16))
def test_sampler(data: st.DataObject, convention: Convention, seed: int) -> None:
    case = data.draw(sample_cases("float64", convention, {"clear": _clear}))
    directions = directed(case, FLOAT64)
    pairing, random = directions.pairing, np.random.default_rng(seed)
    along = {name: random.standard_normal(array.shape) for name, array in case.arrays.items()}
    _agrees(directions, "image", pairing.image(case.cotangent, FLOAT64).low, along["image"], 1.0)
    cotangent = random.standard_normal(case.cotangent.shape)
    _agrees(directions, "cotangent", pairing.tangent(FLOAT64).low, cotangent, 1.0)
    # A tenth of a pixel at most; the grid's entries are a hundred times smaller than the largest.
    scale = max(case.scene.x.scale, case.scene.y.scale, 1.0)
    moved = np.clip(along["grid"], -1, 1)
    _agrees(directions, "grid", pairing.grid(case.cotangent, FLOAT64).low, moved, 0.1 / scale)


@given(data=st.data(), convention=CONVENTIONS, seed=st.integers(0, 2**16))
def test_fused_transformer(data: st.DataObject, convention: Convention, seed: int) -> None:
    case = data.draw(transform_cases("float64", convention, thetas.GENERIC))
    directions = directed(case, FLOAT64, clearance=CLEARANCE)
    held = directions.case
    pairing, random = directions.pairing, np.random.default_rng(seed)
    assert isinstance(held, TransformCase)
    image, cotangent = random.standard_normal(held.image.shape), random.standard_normal(held.cotangent.shape)
    cotangent[held.cotangent == 0] = 0.0
    _agrees(directions, "image", pairing.image(held.cotangent, FLOAT64).low, image, 1.0)
    _agrees(directions, "cotangent", pairing.tangent(FLOAT64).low, cotangent, 1.0)
    scale = max(held.scene.x.scale, held.scene.y.scale, 1.0)
    moved = random.uniform(-1, 1, held.theta.shape) / 3
    expected = pairing.theta(held.base, held.cotangent, FLOAT64).low
    _agrees(directions, "theta", expected, moved, 0.9 * CLEARANCE / scale)


@given(data=st.data(), convention=CONVENTIONS)
def test_nothing_moves_beside_kinks(data: st.DataObject, convention: Convention) -> None:
    case = data.draw(sample_cases("float32", convention, grids.ALL))
    arithmetic = Arithmetic(named("float32"), named("float32"))
    directions = directed(case, arithmetic)
    near = near_kinks(case.scene, arithmetic)
    assert not directions.pairing.motion.moves[near].any()
    assert near.all() or directions.points.any()


@given(frame=frames("float64", Convention("zeros", False)), seed=st.integers(0, 2**16))
def test_fused_is_the_sampler_on_its_grid(frame: Frame, seed: int) -> None:
    """Along b of theta every point moves by b (X, Y, 1): the tangents are the same."""
    frame = replace(frame, output_size=(4, 3))
    fused = transform_case(frame, "general", thetas.general, seed)
    directions = directed(fused, FLOAT64)
    held = directions.case
    aligned = fused.convention.align_corners
    grid = affine_grid(fused.theta, fused.size, align_corners=aligned)
    moved = np.einsum("hwk,nak->nhwa", fused.base, directions.points)
    sampled = SampleCase(fused.image, grid, held.cotangent, "float64", fused.convention)
    apart = Directed(sampled, directions.image, moved).pairing
    ours, theirs = directions.pairing.tangent(FLOAT64), apart.tangent(FLOAT64)
    clear = ~near_kinks(fused.scene, FLOAT64).reshape(held.cotangent.shape[0], 1, 4, 3)
    assert np.all((np.abs(ours.low - theirs.low) <= ours.bound + theirs.bound) | ~clear)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_bounds_are_not_idle(padding: str, aligned: bool) -> None:
    """A relative error of 1e-5 is thousands of times what float64 explains, in every result."""
    frame = Frame(2, 3, (9, 13), (8, 7), Convention(padding, aligned), "float64")
    fused = directed(transform_case(frame, "near identity", thetas.near_identity, 3), FLOAT64)
    held = fused.case
    assert isinstance(held, TransformCase)
    for allowed in (
        fused.pairing.tangent(FLOAT64),
        fused.pairing.image(held.cotangent, FLOAT64),
        fused.pairing.theta(held.base, held.cotangent, FLOAT64),
    ):
        assert np.max(allowed.budget_used(allowed.low * (1 + 1e-5))) > 1000
