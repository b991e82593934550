"""Nearest, bicubic and volumes, values and gradients, against exact rational arithmetic."""

from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from exact_kernels import Box, ExactKernel, ExactSampler, Hat, Keys
from hypothesis import given, settings, target
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_reference import PADDINGS, SUBGRADIENTS, TIES, sample_pixels, sample_pixels_vjp


@dataclass(frozen=True)
class Kind:
    """A kernel in images or volumes; roundings are counted an axis."""

    interpolation: str
    axes: int
    weight: int
    """Of a weight, or of a bicubic slope. The hat: one difference. Keys': (1 - t) once or twice, a product for each factor, a + 2
    and a + 3, two sums, at most 8."""
    sums: int
    """Of the taps."""
    slope: int
    """Of the sum of slopes times pixels: of the hat one difference (which `mean` halves), of Keys' slopes, products and sums."""


KINDS = [
    Kind("nearest", 2, 0, 0, 0),
    Kind("nearest", 3, 0, 0, 0),
    Kind("bilinear", 3, 1, 1, 1),
    Kind("bicubic", 2, 8, 3, 12),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.interpolation}-{kind.axes}")


@dataclass(frozen=True)
class Scene:
    """image [N, C, ...], points x, y[, z] [N, ...] in pixels, cotangent [N, C, ...], and a convention."""

    image: np.ndarray
    points: list[np.ndarray]
    cotangent: np.ndarray
    kernel: ExactKernel
    keywords: dict[str, object]

    def plane(self, fold, n, c):
        convention = {"padding": self.keywords["padding"], "align_corners": self.keywords["align_corners"]}
        return ExactSampler(self.image[n, c], self.kernel, partial(fold, **convention))

    def point(self, n, at):
        return [Fraction(float(x[(n, *at)])) for x in self.points]

    def sample(self):
        x, y, *z = self.points
        return sample_pixels(self.image, x, y, z=z[0] if z else None, **self.keywords)

    def vjp(self, rule="right"):
        x, y, *z = self.points
        z = z[0] if z else None
        return sample_pixels_vjp(self.image, x, y, self.cotangent, z=z, subgradient=rule, **self.keywords)


def coordinates(size):
    """In, at and beside integers and half-integers, inside and far outside."""
    quarters = st.integers(-12 * size, 16 * size).map(lambda q: q / 4)
    return st.one_of(
        st.floats(-3 * size, 4 * size),
        quarters,
        quarters.map(lambda x: float(np.nextafter(x, x + 1))),
        quarters.map(lambda x: float(np.nextafter(x, x - 1))),
        st.floats(-1e-15, 1e-15, allow_subnormal=False),
        st.sampled_from([1e20, -1e20, 2.0**53, -(2.0**53), 2.0**52 - 0.5, 1e300, -1e300]),
    )


@st.composite
def scenes(draw, kind):
    n, c = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    size = draw(st.tuples(*[st.integers(1, 4)] * kind.axes))
    output = (*[1] * (kind.axes - 1), draw(st.integers(1, 3)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    a = draw(st.one_of(st.sampled_from([-0.75, -0.5, -1.0, 0.0]), st.floats(-2, 2, allow_subnormal=False)))
    ties = draw(st.sampled_from(TIES))
    return Scene(
        random.uniform(-1e3, 1e3, (n, c, *size)),
        [
            draw(hnp.arrays(np.float64, (n, *output), elements=coordinates(s), fill=st.nothing()))
            for s in reversed(size)
        ],
        random.uniform(-1e3, 1e3, (n, c, *output)),
        {"bilinear": Hat(), "nearest": Box(ties), "bicubic": Keys(Fraction(a))}[kind.interpolation],
        {
            "padding": draw(st.sampled_from(PADDINGS)),
            "align_corners": draw(st.booleans()),
            "interpolation": kind.interpolation,
            "ties": ties,
            "cubic": a,
        },
    )


@each_kind
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_values_are_the_weighted_pixels(fold, budget, kind, data):
    scene = data.draw(scenes(kind))
    values = scene.sample()
    roundings = kind.axes * (kind.weight + bool(kind.weight) + kind.sums)
    worst = 0.0
    for n, c, *at in np.ndindex(values.shape):
        plane, point = scene.plane(fold, n, c), scene.point(n, at)
        used = budget(values[(n, c, *at)], plane.value(point), plane.magnitude(point), roundings)
        worst = max(worst, used)
    target(worst)
    assert worst <= 1


@each_kind
@settings(deadline=None, max_examples=60)
@given(data=st.data(), rule=st.sampled_from(SUBGRADIENTS))
def test_coordinate_gradients_are_exact_differences_inside_the_cell(fold, budget, kind, data, rule):
    scene = data.draw(scenes(kind))
    _, *gradients = scene.vjp(rule)
    channels = scene.image.shape[1]
    others = (kind.axes - 1) * (kind.weight + 1 + kind.sums)
    # The cotangent's product, and the channels' sum.
    roundings = kind.slope + channels + others
    worst = 0.0
    for along, gradient in enumerate(gradients):
        for n, *at in np.ndindex(gradient.shape):
            exact = magnitude = Fraction(0)
            for c in range(channels):
                v, plane = Fraction(scene.cotangent[(n, c, *at)]), scene.plane(fold, n, c)
                exact += v * plane.slope(scene.point(n, at), along, rule)
                magnitude += abs(v) * plane.steepness(scene.point(n, at), along)
            worst = max(worst, budget(gradient[(n, *at)], exact, magnitude, roundings))
    target(worst)
    assert worst <= 1


@each_kind
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_the_image_gradient_is_the_response_to_each_pixel(fold, budget, kind, data):
    scene = data.draw(scenes(kind))
    gradient, *_ = scene.vjp()
    points = list(np.ndindex(scene.points[0].shape[1:]))
    taps = (1 + kind.sums) ** kind.axes
    # Weights, their products, the cotangent's; then every tap of every point can meet in one pixel.
    roundings = kind.axes * kind.weight + kind.axes + taps * len(points)
    worst = 0.0
    for n, c, *pixel in np.ndindex(gradient.shape):
        exact = magnitude = Fraction(0)
        for at in points:
            v = Fraction(scene.cotangent[(n, c, *at)])
            response, size = scene.plane(fold, n, c).response(scene.point(n, at), tuple(pixel))
            exact += v * response
            magnitude += abs(v) * size
        worst = max(worst, budget(gradient[(n, c, *pixel)], exact, magnitude, roundings))
    target(worst)
    assert worst <= 1


@settings(deadline=None)
@given(st.data())
def test_nearest_returns_pixels_bit_for_bit(fold, data):
    scene = data.draw(scenes(KINDS[0]))
    values = scene.sample()
    for n, c, *at in np.ndindex(values.shape):
        assert values[(n, c, *at)] == scene.plane(fold, n, c).value(scene.point(n, at))


@settings(deadline=None)
@given(st.data(), st.integers(-9, 12), st.sampled_from([0, 1]))
def test_bicubic_has_one_slope_at_an_integer(fold, data, integer, along):
    """No kink over the extended image, in any padding: the cells left and right of an integer agree, exactly."""
    scene = data.draw(scenes(KINDS[3]))
    plane, point = scene.plane(fold, 0, 0), scene.point(0, (0, 0))
    point[along] = Fraction(integer)
    mirrored = ExactSampler(plane.pixels, plane.kernel, lambda k, size: plane.fold(-k, size))
    point_mirrored = [-x for x in point]
    assert plane.slope(point, along) == -mirrored.slope(point_mirrored, along)


@settings(deadline=None)
@given(st.data(), st.sampled_from(SUBGRADIENTS))
def test_the_rule_at_kinks_concerns_bilinear_alone(data, rule):
    for kind in (KINDS[0], KINDS[3]):
        scene = data.draw(scenes(kind))
        for ours, right in zip(scene.vjp(rule), scene.vjp("right"), strict=True):
            np.testing.assert_array_equal(ours, right)
