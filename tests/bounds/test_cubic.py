"""The cubic kernel's bounds: its extremes are extremes, and no right formula leaves them in any format."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_reference import extend_index, to_pixels
from stn_verify.bounds import cubic, keys
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.interpolated import grid_gradient
from stn_verify.cases import grids
from stn_verify.cases.case import SampleCase
from stn_verify.cases.strategies import Frame, frames, sample_case
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import Array, named

Round = Callable[[Array], Array]
Polynomial = Callable[[Array, tuple[float, ...], Round], Array]

PARAMETERS = st.one_of(st.sampled_from([-0.75, -0.5, -1.0, 0.0]), st.floats(-1.0, 0.0))


@given(a=PARAMETERS, seed=st.integers(0, 2**16))
def test_what_a_kernel_reaches(a: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    d, delta = random.uniform(-3, 3, (1, 400)), np.exp(random.uniform(-12, 0, 400))
    # Beside the places where the second derivative jumps, too.
    d[:, ::3] = np.rint(d[:, ::3]) + delta[::3] * random.uniform(-1.5, 1.5, delta[::3].shape)
    most = keys.reached(d, delta, a)
    for share in random.uniform(-1, 1, 20):
        there = d + share * delta
        for found, limit in (
            (keys.weights(there, a), most.weight),
            (keys.slopes(there, a), most.slope),
            (keys.curvatures(there, a), most.curvature),
        ):
            assert np.all(np.abs(found) <= limit * (1 + 1e-12) + 1e-12)
        moved = np.abs(keys.weights(there, a) - keys.weights(d, a))
        allowed = delta * np.abs(keys.slopes(d, a)) + delta**2 / 2 * most.curvature
        assert np.all(moved <= allowed * (1 + 1e-9) + 1e-12)


@given(a=PARAMETERS)
def test_sums_over_taps(a: float) -> None:
    f = np.linspace(0, 1, 2001)
    distances = np.stack([f + 1, f, f - 1, f - 2])
    most, still = keys.Extent(a), np.zeros(2001)
    assert np.allclose(keys.weights(distances, a).sum(axis=0), 1)
    assert np.allclose(keys.slopes(distances, a).sum(axis=0), 0)
    assert np.abs(keys.weights(distances, a)).sum(axis=0).max() <= most.weight_sum + 1e-12
    assert np.abs(keys.slopes(distances, a)).sum(axis=0).max() <= most.slope_sum + 1e-12
    assert keys.weight_roundings(distances, still, a).sum(axis=0).max() <= most.roundings + 1e-9


def horner(t: Array, coefficients: tuple[float, ...], r: Round) -> Array:
    """From the highest power down."""
    total = np.full_like(t, r(np.array(coefficients[-1])))
    for c in reversed(coefficients[:-1]):
        total = r(r(total * t) + r(np.array(c)))
    return total


def powers(t: Array, coefficients: tuple[float, ...], r: Round) -> Array:
    """Term by term, from the lowest up."""
    total, power = np.full_like(t, r(np.array(coefficients[0]))), np.ones_like(t)
    for c in coefficients[1:]:
        power = r(power * t)
        total = r(total + r(r(np.array(c)) * power))
    return total


def _taps(f: Array, a: float, evaluate: Polynomial, r: Round) -> list[tuple[Array, Array]]:
    """Weight and derivative of the four taps."""
    inner, outer = (1.0, 0.0, -(a + 3), a + 2), (-4 * a, 8 * a, -5 * a, a)
    inner_slope, outer_slope = (0.0, -2 * (a + 3), 3 * (a + 2)), (8 * a, -10 * a, 3 * a)
    distances = [(r(1 + f), 1.0), (f, 1.0), (r(1 - f), -1.0), (r(2 - f), -1.0)]
    found = []
    for number, (t, sign) in enumerate(distances):
        kernel, slope = (inner, inner_slope) if number in (1, 2) else (outer, outer_slope)
        found.append((evaluate(t, kernel, r), sign * evaluate(t, slope, r)))
    return found


def _case(draw: st.DataObject, dtype: str, padding: str, aligned: bool, a: float) -> SampleCase:
    frame = draw.draw(frames(dtype, Convention(padding, aligned, "bicubic", a)))
    kinds = grids.ALL | {"far outside": grids.far_outside}
    kind = draw.draw(st.sampled_from(sorted(kinds)))
    return sample_case(frame, kind, kinds[kind], draw.draw(st.integers(0, 2**32)))


def _axis(
    case: SampleCase, number: int, a: float, evaluate: Polynomial, r: Round
) -> list[tuple[Array, Array, Array, Array]]:
    """Pixels, whether they are there, weights and derivatives of each tap, [N, Ho, Wo] each."""
    size, aligned = case.image.shape[3 - number], case.convention.align_corners
    scale = (size - 1) / 2 if aligned else size / 2
    x = r(r(case.grid[..., number] * r(np.array(scale))) + r(np.array((size - 1) / 2)))
    whole = np.floor(x)
    weights = _taps(r(x - whole), a, evaluate, r)
    taps = []
    for step, (weight, slope) in zip((-1, 0, 1, 2), weights, strict=True):
        taps.append((*extend_index(whole + step, size, case.convention.padding, aligned), weight, slope))
    return taps


@pytest.mark.parametrize("evaluate", [horner, powers])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@given(draw=st.data(), padding=st.sampled_from(PADDINGS), aligned=st.booleans(), a=PARAMETERS)
def test_narrow_formulas(
    dtype: str, evaluate: Polynomial, draw: st.DataObject, padding: str, aligned: bool, a: float
) -> None:
    """Coordinates, weights, values and slopes in the narrow format, step by step."""
    a = float(named("bfloat16").round(np.array(a)))
    case = _case(draw, dtype, padding, aligned, a)
    r: Round = named(dtype).round
    across, down = _axis(case, 0, a, evaluate, r), _axis(case, 1, a, evaluate, r)
    batch = np.arange(case.image.shape[0])[:, None, None]
    value, slope = np.zeros(case.cotangent.shape), np.zeros(case.grid.shape[:-1])
    for iy, below, wy, _ in down:
        row = np.zeros(case.cotangent.shape)
        for ix, beside, wx, sx in across:
            pixel = np.where((below & beside)[:, None], np.moveaxis(case.image[batch, :, iy, ix], -1, 1), 0.0)
            row = r(row + r(pixel * wx[:, None]))
            pulled = np.zeros(slope.shape)
            for channel in range(pixel.shape[1]):
                pulled = r(pulled + r(pixel[:, channel] * case.cotangent[:, channel]))
            slope = r(slope + r(pulled * r(sx * wy)))
        value = r(value + r(row * wy[:, None]))
    arithmetic = Arithmetic(named(dtype), named(dtype))
    allowed = cubic.output(case.scene, arithmetic)
    assert np.max(allowed.budget_used(value), initial=0.0) <= 1
    gradient = grid_gradient(case.scene, case.cotangent, arithmetic)
    found = np.stack([r(slope * r(np.array(case.scene.x.scale))), gradient.low[..., 1]], axis=-1)
    assert np.max(gradient.budget_used(found), initial=0.0) <= 1


@given(draw=st.data(), padding=st.sampled_from(PADDINGS), aligned=st.booleans())
def test_values_of_an_image_that_is_really_extended(draw: st.DataObject, padding: str, aligned: bool) -> None:
    """Written out: the image padded by NumPy, and the kernel over all of its pixels."""
    frame = draw.draw(frames("float64", Convention(padding, aligned, "bicubic")))
    case = sample_case(frame, "around", grids.around, draw.draw(st.integers(0, 2**16)))
    beyond, mode = (
        60,
        {"zeros": "constant", "border": "edge"}.get(padding, "reflect" if aligned else "symmetric"),
    )
    padded = np.pad(case.image, [(0, 0), (0, 0), (beyond, beyond), (beyond, beyond)], mode=mode)  # type: ignore[call-overload]  # one of NumPy's names
    weights = []
    for number, size in ((1, case.image.shape[2]), (0, case.image.shape[3])):
        x = to_pixels(case.grid[..., number], size, aligned)
        weights.append(keys.weights(x[..., None] - np.arange(-beyond, size + beyond), -0.75))
    expected = np.einsum("ncij,nhwi,nhwj->nchw", padded, *weights, optimize=True)
    allowed = cubic.output(case.scene, Arithmetic(named("float64"), named("float64")))
    assert np.max(allowed.budget_used(expected), initial=0.0) <= 1


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("aligned", [False, True])
def test_bounds_are_not_idle(padding: str, aligned: bool) -> None:
    """A relative error of 1e-5 is thousands of times what float64 explains, in every result."""
    frame = Frame(2, 3, (9, 13), (8, 7), Convention(padding, aligned, "bicubic"), "float64")
    case = sample_case(frame, "inside", grids.inside, 3)
    arithmetic = Arithmetic(named("float64"), named("float64"))
    for allowed in (
        cubic.output(case.scene, arithmetic),
        cubic.input_gradient(case.scene, case.cotangent, arithmetic),
        grid_gradient(case.scene, case.cotangent, arithmetic),
    ):
        assert np.max(allowed.budget_used(allowed.low * (1 + 1e-5))) > 1000


@pytest.mark.parametrize("kind", ["single integers", "integers", "exact borders"])
def test_nothing_jumps_at_integers(kind: str) -> None:
    """Unlike a bilinear sampler's, the gradient of the points is one number there."""
    frame = Frame(2, 2, (5, 6), (7, 8), Convention("reflection", True, "bicubic"), "float64")
    case = sample_case(frame, kind, grids.ALL[kind], 1)
    gradient = grid_gradient(case.scene, case.cotangent, Arithmetic(named("float64"), named("float64")))
    assert np.array_equal(gradient.low, gradient.high)
    assert gradient.bound.max() < 1e-10
