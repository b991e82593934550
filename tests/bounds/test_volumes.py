"""The oracle in three axes: exact rational arithmetic lies within its bounds, and so do narrow formulas step by step."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stn_reference
from stn_reference import extend_index
from stn_verify.bounds.affine import affine_grid, affine_pixels
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.grid_gradient import grid_gradient
from stn_verify.bounds.input_gradient import input_gradient
from stn_verify.bounds.output import output
from stn_verify.bounds.scene import Scene, sampled
from stn_verify.bounds.theta_gradient import theta_gradient
from stn_verify.bounds.vicinity import vicinity
from stn_verify.cases import grids, thetas, volumes
from stn_verify.cases.case import SampleCase
from stn_verify.cases.strategies import Frame, GridMaker, frames, sample_case, transform_case
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import Array, named
from stn_verify.judging.arithmetics import LADDER

CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())
TINY = st.tuples(*[st.integers(1, 3)] * 3)
DOUBLE = Arithmetic(named("float64"), named("float64"))


class Exact:
    """A trilinear sampler in rational numbers, with the derivatives of the cell right of each point."""

    def __init__(self, case: SampleCase):
        self.case = case
        self.output = np.zeros(case.cotangent.shape, dtype=object)
        self.grad_input = np.full(case.image.shape, Fraction(0), dtype=object)
        self.grad_grid = np.full(case.grid.shape, Fraction(0), dtype=object)
        for point in np.ndindex(case.grid.shape[:-1]):
            self._read(point)

    def _read(self, point: tuple[int, ...]) -> None:
        case, aligned = self.case, self.case.convention.align_corners
        count, scales, places = point[0], [], []
        for number in range(3):
            size = case.image.shape[-1 - number]
            scales.append(Fraction(size - 1 if aligned else size, 2))
            place = Fraction(float(case.grid[point][number])) * scales[-1] + Fraction(size - 1, 2)
            places.append((floor(place), place - floor(place), size))
        for channel in range(case.image.shape[1]):
            received = Fraction(float(case.cotangent[(count, channel, *point[1:])]))
            total = Fraction(0)
            for sides in product((0, 1), repeat=3):
                pixel = self._pixel(sides, places)
                if pixel is None:
                    continue
                weights = [f if side else 1 - f for side, (_, f, _) in zip(sides, places, strict=True)]
                value = Fraction(float(case.image[(count, channel, *pixel)]))
                weight = weights[0] * weights[1] * weights[2]
                total += weight * value
                self.grad_input[(count, channel, *pixel)] += received * weight
                for axis in range(3):
                    others = weights[(axis + 1) % 3] * weights[(axis + 2) % 3]
                    slope = received * value * others * (1 if sides[axis] else -1)
                    self.grad_grid[point][axis] += scales[axis] * slope
            self.output[(count, channel, *point[1:])] = total

    def _pixel(self, sides: tuple[int, ...], places: list[tuple[int, Fraction, int]]) -> list[int] | None:
        found = []
        for side, (cell, _, size) in zip(sides, places, strict=True):
            convention = self.case.convention
            index, inside = extend_index(
                float(cell + side), size, convention.padding, convention.align_corners
            )
            if not inside:
                return None
            found.append(int(index))
        return found[::-1]


@settings(max_examples=25)
@given(data=st.data(), convention=CONVENTIONS)
def test_rational_numbers_lie_within_the_bounds(data: st.DataObject, convention: Convention) -> None:
    frame = data.draw(frames("float64", convention, images=TINY, outputs=TINY, batches=st.integers(1, 2)))
    kind = data.draw(st.sampled_from(sorted(volumes.ALL_GRIDS)))
    case = sample_case(frame, kind, volumes.ALL_GRIDS[kind], data.draw(st.integers(0, 2**16)))
    exact = Exact(case)
    for allowed, values in (
        (output(case.scene, DOUBLE), exact.output),
        (input_gradient(case.scene, case.cotangent, DOUBLE), exact.grad_input),
        (grid_gradient(case.scene, case.cotangent, DOUBLE), exact.grad_grid),
    ):
        assert np.max(allowed.budget_used(values.astype(np.float64)), initial=0.0) <= 1


def _coordinates(case: SampleCase, number: int, dtype: str) -> Array:
    """((g + 1) / 2) (W - 1), or ((g + 1) W - 1) / 2, rounded at every step."""
    round_, size = named(dtype).round, case.image.shape[-1 - number]
    one = round_(case.grid[..., number] + 1)
    if case.convention.align_corners:
        return round_(round_(one / 2) * (size - 1))
    return round_(round_(round_(one * size) - 1) / 2)


def _narrow(case: SampleCase, dtype: str) -> tuple[Array, Array, Array]:
    """The weighted sum, nested lerps, and dL/dgrid with exact sums, from coordinates in the narrow format."""
    round_, convention = named(dtype).round, case.convention
    places = [_coordinates(case, number, dtype) for number in range(3)]
    fractions = [round_(place - np.floor(place))[:, None] for place in places]
    batch = np.arange(len(case.image)).reshape(-1, 1, 1, 1)
    values, weighed = {}, np.zeros(case.cotangent.shape)
    gradient = np.zeros(case.grid.shape)
    for sides in product((0, 1), repeat=3):
        index, there = [], np.ones(places[0].shape, dtype=bool)
        for number, side in enumerate(sides):
            size = case.image.shape[-1 - number]
            pixel, inside = extend_index(
                np.floor(places[number]) + side, size, convention.padding, convention.align_corners
            )
            index.append(pixel)
            there &= inside
        x, y, z = index
        read = np.moveaxis(case.image[batch, :, z, y, x], -1, 1)
        values[sides] = np.where(there[:, None], read, 0.0)
        weights = [f if side else round_(1 - f) for side, f in zip(sides, fractions, strict=True)]
        weight = round_(round_(weights[0] * weights[1]) * weights[2])
        weighed = round_(weighed + round_(weight * values[sides]))
        for axis in range(3):
            others = weights[(axis + 1) % 3] * weights[(axis + 2) % 3]
            slope = (case.cotangent * values[sides] * others * (1 if sides[axis] else -1)).sum(axis=1)
            gradient[..., axis] += case.scene.axes[axis].scale * slope
    for axis in range(3):
        lower = {sides[1:]: value for sides, value in values.items() if not sides[0]}
        values = {
            rest: round_(low + round_(fractions[axis] * round_(values[(1, *rest)] - low)))
            for rest, low in lower.items()
        }
    return weighed, values[()], round_(gradient)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@given(data=st.data(), convention=CONVENTIONS)
def test_narrow_formulas(dtype: str, data: st.DataObject, convention: Convention) -> None:
    case = _case(data, dtype, convention)
    arithmetic = Arithmetic(named(dtype), named(dtype))
    weighed, lerped, gradient = _narrow(case, dtype)
    allowed = output(case.scene, arithmetic)
    assert np.max(allowed.budget_used(weighed), initial=0.0) <= 1
    assert np.max(allowed.budget_used(lerped), initial=0.0) <= 1
    slopes = grid_gradient(case.scene, case.cotangent, arithmetic)
    assert np.max(slopes.budget_used(gradient), initial=0.0) <= 1


def _case(
    data: st.DataObject,
    dtype: str,
    convention: Convention,
    kinds: Mapping[str, GridMaker] = volumes.ALL_GRIDS,
) -> SampleCase:
    frame = data.draw(frames(dtype, convention, images=volumes.ANY, outputs=volumes.ANY))
    kind = data.draw(st.sampled_from(sorted(kinds)))
    return sample_case(frame, kind, kinds[kind], data.draw(st.integers(0, 2**16)))


@given(data=st.data(), convention=CONVENTIONS, seed=st.integers(0, 2**16))
def test_margin_holds_anywhere_in_the_cell(data: st.DataObject, convention: Convention, seed: int) -> None:
    case = _case(data, "float32", convention, grids.GENERIC)
    arithmetic = Arithmetic(named("float32"), named("float32"))
    random = np.random.default_rng(seed)
    parts = []
    for axis in case.scene.axes:
        pixels = axis.cell + random.uniform(0.0, 1.0, axis.cell.shape)
        parts.append((pixels - (axis.size - 1) / 2) / (axis.scale or 1.0))
    there = sampled(case.image, np.stack(parts, axis=-1).reshape(case.grid.shape), convention)
    margin = vicinity(case.scene, arithmetic).value_margin()
    assert np.all(case.scene.rows(output(there, arithmetic).bound) <= margin * (1 + 1e-12))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_bounds_are_not_idle(padding: str, aligned: bool) -> None:
    """A relative error of 1e-5 is thousands of times what float64 explains, in every result."""
    frame = Frame(2, 3, (4, 6, 5), (3, 4, 5), Convention(padding, aligned), "float64")
    case = sample_case(frame, "inside", grids.inside, 3)
    fused = transform_case(frame, "general", thetas.general, 3)
    for allowed in (
        output(case.scene, DOUBLE),
        input_gradient(case.scene, case.cotangent, DOUBLE),
        grid_gradient(case.scene, case.cotangent, DOUBLE),
        theta_gradient(fused.scene, fused.base, fused.cotangent, DOUBLE),
    ):
        assert np.max(allowed.budget_used(allowed.low * (1 + 1e-5))) > 1000


@pytest.mark.parametrize("padding", PADDINGS)
def test_a_volume_of_equal_slices_is_an_image(padding: str) -> None:
    """At z in the middle of a volume that does not change along z every bound of an image is kept."""
    frame = Frame(2, 2, (5, 6), (3, 4), Convention(padding, False), "float64")
    case = sample_case(frame, "around", grids.around, 1)
    image = np.repeat(case.image[:, :, None], 4, axis=2)
    grid = np.concatenate([case.grid, np.full((*case.grid.shape[:-1], 1), 0.125)], axis=-1)[:, None]
    scene: Scene = sampled(image, grid, case.convention)
    for rung in LADDER[:2]:
        arithmetic = Arithmetic(rung, named("float64"))
        flat, deep = output(case.scene, arithmetic), output(scene, arithmetic)
        np.testing.assert_allclose(deep.low[:, :, 0], flat.low, rtol=1e-13, atol=1e-13)
        slopes = grid_gradient(case.scene, case.cotangent, arithmetic)
        deeper = grid_gradient(scene, case.cotangent[:, :, None], arithmetic)
        np.testing.assert_allclose(deeper.low[:, 0, ..., :2], slopes.low, rtol=1e-12, atol=1e-12)
        assert np.all(np.abs(deeper.low[..., 2]) <= deeper.bound[..., 2])


@given(data=st.data(), aligned=st.booleans())
def test_affine_generator_of_images_is_the_reference(data: st.DataObject, aligned: bool) -> None:
    frame = data.draw(frames("float64", Convention("zeros", aligned)))
    theta = thetas.general(frame, np.random.default_rng(data.draw(st.integers(0, 2**16))))
    size = frame.output_size
    found = affine_grid(theta, size, align_corners=aligned)
    assert np.array_equal(found, stn_reference.affine_grid(theta, size, align_corners=aligned))
    ours = affine_pixels(theta, size, frame.image_size, align_corners=aligned)
    theirs = stn_reference.affine_pixels(theta, size, frame.image_size, align_corners=aligned)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@given(size=volumes.ANY, aligned=st.booleans())
def test_identity_of_volumes_is_exact(size: tuple[int, ...], aligned: bool) -> None:
    theta = thetas.identity_of(3)[None]
    pixels = affine_pixels(theta, size, size, align_corners=aligned)
    expected = np.meshgrid(*map(np.arange, size), indexing="ij")[::-1]
    assert all(np.array_equal(a[0], b) for a, b in zip(pixels, expected, strict=True))
